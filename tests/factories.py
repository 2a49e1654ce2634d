"""Makes what tests need, with defaults: each function takes what matters to the test and commits."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from edutrack.accounts.models import Assistant, Student, Teacher, User
from edutrack.accounts.passwords import hash_password
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.sealing import seal
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, Topic, Video
from edutrack.structure.models import Area, Grade, SchoolType, Subject

PASSWORD = "a-decent-password"
_numbers = itertools.count(1)


def _saved(instance: Any) -> Any:
    db.session.add(instance)
    db.session.commit()
    return instance


def any_grade(name: str = "الصف الثالث الإعدادي") -> Grade:
    """Return a grade of the fresh installation; the default one has no divisions."""
    return db.session.scalars(select(Grade).where(Grade.name == name)).one()


def create_user(role: str = "siteowner", *, is_active: bool = True, **values: Any) -> User:
    number = next(_numbers)
    return _saved(
        User(
            **{
                "username": f"user{number}",
                "gmail": f"user{number}@example.org",
                "password_hash": hash_password(PASSWORD),
                "role": role,
                "is_active": is_active,
            }
            | values
        )
    )


def create_site_owner(**values: Any) -> User:
    return create_user("siteowner", **values)


def create_subject(*, grades: list[Grade] | None = None, **values: Any) -> Subject:
    return _saved(Subject(**{"name": f"مادة {next(_numbers)}", "grades": grades or [any_grade()]} | values))


def create_teacher(*, is_active: bool = True, **values: Any) -> Teacher:
    subject = values.pop("subject", None) or create_subject()
    user = create_user("teacher", is_active=is_active)
    return _saved(
        Teacher(
            **{
                "user": user,
                "name": f"أستاذ {user.id}",
                "phone": "01012345678",
                "gender": "male",
                "subject": subject,
                "grades": list(subject.grades),
            }
            | values
        )
    )


def create_assistant(teacher: Teacher | None = None, *, is_active: bool = True, **values: Any) -> Assistant:
    user = create_user("assistant", is_active=is_active)
    return _saved(
        Assistant(
            **{
                "user": user,
                "teacher": teacher or create_teacher(),
                "name": f"مساعد {user.id}",
                "phone": "01112345678",
                "gender": "female",
            }
            | values
        )
    )


def create_student(*, status: str = "verified", is_active: bool | None = None, **values: Any) -> Student:
    number = next(_numbers)
    user = create_user("student", is_active=status == "verified" if is_active is None else is_active)
    area = db.session.scalars(select(Area).order_by(Area.id).limit(1)).one()
    school_type = db.session.scalars(select(SchoolType).order_by(SchoolType.id).limit(1)).one()
    return _saved(
        Student(
            **{
                "user": user,
                "student_code": f"{10_000_000 + number}",
                "name_ar": f"طالب {number}",
                "name_en": f"Student {number}",
                "phone_number": "01212345678",
                "father_number": "01512345678",
                "father_job": "مهندس",
                "educational_state": "school",
                "school_type": school_type,
                "grade": any_grade(),
                "school_name": "مدرسة النيل",
                "national_id_sealed": seal(f"3110101{number:07d}", "national-id"),
                "birth_date": clock.today() - timedelta(days=15 * 365),
                "gender": "male",
                "governorate_id": area.governorate_id,
                "area": area,
                "status": status,
            }
            | values
        )
    )


def create_course(teacher: Teacher | None = None, **values: Any) -> Course:
    teacher = teacher or create_teacher()
    return _saved(
        Course(
            **{
                "teacher": teacher,
                "grade": teacher.grades[0],
                "subject": teacher.subject,
                "name": f"كورس {next(_numbers)}",
            }
            | values
        )
    )


def create_topic(course: Course | None = None, **values: Any) -> Topic:
    course = course or create_course()
    return _saved(Topic(**{"course": course, "name": f"باب {next(_numbers)}", "order": 1} | values))


def create_lecture(course: Course | None = None, *, topic: Topic | None = None, **values: Any) -> Lecture:
    topic = topic or create_topic(course)
    return _saved(
        Lecture(
            **{
                "topic": topic,
                "course_id": topic.course_id,
                "name": f"محاضرة {next(_numbers)}",
                "price": Decimal("100.00"),
                "discount": Decimal("0.00"),
                "available_days": 7,
                "order": 1,
            }
            | values
        )
    )


def create_video(lecture: Lecture | None = None, **values: Any) -> Video:
    return _saved(
        Video(
            **{
                "lecture": lecture or create_lecture(),
                "name": f"فيديو {next(_numbers)}",
                "platform": "youtube",
                "source": "dQw4w9WgXcQ",
                "duration_seconds": 600,
                "order": 1,
            }
            | values
        )
    )


def create_enrollment(student: Student, course: Course, status: str = "approved", **values: Any) -> Enrollment:
    answered = {} if status == "pending" else {"responded_at": clock.now(), "approved_by": course.teacher.user}
    return _saved(Enrollment(**{"student": student, "course": course, "status": status} | answered | values))


def create_purchase(student: Student, lecture: Lecture, **values: Any) -> Purchase:
    """A purchase as an access right alone, with nothing in the ledger: free unless `amount_paid` says otherwise."""
    bought = values.pop("purchased_at", clock.now())
    expires = values.pop("expires_at", bought + timedelta(days=lecture.available_days))
    return _saved(
        Purchase(
            **{
                "student": student,
                "lecture": lecture,
                "course_id": lecture.course_id,
                "amount_paid": Decimal("0.00"),
                "purchased_at": bought,
                "expires_at": expires,
                "effective_expiry": expires,
            }
            | values
        )
    )
