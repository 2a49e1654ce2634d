"""A school of one of everything, in which each documented body can be asked for."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import Reopening
from edutrack.notifications.models import Notification
from tests.api import Api
from tests.factories import (
    any_division,
    create_assistant,
    create_attempt,
    create_code,
    create_course,
    create_enrollment,
    create_homework,
    create_lecture,
    create_material,
    create_notification,
    create_purchase,
    create_question,
    create_quiz,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_topic,
    create_video,
    create_video_security,
    give_balance,
)


@dataclass
class School:
    clients: dict[str, Api]
    ids: dict[str, Any]

    def ask(self, row):
        """Send the request of a row; what stands in braces is looked up among the ids."""
        who, method, path, body, _ = row
        if body:
            body = {
                key: self.ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value
                for key, value in body.items()
            }
        return self.clients[who].request(method, f"/api/{path.format(**self.ids)}", body)


def build_school(api, *, full):
    """Return a school of one of everything, where every place that may be null is filled, or as many as can be null."""
    now = clock.now()
    division = any_division()
    grade = division.grades[0]
    optional = {"description": "وصف", "cover_picture": "public/pictures/a.png"} if full else {}
    subject = create_subject(
        grades=[grade], divisions=[division], school_types=list(division.school_types), name=f"الأحياء {full}"
    )
    teacher = create_teacher(
        subject=subject,
        **(
            {
                "secondary_phone": "01112345678",
                "profile_picture": "public/pictures/t.png",
                "biography": "خبرة",
                "facebook": "ustaz",
                "video_security": create_video_security(),
            }
            if full
            else {}
        ),
    )
    create_assistant(teacher)
    course = create_course(teacher, **optional)
    described = {"description": "وصف"} if full else {}
    topic = create_topic(course, **described)
    lecture = create_lecture(topic=topic, **described)
    video = create_video(lecture, duration_seconds=600 if full else None)
    create_material(lecture)
    student = create_student(
        grade=grade,
        division=division if full else None,
        school_type=division.school_types[0],
        **(
            {"mother_number": "01112345678", "facebook_link": "fb.com/x"}
            if full
            else {"father_number": None, "mother_number": "01112345678", "school_name": None}
        ),
    )
    create_enrollment(student, course, **({"response_note": "أهلا"} if full else {}))
    if not full:
        unanswered = create_topic(create_course(teacher, **optional)).course
        create_enrollment(student, unanswered, "pending")
        create_enrollment(create_student(grade=grade, school_type=division.school_types[0]), unanswered)
    owner = create_site_owner()
    purchase = create_purchase(student, lecture)
    if full:
        purchase.effective_expiry += timedelta(days=2)
        purchase.extra_days = 2
        db.session.add(
            Reopening(
                purchase=purchase,
                extra_days=2,
                new_expiry=purchase.effective_expiry,
                reopened_by_id=owner.id,
                reopened_by_name=owner.username,
                reopened_at=now,
                note="",
            )
        )
        db.session.commit()
    give_balance(student, course, "20.00")
    _, code = create_code(
        course,
        **({"used_by": None, "expires_at": now + timedelta(days=1), "value": Decimal("9.00")} if full else {}),
    )
    askable, wanted = (create_topic(create_course(teacher, **optional)).course for _ in range(2))
    waiting = create_enrollment(student, wanted, "pending")
    shop = create_lecture(price=Decimal("0.00"), topic=create_topic(create_course(teacher, **optional)))
    create_enrollment(student, shop.topic.course)
    taken = create_quiz(
        lecture,
        questions=[create_question(teacher), create_question(teacher, "written")],
        score_visibility="immediately" if full else "never",
    )
    attempt = create_attempt(student, taken, [[1], "نص"], awarded={1: 1} if full else {})
    if full:
        create_attempt(create_student(mother_number="01112345678"), taken, [[2]])
        attempt.answers[1].feedback = "أحسنت"
    exam = build_exam(lecture, full=full)
    homework, planned = build_questions(lecture, full=full)
    school = School(
        {"student": api.as_(student), "owner": api.as_(owner)},
        {
            "lecture": lecture.id,
            "taken": taken.id,
            "attempt": attempt.id,
            "exam": exam.id,
            "homework": homework.id,
            "planned": planned.id,
            "nothing": [],
            "grade": grade.id,
            "grades": [grade.id],
            "unheard": f"unheard{subject.id}",
            "unheard_of": f"unheard{subject.id}@example.org",
            "answers": [{"quiz_question_id": exam.questions[0].id, "choice_ids": []}],
            "unused": create_code(course)[0],
            "askable": askable.id,
            "waiting": waiting.id,
            "free": shop.id,
            "notification": create_notification(student).id,
            "subject": subject.id,
            "course": course.id,
            "video": video.id,
            "teacher": teacher.id,
            "student": student.id,
            "code": code.id,
        },
    )
    redeemed = {"code": create_code(course)[0], "course": course.id}
    assert school.clients["student"].post("/api/wallet/redeem/", redeemed).status_code == 200
    beat = {"video": video.id, "progress_seconds": 60} | ({"platform_data": {"speed": 1.5}} if full else {})
    assert school.clients["student"].post("/api/progress/", beat).status_code == 200
    if full:
        adjustment = {"student": student.id, "course": course.id, "amount": "1.00", "reason": "هدية"}
        assert school.clients["owner"].post("/api/wallet/adjustments/", adjustment).status_code == 201
    status = {"status": "verified", "is_active": True}
    school.clients["owner"].patch(f"/api/accounts/students/{student.id}/status/", {"status": "pending"})
    school.clients["owner"].patch(f"/api/accounts/students/{student.id}/status/", status)
    assert db.session.query(Notification).count() > 0
    return school


def build_exam(lecture, *, full):
    """Return a quiz that nobody has begun, with pictures in it, or none."""
    questions = [create_question(lecture.topic.course.teacher, kind) for kind in ("mcq_single", "mcq_multiple")]
    if full:
        version = questions[0].version
        version.image = version.choices[0].image = "public/pictures/q.png"
    return create_quiz(lecture, questions=questions, score_visibility="immediately" if full else "never")


def build_questions(lecture, *, full):
    """Return a homework and a quiz over one question, as full or as bare as they can be."""
    question = create_question(
        lecture.topic.course.teacher, tags=["جبر"], model_answer="لأن الجذر موجب" if full else None
    )
    if full:
        question.version.image = question.version.choices[0].image = "public/pictures/q.png"
    now = clock.now()
    described = {"description": "وصف"} if full else {}
    times = {"opens_at": now, "closes_at": now + timedelta(days=1)} if full else {}
    return (
        create_homework(lecture, questions=[question], **described),
        create_quiz(lecture, questions=[question], **described, **times),
    )
