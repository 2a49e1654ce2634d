"""A school with one student's own things in the midst of everything that is not theirs to see.

What the student must not read has `CANARY` in it, wherever a text can stand, or is one of the school's `secrets`.
"""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.sealing import seal, unseal
from edutrack.courses.models import PLATFORMS, Reopening, VideoProgress
from tests.api import Api
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
    create_teacher,
    create_topic,
    create_video,
    give_balance,
    national_id_number,
)

CANARY = "zqxcanary"
NOTHING_SHOWN = {"answers_visibility": "never", "score_visibility": "never"}


class School:
    """One student's own things, each of them `rows` times, in the midst of everything that is not theirs."""

    def __init__(self, api: Api, rows: int = 1) -> None:
        self.api = api
        self.student = create_student()
        self.owner = create_site_owner(username=f"{CANARY}owner", gmail=f"owner@{CANARY}.org")
        self.secrets: list[str] = []
        self._build_staff()
        self._build_courses(rows)
        self._build_hidden_courses()
        self._build_others()
        self._build_wallet(rows)
        self.own = self._ids_of_own()
        self.hidden = self.own | self._ids_of_hidden()
        self.missing = {name: 2**62 if isinstance(value, int) else "nothing" for name, value in self.own.items()}
        self.missing |= {"asset": "nothing.css", "gmail": "nobody@example.org", "code": "AAAA-BBBB-CCCC-DDDD"}
        db.session.commit()

    @property
    def client(self) -> Api:
        """The student, signed in anew."""
        return self.api.as_(self.student)

    def _build_staff(self) -> None:
        self.teacher = create_teacher(
            phone=f"{CANARY}1", secondary_phone=f"{CANARY}2", biography=f"{CANARY} bio", facebook=f"{CANARY}fb"
        )
        _rename(self.teacher.user)
        _rename(create_assistant(self.teacher, name=f"{CANARY} assistant", phone=f"{CANARY}3").user)

    def _build_courses(self, rows: int) -> None:
        """Make what the student has: courses with bought lectures, and hidden things between them."""
        for _ in range(rows):
            self.course = create_course(self.teacher)
            self.enrollment = create_enrollment(self.student, self.course)
            topic = create_topic(self.course)
            self.lecture = create_lecture(topic=topic)
            self.purchase = create_purchase(self.student, self.lecture)
            _reopen(self.purchase, self.teacher.user, "note")
            for number, platform in enumerate(PLATFORMS):
                self.video = create_video(self.lecture, platform=platform, source=f"{CANARY}{platform}", order=number)
                _watch(self.student, self.video)
            self.video = create_video(self.lecture, platform="youtube", source=f"{CANARY}tube", order=9)
            _watch(self.student, self.video)
            create_video(self.lecture, name=f"{CANARY} inactive", source=f"{CANARY}off", is_active=False)
            self.material = create_material(self.lecture, file=f"materials/{CANARY}.txt", file_name=f"{CANARY}.txt")
            create_material(self.lecture, title=f"{CANARY} inactive", is_active=False)
            self._set_questions()
            self.unbought = create_lecture(topic=topic, price=Decimal("30.00"))
            self._fill(self.unbought)
            self._hide_questions(self.unbought)
            self._fill(create_lecture(topic=topic, name=f"{CANARY} off", description=CANARY, is_active=False))
            off = create_topic(self.course, name=f"{CANARY} off", description=CANARY, is_active=False)
            create_lecture(topic=off, name=f"{CANARY} below off")
            over = create_lecture(topic=topic)
            create_purchase(self.student, over, purchased_at=clock.now() - timedelta(days=30))
            self._fill(over)
            self.pending = create_enrollment(self.student, create_course(self.teacher), "pending")
            self._fill(create_lecture(self.pending.course))
            self.notification = create_notification(self.student)
        for _ in range(rows - 1):
            self._thicken()
        self.askable = create_course(self.teacher)
        path = Path(self.api.app.config["MEDIA_DIR"]) / "materials" / f"{CANARY}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a bought material", encoding="utf-8")

    def _set_questions(self) -> None:
        """Put homework and a quiz into the student's bought lecture, beside what is switched off there."""
        asked = [create_question(self.teacher, model_answer=f"{CANARY} answer") for _ in range(2)]
        self.homework = create_homework(self.lecture, questions=asked)
        create_homework_submission(self.student, create_homework(self.lecture, questions=asked))
        self.quiz = create_quiz(self.lecture, questions=asked)
        create_attempt(self.student, self.quiz, status="in_progress")
        for create in (create_homework, create_quiz):
            create(self.lecture, title=f"{CANARY} inactive", questions=self._hidden_questions(), is_active=False)

        self._take_quizzes()

    def _take_quizzes(self) -> None:
        """Let the student finish two quizzes: everything is shown of one attempt, and nothing ever of the other."""
        silent = create_quiz(self.lecture, questions=self._hidden_questions(), **NOTHING_SHOWN)
        create_attempt(self.student, silent, [[1]])
        self.taken = create_quiz(self.lecture)
        self.attempt = create_attempt(self.student, self.taken, [[1], [2]])

    def _hidden_questions(self) -> list[Any]:
        return [create_question(self.teacher, text=f"{CANARY} question")]

    def _thicken(self) -> None:
        """Put one more of everything into the student's last course and its bought lecture."""
        _reopen(self.purchase, self.teacher.user, "note")
        _watch(self.student, create_video(self.lecture, source=f"{CANARY}more"))
        create_material(self.lecture, file=f"materials/{CANARY}.txt", file_name=f"{CANARY}.txt")
        for create in (create_homework, create_quiz):
            create(self.lecture, questions=3)
        for topic in (self.lecture.topic, create_topic(self.course)):
            create_purchase(self.student, create_lecture(topic=topic))

    def _build_hidden_courses(self) -> None:
        hidden = {"name": f"{CANARY} course", "description": CANARY}
        self.hidden_course = create_course(self.teacher, is_active=False, **hidden)
        self.hidden_lecture = create_lecture(self.hidden_course, name=f"{CANARY} lecture", description=CANARY)
        self.hidden_video, self.hidden_material = self._fill(self.hidden_lecture)
        self.hidden_homework, self.hidden_quiz = self._hide_questions(self.hidden_lecture)
        other_grade = any_grade("الصف الأول الإعدادي")
        create_course(self.teacher, grade=other_grade, **hidden)
        inactive = create_teacher(is_active=False, name=f"{CANARY} off", subject=self.teacher.subject)
        create_course(inactive, **hidden)

    def _build_others(self) -> None:
        """Make another student in the same course and lecture, with everything that a student can have."""
        number = national_id_number()
        self.other = create_student(
            name_ar=f"{CANARY} ar",
            name_en=f"{CANARY} en",
            student_code=f"{CANARY}7",
            phone_number=f"{CANARY}4",
            father_number=f"{CANARY}5",
            mother_number=f"{CANARY}6",
            father_job=f"{CANARY} job",
            school_name=f"{CANARY} school",
            facebook_link=f"{CANARY}.com",
            national_id_sealed=seal(number, "national-id"),
        )
        _rename(self.other.user)
        self.national_id = number
        self.others_enrollment = create_enrollment(self.other, self.course, response_note=f"{CANARY} note")
        purchase = create_purchase(self.other, self.lecture)
        _reopen(purchase, self.owner, f"{CANARY} note")
        _watch(self.other, self.video, platform_data={"device": CANARY})
        give_balance(self.other, self.course, "77301.55")
        points = Decimal("77301.56")
        create_homework_submission(self.other, self.homework, score=points, max_score=points)
        self.others_attempt = create_attempt(self.other, self.taken, [[1]], score=points, max_score=points)
        self.others_attempt.answers[0].feedback = f"{CANARY} feedback"
        running = create_attempt(self.other, self.quiz, status="in_progress")
        running.answers[0].written_answer = f"{CANARY} answer"
        self.secrets += ["77301.55", "77301.56", number]
        params = {"course_id": 1, "transaction_id": 2, "amount": "9.00", "course_name": CANARY}
        self.others_notification = create_notification(self.other, params=params)
        create_notification(self.teacher, params=params)

    def _build_wallet(self, rows: int) -> None:
        for _ in range(rows):
            give_balance(self.student, self.course, "50.00")
            give_balance(self.student, create_course(self.teacher), "5.00")
        self.code, _ = create_code(self.course)
        self.used_code, _ = create_code(self.course, used_by=self.other, used_at=clock.now())
        self.foreign_code, _ = create_code(self.hidden_course)
        unused = [create_code(course)[0] for course in (self.course, self.hidden_course)]
        self.secrets += [*unused, *(code.replace("-", "") for code in unused)]
        for person, reason in ((self.other, f"{CANARY} reason"), (self.student, "reason")):
            body = {"student": person.id, "course": self.course.id, "amount": "3.00", "reason": reason}
            assert self.api.as_(self.owner).post("/api/wallet/adjustments/", body).status_code == 201

    def _hide_questions(self, lecture: Any) -> tuple[Any, Any]:
        """Put homework and a quiz into a lecture that the student has not bought."""
        asked = {"title": f"{CANARY} title", "description": CANARY, "questions": self._hidden_questions()}
        return create_homework(lecture, **asked), create_quiz(lecture, **asked)

    def _fill(self, lecture: Any) -> tuple[Any, Any]:
        """Put a video and a material into a lecture that the student cannot open."""
        return (
            create_video(lecture, name=f"{CANARY} video", source=f"{CANARY}source"),
            create_material(lecture, title=f"{CANARY} title", file=f"materials/{CANARY}.pdf", file_name=CANARY),
        )

    def _ids_of_own(self) -> dict[str, Any]:
        watched = self.client.get(f"/api/lectures/{self.lecture.id}/watch/").json
        url = next(video["playback_url"] for video in watched["videos"] if video["id"] == self.video.id)
        return {
            "student_id": self.student.id,
            "student": self.student.id,
            "student_code": self.student.student_code,
            "user": self.student.user_id,
            "username": self.student.user.username,
            "gmail": self.student.user.gmail,
            "national_id": unseal(self.student.national_id_sealed, "national-id"),
            "grade": self.student.grade_id,
            "area": self.student.area_id,
            "teacher": self.teacher.id,
            "subject_id": self.course.subject_id,
            "course_id": self.course.id,
            "course": self.course.id,
            "own_course": self.course.id,
            "askable": self.askable.id,
            "lecture_id": self.lecture.id,
            "lecture": self.lecture.id,
            "unbought": self.unbought.id,
            "video_id": self.video.id,
            "video": self.video.id,
            "material_id": self.material.id,
            "homework_id": self.homework.id,
            "homework_answers": _right_answers(self.homework),
            "quiz_id": self.quiz.id,
            "quiz_answers": _right_choices(self.quiz),
            "submission_id": self.attempt.id,
            "enrollment_id": self.pending.id,
            "purchase_id": self.purchase.id,
            "notification_id": self.notification.id,
            "code": self.code,
            "used_code": self.used_code,
            "playback": _token(url),
            "download": _token(watched["materials"][0]["file_url"]),
            "token": "nothing",
            "name": "nothing.png",
            "asset": "docs.css",
        }

    def _ids_of_hidden(self) -> dict[str, Any]:
        return {
            "student_id": self.other.id,
            "student": self.other.id,
            "student_code": self.other.student_code,
            "user": self.other.user_id,
            "username": self.other.user.username,
            "gmail": self.other.user.gmail,
            "national_id": self.national_id,
            "course_id": self.hidden_course.id,
            "course": self.hidden_course.id,
            "askable": self.hidden_course.id,
            "lecture_id": self.hidden_lecture.id,
            "lecture": self.hidden_lecture.id,
            "unbought": self.hidden_lecture.id,
            "video_id": self.hidden_video.id,
            "video": self.hidden_video.id,
            "material_id": self.hidden_material.id,
            "homework_id": self.hidden_homework.id,
            "homework_answers": _right_answers(self.hidden_homework),
            "quiz_id": self.hidden_quiz.id,
            "quiz_answers": _right_choices(self.hidden_quiz),
            "submission_id": self.others_attempt.id,
            "enrollment_id": self.others_enrollment.id,
            "notification_id": self.others_notification.id,
            "code": self.foreign_code,
        }


def _rename(user: Any) -> None:
    user.username, user.gmail = f"{CANARY}{user.id}", f"{user.id}@{CANARY}.org"


def _reopen(purchase: Any, by: Any, note: str) -> None:
    purchase.extra_days += 1
    purchase.effective_expiry += timedelta(days=1)
    db.session.add(
        Reopening(
            purchase=purchase,
            extra_days=1,
            new_expiry=purchase.effective_expiry,
            reopened_by_id=by.id,
            reopened_by_name=note,
            reopened_at=clock.now(),
            note=note,
        )
    )
    db.session.commit()


def _watch(student: Any, video: Any, **values: Any) -> None:
    db.session.add(
        VideoProgress(
            student=student,
            video=video,
            progress_seconds=60,
            duration_seconds=600,
            progress_percentage=Decimal("10.00"),
            is_completed=False,
            watch_count=1,
            last_watched_at=clock.now(),
            **values,
        )
    )
    db.session.commit()


def _right_answers(homework: Any) -> list[dict[str, int]]:
    return [
        {"homework_question_id": place.id, "choice_id": choice.id}
        for place in homework.questions
        for choice in place.question.version.choices
        if choice.is_correct
    ]


def _right_choices(quiz: Any) -> list[dict[str, Any]]:
    return [
        {
            "quiz_question_id": place.id,
            "choice_ids": [choice.id for choice in place.question.version.choices if choice.is_correct],
        }
        for place in quiz.questions
    ]


def _token(url: str) -> str:
    return url.partition("token=")[2]
