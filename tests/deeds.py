"""For every route that takes a body, one that succeeds, and who sends it: what attacks on bodies begin with."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import select

from edutrack.accounts.models import Student, Teacher
from edutrack.core.extensions import db
from edutrack.core.openapi import describe
from edutrack.courses.models import Course, Lecture
from edutrack.quizzes.models import Homework, Quiz, QuizAnswer
from edutrack.structure.models import Area, SchoolType
from tests.api import Api
from tests.factories import (
    PASSWORD,
    any_division,
    any_grade,
    create_attempt,
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_question,
    create_quiz,
    create_video_security,
    national_id_number,
    registration_form,
)
from tests.world import CANARY, World

Route = tuple[str, str]
#: Succeed with a token alone that was mailed; the tests of accounts send those.
MAILED = frozenset({("POST", f"/api/accounts/{path}/") for path in ("password/reset/confirm", "email/verify")})
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
QUESTIONS_CSV = b"type,text,choice_1,choice_2,correct\nmcq_single,2+2?,4,5,1\n"


@dataclass(frozen=True)
class Deed:
    """Who does it, and with which body."""

    actor: str
    body: dict[str, Any]
    #: The name and content of the file, where the route takes none but a form with one.
    file: tuple[str, bytes] | None = None


class Deeds(World):
    """A school of one teacher, in which everything that takes a body can be done."""

    def __init__(self, canary: str = CANARY) -> None:
        super().__init__(canary)
        teacher = db.session.get_one(Teacher, self.ids["teacher_id"])
        student = db.session.get_one(Student, self.ids["student_id"])
        course = db.session.get_one(Course, self.ids["course_id"])
        lecture = db.session.get_one(Lecture, self.ids["lecture_id"])
        waiting, asked = (
            create_course(teacher, name=f"{canary} waiting"),
            create_course(teacher, name=f"{canary} asked"),
        )
        self.ids["enrollment_id"] = create_enrollment(student, waiting, "pending").id
        written = create_question(teacher, "written", text=canary)
        marked = create_attempt(student, create_quiz(lecture, questions=[written], title=canary), [canary])
        self.ids["submission_id"] = marked.id
        answer = db.session.scalars(select(QuizAnswer.id).where(QuizAnswer.submission_id == marked.id)).one()
        unbought = create_lecture(topic=lecture.topic, price="10.00", name=canary)
        self.deeds = {
            **_accounts(student),
            **_teachers(teacher),
            **_structure(),
            **_catalogue(course, lecture, self.ids["video_id"]),
            **_students_own(student, asked, unbought, self.ids),
            **_wallet(student, course),
            **_exercises(lecture, self.ids, answer),
        }


def _accounts(student: Student) -> dict[Route, Deed]:
    password = {"old_password": PASSWORD, "new_password": "another-one", "new_password_confirm": "another-one"}
    profile = {key: value for key, value in registration_form().items() if key not in ("password", "national_id")}
    return {
        ("POST", "/api/accounts/login/"): Deed("anonymous", {"username": student.user.username, "password": PASSWORD}),
        ("POST", "/api/accounts/password/change/"): Deed("student", password),
        ("POST", "/api/accounts/password/reset/"): Deed("anonymous", {"gmail": student.user.gmail}),
        ("POST", "/api/accounts/users/<int:user_id>/password/"): Deed("teacher", {"new_password": "another-one"}),
        ("POST", "/api/accounts/students/register/"): Deed("anonymous", registration_form()),
        ("PATCH", "/api/accounts/profile/me/"): Deed("student", profile | {"national_id": national_id_number()}),
        ("PATCH", "/api/accounts/students/<int:student_id>/status/"): Deed(
            "site owner", {"status": "pending", "is_active": False}
        ),
    }


def _teachers(teacher: Teacher) -> dict[Route, Deed]:
    def person(name: str) -> dict[str, Any]:
        named = {"username": name, "name": f"{name} X", "phone": "01012345678", "gmail": f"{name}@example.org"}
        return {**named, "gender": "male", "is_active": True}

    told = {"secondary_phone": None, "biography": "a life", "facebook": None}
    taught = {"subject": teacher.subject_id, "grades": [teacher.grades[0].id]}
    more = {"password": PASSWORD, **told, **taught, "video_security": create_video_security().id}
    assistants = "/api/accounts/teacher/assistants/"
    return {
        ("POST", "/api/accounts/teachers/"): Deed("site owner", person("newteacher") | more),
        ("PATCH", "/api/accounts/teachers/<int:teacher_id>/"): Deed("site owner", person("oldteacher") | more),
        ("POST", assistants): Deed("teacher", person("newassistant") | {"password": PASSWORD}),
        ("PATCH", f"{assistants}<int:assistant_id>/"): Deed("teacher", person("oldassistant")),
    }


def _structure() -> dict[Route, Deed]:
    grade, division = any_grade(), any_division()
    school_type = db.session.scalars(select(SchoolType.id).order_by(SchoolType.id)).first()
    governorate = db.session.scalars(select(Area.governorate_id).order_by(Area.id)).first()
    offered = {"grade_ids": [grade.id], "grades": [grade.id]}
    offered |= {"school_type_ids": [school_type], "school_types": [school_type]}
    kinds = {
        "grades": {"order": 77},
        "school-types": {},
        "divisions": offered,
        "subjects": offered | {"division_ids": [division.id], "divisions": [division.id]},
        "governorates": {},
        "areas": {"governorate": governorate},
        "video-security": {"price_per_student": "5.00"},
    }
    return {
        (method, f"/api/structure/{kind}/{item}"): Deed("site owner", {"name": f"{method} {kind}", **values})
        for kind, values in kinds.items()
        for method, item in (("POST", ""), ("PATCH", "<int:item_id>/"))
    }


def _catalogue(course: Course, lecture: Lecture, video_id: int) -> dict[Route, Deed]:
    shown = {"description": "what it is about", "is_active": True}
    offered = {"name": "new", "teacher": course.teacher_id, "grade": course.grade_id, **shown}
    topic = {"course": course.id, "name": "new", "order": 3, **shown}
    sold = {"price": "20.00", "discount": "5.00", "available_days": 9, "order": 2}
    played = {"lecture": lecture.id, "name": "new", "platform": "youtube", "source": "dQw4w9WgXcQ"}
    played |= {"duration_seconds": 60, "order": 2, "is_active": True}
    order = {"topics": [{"id": lecture.topic_id, "lectures": [{"id": lecture.id, "videos": [video_id]}]}]}
    material = {"lecture": lecture.id, "title": "new", "is_active": True}
    return {
        ("POST", "/api/courses/"): Deed("site owner", offered),
        ("PATCH", "/api/courses/<int:course_id>/"): Deed("site owner", offered),
        ("POST", "/api/courses/<int:course_id>/reorder/"): Deed("teacher", order),
        **_both("topics", "topic", Deed("teacher", topic)),
        **_both("lectures", "lecture", Deed("teacher", {"topic": lecture.topic_id, "name": "new", **shown, **sold})),
        **_both("videos", "video", Deed("teacher", played)),
        ("POST", "/api/materials/"): Deed("assistant", material, file=("book.pdf", PDF)),
        ("PATCH", "/api/materials/<int:material_id>/"): Deed("assistant", material),
    }


def _students_own(student: Student, asked: Course, unbought: Lecture, ids: dict[str, Any]) -> dict[Route, Deed]:
    watched = {"video": ids["video_id"], "progress_seconds": 70, "duration_seconds": 600, "platform_data": {"at": 1}}
    note = {"response_note": "welcome"}
    answered = {"ids": [ids["enrollment_id"]], "status": "approved", **note}
    enrollments = "/api/enrollments/"
    return {
        ("POST", enrollments): Deed("student", {"course": asked.id}),
        ("POST", f"{enrollments}bulk_respond/"): Deed("assistant", answered),
        ("POST", f"{enrollments}<int:enrollment_id>/approve/"): Deed("assistant", note),
        ("POST", f"{enrollments}<int:enrollment_id>/reject/"): Deed("teacher", note),
        ("POST", "/api/progress/"): Deed("student", watched),
        ("POST", "/api/purchases/"): Deed("student", {"lecture": unbought.id}),
        ("POST", "/api/purchases/<int:purchase_id>/reopen/"): Deed("teacher", {"extra_days": 2, "note": "ill"}),
    }


def _wallet(student: Student, course: Course) -> dict[Route, Deed]:
    code = {"course": course.id, "value": "50.00", "expires_at": "2090-01-01T00:00:00Z"}
    taken = {"student": student.id, "course": course.id, "amount": "5.00", "reason": "a mistake"}
    codes = "/api/wallet/recharge-codes/"
    return {
        ("POST", codes): Deed("site owner", code),
        ("POST", f"{codes}bulk/"): Deed("site owner", {**code, "quantity": 2, "label": "a shop"}),
        ("POST", f"{codes}<int:code_id>/void/"): Deed("site owner", {"reason": "lost"}),
        ("POST", "/api/wallet/batches/<int:batch_id>/void/"): Deed("site owner", {"reason": "lost"}),
        ("POST", "/api/wallet/adjustments/"): Deed("site owner", taken),
        ("POST", "/api/wallet/redeem/"): Deed("student", {"code": create_code(course)[0], "course": course.id}),
    }


def _exercises(lecture: Lecture, ids: dict[str, Any], answer_id: int) -> dict[Route, Deed]:
    teacher, quiz = lecture.topic.course.teacher, db.session.get_one(Quiz, ids["quiz_id"])
    homework = db.session.get_one(Homework, ids["homework_id"])
    choice = {"text": "four", "is_correct": True, "order": 1, "image": None}
    question = {"teacher": teacher.id, "grade": lecture.topic.course.grade_id, "type": "mcq_single", "text": "2 + 2?"}
    question |= {"points": 2, "model_answer": None, "tags": ["sums"]}
    question |= {"choices": [choice, {**choice, "is_correct": False, "order": 2}]}
    places = [{"question": create_question(teacher).id, "points": 3, "order": 1}]
    exercise = {"lecture": lecture.id, "title": "new", "description": "x", "is_active": True, "questions": places}
    rules = {"timer_minutes": 9, "max_attempts": 2, "passing_score": 50, "score_visibility": "never"}
    rules |= {"randomize_questions": True, "randomize_choices": True, "answers_visibility": "never"}
    rules |= {"opens_at": "2030-01-01T00:00:00Z", "closes_at": "2090-01-01T00:00:00Z"}
    given = {"answers": [_chosen(place) for place in quiz.questions]}
    handed_in = [
        {"homework_question_id": place.id, "choice_id": place.question.version.choices[0].id}
        for place in homework.questions
    ]
    grade = {"answers": [{"answer_id": answer_id, "points_awarded": "1.00", "feedback": "good"}]}
    return {
        **_both("questions", "question", Deed("teacher", question)),
        ("POST", "/api/questions/import/"): Deed(
            "teacher", {"grade": question["grade"], "teacher": teacher.id}, file=("questions.csv", QUESTIONS_CSV)
        ),
        **_both("homeworks", "homework", Deed("teacher", exercise)),
        **_both("quizzes", "quiz", Deed("teacher", exercise | rules)),
        ("POST", "/api/homeworks/<int:homework_id>/submit/"): Deed("student", {"answers": handed_in}),
        ("PUT", "/api/quizzes/<int:quiz_id>/answers/"): Deed("student", given),
        ("POST", "/api/quizzes/<int:quiz_id>/submit/"): Deed("student", given),
        ("POST", "/api/quizzes/submissions/<int:submission_id>/grade/"): Deed("teacher", grade),
    }


def _chosen(place: Any) -> dict[str, Any]:
    return {
        "quiz_question_id": place.id,
        "choice_ids": [place.question.version.choices[0].id],
        "written_answer": None,
    }


def _both(kind: str, name: str, deed: Deed) -> dict[Route, Deed]:
    """Return a deed as that of making something and of changing it."""
    return {("POST", f"/api/{kind}/"): deed, ("PATCH", f"/api/{kind}/<int:{name}_id>/"): deed}


#: Names of fields, each with the names that nest in it.
Fields = dict[str, Any]


def documented_fields() -> dict[Route, Fields]:
    """Return the fields of each route's body, as JSON or as a form; routes by their paths in the document."""
    document = describe()
    return {
        (method.upper(), path): {
            name: inner
            for content in operation["requestBody"]["content"].values()
            for name, inner in _fields(document, content["schema"]).items()
        }
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }


def _fields(document: Any, schema: dict[str, Any]) -> Fields:
    if reference := schema.get("$ref"):
        return _fields(document, document["components"]["schemas"][reference.rsplit("/", 1)[1]])
    if "items" in schema:
        return _fields(document, schema["items"])
    return {name: _fields(document, inner) for name, inner in schema.get("properties", {}).items()}


def path_in_document(rule: str) -> str:
    """Return the path of a rule as the OpenAPI document writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def send(app: Flask, school: Deeds, route: Route, deed: Deed, *, form: bool = False, **kwargs: Any) -> Any:
    """Send a deed's request, its body as JSON unless it has a file or `form` asks for one."""
    headers = {**(_bearer(school, deed.actor) if "headers" not in kwargs else {}), **kwargs.pop("headers", {})}
    if deed.file is None and not form:
        return Api(app).request(route[0], school.path(route[1]), deed.body, headers=headers, **kwargs)
    values = {key: _as_text(value) for key, value in deed.body.items() if value is not None}
    if deed.file is not None:
        name, content = deed.file
        values["file"] = (BytesIO(content), name)
    kwargs |= {"data": values, "content_type": "multipart/form-data"}
    return Api(app).request(route[0], school.path(route[1]), headers=headers, **kwargs)


def _bearer(school: Deeds, actor: str) -> dict[str, str]:
    token = school.tokens[actor]
    return {"Authorization": f"Bearer {token}"} if token else {}


def _as_text(value: Any) -> Any:
    # What is a tuple is a file.
    return value if isinstance(value, str | tuple) else json.dumps(value)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield everything in a body that is neither list nor object, with the way to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path, value
        return
    for key, item in inner:
        yield from leaves(item, (*path, key))


def with_leaf(value: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    """Return a body with another value at the end of a way."""
    if not path:
        return leaf
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_leaf(value[path[0]], path[1:], leaf)
    return copy
