"""Makes what tests need, with defaults: each function takes what matters to the test and commits."""

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from edutrack.accounts.models import Assistant, Student, Teacher, User
from edutrack.accounts.passwords import hash_password
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.sealing import seal
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, StudyMaterial, Topic, Video
from edutrack.notifications.models import Notification
from edutrack.quizzes.models import (
    Homework,
    HomeworkQuestion,
    HomeworkSubmission,
    Question,
    QuestionChoice,
    QuestionVersion,
    Quiz,
    QuizAnswer,
    QuizQuestion,
    QuizSubmission,
)
from edutrack.structure.models import Area, Division, Grade, SchoolType, Subject, VideoSecurity
from edutrack.wallet.codes import new_codes, printed_code
from edutrack.wallet.models import RechargeBatch, RechargeCode
from edutrack.wallet.service.ledger import Source, credit

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
                "national_id_sealed": seal(national_id_number(), "national-id"),
                "birth_date": date(2010, 5, 17),
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


def create_code(course: Course | None = None, **values: Any) -> tuple[str, RechargeCode]:
    """A recharge code of 100.00 in a batch of one; returns it as printed, and its row."""
    course = course or create_course()
    (text,) = new_codes(1)
    shared = {"value": values.pop("value", Decimal("100.00")), "expires_at": values.pop("expires_at", None)}
    batch = _saved(RechargeBatch(course=course, quantity=1, created_by=create_site_owner(), **shared))
    code = _saved(
        RechargeCode(
            batch=batch,
            number=1,
            course_id=course.id,
            sealed=seal(text, "recharge-code"),
            created_at=batch.created_at,
            **shared,
            **values,
        )
    )
    return printed_code(text), code


def create_batch(quantity: int = 3, **values: Any) -> RechargeBatch:
    """A batch of unused codes of 50.00."""
    values = {"course": values.pop("course", None) or create_course(), "value": Decimal("50.00")} | values
    batch = _saved(RechargeBatch(quantity=quantity, created_by=create_site_owner(), **values))
    shared = {name: getattr(batch, name) for name in ("course_id", "value", "expires_at", "created_at")}
    db.session.add_all(
        RechargeCode(batch=batch, number=number, sealed=seal(code, "recharge-code"), **shared)
        for number, code in enumerate(new_codes(quantity), start=1)
    )
    db.session.commit()
    return batch


def give_balance(student: Student, course: Course, amount: str) -> None:
    """Let a student hold `amount` more in a course, by a redeemed code with its entry, as the ledger demands."""
    now = clock.now()
    _, code = create_code(course, value=Decimal(amount), used_by=student, used_at=now)
    credit(student.id, course.id, Decimal(amount), Source(code_id=code.id), now)
    db.session.commit()


def any_division(name: str = "أدبي") -> Division:
    """Return a division of the fresh installation; the default one is open to the first school type."""
    return db.session.scalars(select(Division).where(Division.name == name)).one()


def national_id_number(birth_date: date = date(2010, 5, 17), gender: str = "male") -> str:
    """Return a valid national id that no other call has returned."""
    number = next(_numbers)
    century = "2" if birth_date.year < 2000 else "3"
    serial = f"{number // 10 % 1000:03d}{1 if gender == 'male' else 2}{number % 10}"
    return f"{century}{birth_date:%y%m%d}01{serial}"


def registration_form(**values: Any) -> dict[str, Any]:
    """Return a registration form, as JSON, that breaks no rule and that no other call has returned."""
    number = next(_numbers)
    area = db.session.scalars(select(Area).order_by(Area.id).limit(1)).one()
    school_type = db.session.scalars(select(SchoolType).order_by(SchoolType.id).limit(1)).one()
    return {
        "username": f"student{number}",
        "password": PASSWORD,
        "name_ar": "أحمد محمد علي",
        "name_en": "Ahmed Mohamed Ali",
        "phone_number": "01012345678",
        "father_number": "01112345678",
        "mother_number": "01212345678",
        "father_job": "مهندس",
        "educational_state": "school",
        "school_type": school_type.id,
        "grade": any_grade().id,
        "division": None,
        "school_name": "مدرسة النيل",
        "national_id": national_id_number(),
        "birth_date": "2010-05-17",
        "gender": "male",
        "gmail": f"student{number}@example.org",
        "facebook_link": None,
        "governorate": area.governorate_id,
        "area": area.id,
    } | values


def create_video_security(**values: Any) -> VideoSecurity:
    return _saved(VideoSecurity(**{"name": f"حماية {next(_numbers)}", "price_per_student": Decimal("5.00")} | values))


def create_material(lecture: Lecture | None = None, **values: Any) -> StudyMaterial:
    """A study material whose file is only named; nothing is stored under that name."""
    return _saved(
        StudyMaterial(
            **{
                "lecture": lecture or create_lecture(),
                "title": f"ملزمة {next(_numbers)}",
                "file": "materials/nothing.pdf",
                "file_name": "nothing.pdf",
            }
            | values
        )
    )


def create_notification(person: Any, kind: str = "balance_added", **values: Any) -> Notification:
    """A notification of a user, or of a profile's user."""
    params = {"course_id": 7, "transaction_id": 8, "amount": "50.00", "course_name": "فيزياء"}
    return _saved(
        Notification(
            **{
                "user_id": getattr(person, "user_id", person.id),
                "type": kind,
                "params": params,
                "created_at": clock.now(),
            }
            | values
        )
    )


def create_question(
    teacher: Teacher | None = None, kind: str = "mcq_single", *, right: tuple[int, ...] = (1,), **values: Any
) -> Question:
    """A question of a teacher's bank; one with choices has four, of which those numbered in `right` are correct."""
    teacher = teacher or create_teacher()
    number = next(_numbers)
    shared = {"subject": teacher.subject, "grade": teacher.grades[0]}
    question = Question(teacher=teacher, **{key: values.pop(key, shared[key]) for key in shared})
    question.tags = values.pop("tags", [])
    choices = [
        QuestionChoice(text=f"اختيار {place}", is_correct=place in right, order=place)
        for place in (range(1, 5) if kind != "written" else ())
    ]
    version = QuestionVersion(
        question=question, **{"number": 1, "type": kind, "text": f"سؤال {number}؟", "choices": choices} | values
    )
    db.session.add_all([question, version])
    db.session.commit()
    return question


def create_homework(lecture: Lecture | None = None, *, questions: list[Question] | int = 2, **values: Any) -> Homework:
    """A homework of a lecture, over the given questions or so many new ones of its teacher, each worth its points."""
    lecture = lecture or create_lecture()
    homework = _saved(Homework(**{"lecture": lecture, "title": f"واجب {next(_numbers)}"} | values))
    for order, question in enumerate(_questions_of(lecture, questions), 1):
        db.session.add(
            HomeworkQuestion(homework=homework, question=question, points=question.version.points, order=order)
        )
    db.session.commit()
    return homework


def create_quiz(lecture: Lecture | None = None, *, questions: list[Question] | int = 2, **values: Any) -> Quiz:
    """A quiz of a lecture, over the given questions or so many new ones of its teacher, each worth its points."""
    lecture = lecture or create_lecture()
    quiz = _saved(Quiz(**{"lecture": lecture, "title": f"اختبار {next(_numbers)}", "timer_minutes": 30} | values))
    for order, question in enumerate(_questions_of(lecture, questions), 1):
        db.session.add(QuizQuestion(quiz=quiz, question=question, points=question.version.points, order=order))
    db.session.commit()
    return quiz


def _questions_of(lecture: Lecture, questions: list[Question] | int) -> list[Question]:
    if isinstance(questions, list):
        return questions
    return [create_question(lecture.topic.course.teacher) for _ in range(questions)]


def create_attempt(student: Student, quiz: Quiz, answers: Sequence[Any] = (), **values: Any) -> QuizSubmission:
    """An attempt at a quiz, begun and handed in just now unless `values` say otherwise; in progress where they do.

    `answers` has what is answered to each question in the quiz's order: numbers of choices, or a text. What is left
    out stays blank. `awarded` has the points of written answers by the question's index; the others wait.
    """
    awarded, now = values.pop("awarded", {}), clock.now()
    is_running = values.get("status") == "in_progress"
    begun = values.pop("started_at", now - timedelta(minutes=5))
    rows = [
        _answer(place, index, answers[index] if index < len(answers) else None, awarded, is_running)
        for index, place in enumerate(quiz.questions)
    ]
    points = [row.points_awarded for row in rows]
    max_score, score = Decimal(sum(row.points for row in rows)), sum((one for one in points if one), Decimal(0))
    is_graded = None not in points
    finished = {
        "status": "graded" if is_graded else "submitted",
        "submitted_at": now,
        "score": score,
        "passed": is_graded and score * 100 >= quiz.passing_score * max_score,
    }
    attempt = QuizSubmission(
        **{
            "student": student,
            "quiz": quiz,
            "attempt_number": 1,
            "timer_minutes": quiz.timer_minutes,
            "passing_score": quiz.passing_score,
            "max_score": max_score,
            "started_at": begun,
            "deadline_at": begun + timedelta(minutes=quiz.timer_minutes),
        }
        | ({} if is_running else finished)
        | values
    )
    _saved(attempt)
    for row in rows:
        row.submission_id = attempt.id
    db.session.add_all(rows)
    db.session.commit()
    return attempt


def _answer(place: QuizQuestion, index: int, given: Any, awarded: dict[int, Any], is_running: bool) -> QuizAnswer:
    version = place.question.version
    chosen = [choice for choice in version.choices if version.type != "written" and choice.order in (given or ())]
    text = given if version.type == "written" else None
    points: Decimal | None
    if version.type != "written":
        is_right = bool(chosen) and {choice.id for choice in chosen} == {c.id for c in version.choices if c.is_correct}
        points = Decimal(place.points if is_right else 0)
    else:
        points = None if (text or "").strip() else Decimal(0)
        points = Decimal(awarded[index]) if index in awarded else points
    return QuizAnswer(
        quiz_question=place,
        version=version,
        position=index + 1,
        choice_order=[choice.id for choice in version.choices],
        choice_ids=[choice.id for choice in chosen],
        points=place.points,
        written_answer=text,
        points_awarded=None if is_running else points,
    )


def create_homework_submission(student: Student, homework: Homework, **values: Any) -> HomeworkSubmission:
    """A homework as it was handed in, without its answers: everything right unless `score` says otherwise."""
    points = Decimal(sum(place.points for place in homework.questions))
    return _saved(
        HomeworkSubmission(**{"student": student, "homework": homework, "score": points, "max_score": points} | values)
    )
