"""A school with one of everything, and a token for each actor of the table of who may do what."""

import re
from datetime import timedelta
from decimal import Decimal

from flask_jwt_extended import create_access_token
from sqlalchemy import select

from edutrack.accounts.models import Session
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import VideoProgress
from edutrack.structure.models import Area, Division, Governorate, SchoolType
from tests.api import access_token
from tests.factories import (
    any_grade,
    create_assistant,
    create_attempt,
    create_code,
    create_course,
    create_enrollment,
    create_homework,
    create_homework_submission,
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

#: Part of every name in the teacher's courses and of the student: foreign answers are not to hold it.
CANARY = "canary"


class World:
    """A school with one of everything: whose tokens the actors hold, and what the ids in paths stand for."""

    def __init__(self, canary=CANARY):
        teacher = create_teacher(name=canary)
        student = create_student(name_ar=canary, name_en=canary)
        course = create_course(teacher, name=canary)
        lecture = create_lecture(topic=create_topic(course, name=canary), name=canary)
        quiz = create_quiz(lecture, title=canary)
        enrollment = create_enrollment(student, course)
        purchase = create_purchase(student, lecture)
        video = create_video(lecture, name=canary)
        give_balance(student, course, "100.00")
        inactive = create_teacher(is_active=False)
        people = {
            "pending student": create_student(status="pending"),
            "student": student,
            "suspended student": create_student(status="suspended_temporary"),
            "other student": create_student(),
            "assistant": create_assistant(teacher, name=canary),
            "other assistant": create_assistant(),
            "teacher": teacher,
            "other teacher": create_teacher(),
            "inactive teacher": inactive,
            "assistant of the inactive": create_assistant(inactive),
            "site owner": create_site_owner(),
        }
        self.tokens = {actor: access_token(getattr(person, "user", person)) for actor, person in people.items()}
        self.tokens["expired token"] = _expired_token(people["site owner"])
        self.tokens["anonymous"] = None
        self.ids = {
            "teacher_id": teacher.id,
            "assistant_id": people["assistant"].id,
            "user_id": people["assistant"].user_id,
            "student_id": student.id,
            "subject_id": course.subject_id,
            "course_id": course.id,
            "topic_id": lecture.topic_id,
            "lecture_id": lecture.id,
            "video_id": video.id,
            "material_id": create_material(lecture, title=canary).id,
            "enrollment_id": enrollment.id,
            "purchase_id": purchase.id,
            "question_id": create_question(teacher, text=canary).id,
            "homework_id": create_homework(lecture, title=canary).id,
            "quiz_id": quiz.id,
            "submission_id": create_attempt(student, create_quiz(lecture, title=canary), [[1]]).id,
            "code_id": create_code(course)[1].id,
            "asset": "docs.css",
            "batch_id": create_code(course)[1].batch_id,
            "notification_id": create_notification(student).id,
        }
        _keep_progress(student, video)
        create_attempt(student, quiz, status="in_progress")
        create_homework_submission(student, create_homework(lecture, title=canary))
        self.items = {
            "grades": any_grade().id,
            "school-types": _first(SchoolType),
            "divisions": _first(Division),
            "subjects": create_subject().id,
            "governorates": _first(Governorate),
            "areas": _first(Area),
            "video-security": create_video_security().id,
        }

    def path(self, rule):
        """Return the path of a rule with the ids of the objects filled in."""

        def value(match):
            name = match[1].split(":")[-1]
            if name == "item_id":
                return str(self.items[rule.split("/")[3]])
            return str(self.ids.get(name, "nothing"))

        return re.sub("<([^>]+)>", value, rule)


def _first(model):
    return db.session.scalar(select(model.id).order_by(model.id).limit(1))


def _keep_progress(student, video):
    progress = VideoProgress(
        student=student,
        video=video,
        progress_seconds=60,
        duration_seconds=600,
        progress_percentage=Decimal("10.00"),
        is_completed=False,
        watch_count=1,
        last_watched_at=clock.now(),
    )
    db.session.add(progress)
    db.session.commit()


def _expired_token(user):
    now = clock.now()
    session = Session(user_id=user.id, refresh_jti="none", started_at=now, expires_at=now + timedelta(days=1))
    db.session.add(session)
    db.session.commit()
    return create_access_token(str(user.id), additional_claims={"sid": session.id}, expires_delta=timedelta(seconds=-1))
