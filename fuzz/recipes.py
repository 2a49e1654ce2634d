"""Requests that succeed, for the operations that generated values alone hardly ever get through.

A recipe returns what differs from a generated request: `body`, `path_parameters`, `query` or `cookies`. It may have
somebody else do first what the request needs, such as the code that is then redeemed.
"""

import io
import itertools
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

from fuzz.school import Person, School
from fuzz.supplies import Supplies

Request = dict[str, Any]
_numbers = itertools.count(1)
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
#: By operation id; filled by `recipe`.
RECIPES: dict[str, Callable[["Kitchen"], Request]] = {}


class Kitchen:
    """What a recipe works with: the school, who calls, and ids that they may use."""

    def __init__(self, school: School, person: Person | None, supplies: Supplies, random: Random) -> None:
        self.school = school
        self.person = person
        self.supplies = supplies
        self.random = random

    def name(self) -> str:
        """Return a name that nothing has yet."""
        return f"fuzz {next(_numbers)}"

    def body(self, **values: Any) -> Request:
        return {"body": values}

    def path(self, parameter: str, item: int, /, **body: Any) -> Request:
        return {"path_parameters": {parameter: item}} | ({"body": body} if body else {})

    def made(self, helper: str, path: str, **values: Any) -> int:
        """Return the id of something that a helper makes."""
        made: int = self.school.ask(helper, "POST", path, values)["id"]
        return made

    def row(self, statement: str) -> Any:
        return self.school.rows(statement)[0]

    # What requests are about; all of it in the courses of the demo's first teacher, where the demo's student learns.

    def course(self) -> Any:
        return self.row(
            "SELECT c.id, c.teacher_id, c.grade_id FROM courses c JOIN teachers t ON t.id = c.teacher_id "
            "JOIN users u ON u.id = t.user_id JOIN enrollments e ON e.course_id = c.id AND e.status = 'approved' "
            "JOIN students s ON s.id = e.student_id JOIN users v ON v.id = s.user_id "
            "WHERE u.username = 'demo-teacher' AND v.username = 'demo-student' ORDER BY c.id LIMIT 1"
        )

    def new_course(self) -> int:
        course = self.course()
        return self.made("owner", "/api/courses/", name=self.name(), teacher=course.teacher_id, grade=course.grade_id)

    def topic(self) -> int:
        return self.made("teacher", "/api/topics/", course=self.course().id, name=self.name())

    def lecture(self, **values: Any) -> int:
        about = {"topic": self.topic(), "name": self.name(), "price": "0", "available_days": 3} | values
        return self.made("teacher", "/api/lectures/", **about)

    def bought_lecture(self) -> int:
        lecture = self.lecture()
        self.made("student", "/api/purchases/", lecture=lecture)
        return lecture

    def video(self, lecture: int) -> int:
        return self.made("teacher", "/api/videos/", **self.video_form(lecture))

    def video_form(self, lecture: int) -> Request:
        return {"lecture": lecture, "name": self.name(), "platform": "youtube", "source": "dQw4w9WgXcQ"}

    def material(self, lecture: int) -> int:
        form, files = {"lecture": str(lecture), "title": self.name()}, {"file": ("notes.pdf", _PDF)}
        made: int = self.school.ask("teacher", "POST", "/api/materials/", data=form, files=files)["id"]
        return made

    def question_form(self, kind: str = "mcq_single") -> Request:
        choices = [{"text": "A", "is_correct": True}, {"text": "B"}] if kind != "written" else []
        about = {"grade": self.course().grade_id, "type": kind, "text": self.name(), "choices": choices}
        if self.person and self.person.role == "siteowner":
            about["teacher"] = self.course().teacher_id
        return about

    def question(self, kind: str = "mcq_single") -> int:
        form = {name: value for name, value in self.question_form(kind).items() if name != "teacher"}
        return self.made("teacher", "/api/questions/", **form)

    def homework(self, lecture: int) -> int:
        questions = [{"question": self.question()}]
        return self.made("teacher", "/api/homeworks/", lecture=lecture, title=self.name(), questions=questions)

    def quiz_form(self, lecture: int, *questions: int) -> Request:
        places = [{"question": question} for question in questions]
        return {"lecture": lecture, "title": self.name(), "timer_minutes": 30, "questions": places, "max_attempts": 9}

    def started_quiz(self, kind: str = "mcq_single") -> tuple[int, list[Any]]:
        """Return a quiz that the student has begun, and its questions as they were handed out."""
        form = self.quiz_form(self.bought_lecture(), self.question(kind))
        quiz = self.made("teacher", "/api/quizzes/", **form)
        questions: list[Any] = self.school.ask("student", "POST", f"/api/quizzes/{quiz}/start/")["questions"]
        return quiz, questions

    def enrollment(self) -> int:
        return self.made("student", "/api/enrollments/", course=self.new_course())

    def account_form(self) -> Request:
        number = next(_numbers)
        return {
            "username": f"fuzz{number}",
            "password": "a decent password",
            "name": self.name(),
            "phone": "01012345678",
            "gmail": f"fuzz{number}@example.org",
            "gender": "female",
        }


def recipe(*names: str) -> Callable[[Callable[[Kitchen], Request]], Callable[[Kitchen], Request]]:
    """Declare how a request of these operations is made that succeeds."""

    def declare(make: Callable[[Kitchen], Request]) -> Callable[[Kitchen], Request]:
        RECIPES.update(dict.fromkeys(names, make))
        return make

    return declare


def picture() -> bytes:
    """Return a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


# Accounts


@recipe("log_in")
def _log_in(kitchen: Kitchen) -> Request:
    username = kitchen.person.username if kitchen.person else "demo-student"
    return kitchen.body(username=username, password=kitchen.school.password)


@recipe("refresh")
def _refresh(kitchen: Kitchen) -> Request:
    if kitchen.person is None:
        return {}
    return {"cookies": {"refresh_token": kitchen.school.refresh_cookie(kitchen.person)}}


@recipe("change_password")
def _change_password(kitchen: Kitchen) -> Request:
    new = "another decent password"
    return kitchen.body(old_password=kitchen.school.password, new_password=new, new_password_confirm=new)


@recipe("reset_password")
def _reset_password(kitchen: Kitchen) -> Request:
    token = kitchen.school.mailed_token(kitchen.school.people["demo-pending"], "password_reset")
    return kitchen.body(token=token, new_password="a decent password", new_password_confirm="a decent password")  # noqa: S106


@recipe("verify_address")
def _verify_address(kitchen: Kitchen) -> Request:
    person = kitchen.school.people["demo-pending"]
    return kitchen.body(token=kitchen.school.mailed_token(person, "email_verification"))


@recipe("request_password_reset")
def _request_password_reset(kitchen: Kitchen) -> Request:
    return kitchen.body(gmail=kitchen.school.people["demo-student"].gmail)


@recipe("reset_password_of")
def _reset_password_of(kitchen: Kitchen) -> Request:
    return kitchen.path("user_id", kitchen.supplies.one("user"), new_password="a decent password")  # noqa: S106


@recipe("create_teacher")
def _create_teacher(kitchen: Kitchen) -> Request:
    taught = kitchen.row("SELECT t.subject_id, g.grade_id FROM teachers t JOIN teacher_grades g ON g.teacher_id = t.id")
    return kitchen.body(**kitchen.account_form(), subject=taught.subject_id, grades=[taught.grade_id])


@recipe("create_assistant")
def _create_assistant(kitchen: Kitchen) -> Request:
    return kitchen.body(**kitchen.account_form())


@recipe("delete_assistant")
def _delete_assistant(kitchen: Kitchen) -> Request:
    path = "/api/accounts/teacher/assistants/"
    return kitchen.path("assistant_id", kitchen.made("teacher", path, **kitchen.account_form()))


@recipe("register")
def _register(kitchen: Kitchen) -> Request:
    number = next(_numbers)
    area = kitchen.row("SELECT id, governorate_id FROM areas ORDER BY id LIMIT 1")
    return kitchen.body(
        username=f"fuzz{number}",
        password="a decent password",  # noqa: S106
        name_ar="سلمى أحمد",
        name_en="Salma Ahmed",
        phone_number="01112345678",
        father_number="01212345678",
        father_job="مهندس",
        educational_state="school",
        school_type=kitchen.row("SELECT min(id) AS id FROM school_types").id,
        grade=kitchen.row(
            "SELECT g.id FROM grades g WHERE NOT EXISTS (SELECT FROM division_grades d WHERE d.grade_id = g.id) LIMIT 1"
        ).id,
        school_name="مدرسة السلام",
        national_id=f"31203{15:02d}01{number % 1000:03d}2{number // 1000 % 10}",
        birth_date="2012-03-15",
        gender="female",
        gmail=f"fuzz{number}@example.org",
        governorate=area.governorate_id,
        area=area.id,
    )


@recipe("change_profile")
def _change_profile(kitchen: Kitchen) -> Request:
    return kitchen.body(father_job=kitchen.name(), facebook_link=None)


@recipe("change_status")
def _change_status(kitchen: Kitchen) -> Request:
    return kitchen.path("student_id", kitchen.supplies.one("student"), status="verified")


# Courses


@recipe("create_course")
def _create_course(kitchen: Kitchen) -> Request:
    course = kitchen.course()
    return kitchen.body(name=kitchen.name(), teacher=course.teacher_id, grade=course.grade_id)


@recipe("delete_course")
def _delete_course(kitchen: Kitchen) -> Request:
    return kitchen.path("course_id", kitchen.new_course())


@recipe("reorder_course")
def _reorder_course(kitchen: Kitchen) -> Request:
    course = kitchen.course().id
    topics = kitchen.school.rows("SELECT id FROM topics WHERE course_id = :course ORDER BY random()", course=course)
    return kitchen.path("course_id", course, topics=[{"id": topic.id} for topic in topics])


@recipe("delete_topic")
def _delete_topic(kitchen: Kitchen) -> Request:
    return kitchen.path("topic_id", kitchen.topic())


@recipe("create_lecture")
def _create_lecture(kitchen: Kitchen) -> Request:
    topic = kitchen.supplies.one("topic")
    return kitchen.body(topic=topic, name=kitchen.name(), price="12.50", discount="2.50", available_days=3)


@recipe("delete_lecture")
def _delete_lecture(kitchen: Kitchen) -> Request:
    return kitchen.path("lecture_id", kitchen.lecture())


@recipe("create_video")
def _create_video(kitchen: Kitchen) -> Request:
    return {"body": kitchen.video_form(kitchen.supplies.one("lecture"))}


@recipe("change_video")
def _change_video(kitchen: Kitchen) -> Request:
    return kitchen.path("video_id", kitchen.supplies.one("video"), name=kitchen.name())


@recipe("delete_video")
def _delete_video(kitchen: Kitchen) -> Request:
    return kitchen.path("video_id", kitchen.video(kitchen.lecture()))


@recipe("create_material")
def _create_material(kitchen: Kitchen) -> Request:
    form = {"lecture": kitchen.supplies.one("lecture"), "title": kitchen.name(), "file": _PDF}
    return {"body": form, "media_type": "multipart/form-data"}


@recipe("delete_material")
def _delete_material(kitchen: Kitchen) -> Request:
    return kitchen.path("material_id", kitchen.material(kitchen.lecture()))


@recipe("download_material")
def _download_material(kitchen: Kitchen) -> Request:
    lecture = kitchen.bought_lecture()
    material = kitchen.material(lecture)
    shown = kitchen.school.ask("student", "GET", "/api/materials/mine/")
    address = next(row["file_url"] for row in shown if row["id"] == material)
    return kitchen.path("material_id", material) | {"query": _token_of(address)}


@recipe("watch_lecture", "list_my_materials")
def _watch_lecture(kitchen: Kitchen) -> Request:
    return kitchen.path("lecture_id", kitchen.bought_lecture())


@recipe("play_video")
def _play_video(kitchen: Kitchen) -> Request:
    lecture = kitchen.bought_lecture()
    video = kitchen.video(lecture)
    watched = kitchen.school.ask("student", "GET", f"/api/lectures/{lecture}/watch/")["videos"]
    return kitchen.path("video_id", video) | {"query": _token_of(watched[0]["playback_url"])}


@recipe("update_progress")
def _update_progress(kitchen: Kitchen) -> Request:
    return kitchen.body(video=kitchen.video(kitchen.bought_lecture()), progress_seconds=5)


@recipe("show_progress")
def _show_progress(kitchen: Kitchen) -> Request:
    video = kitchen.video(kitchen.bought_lecture())
    kitchen.school.ask("student", "POST", "/api/progress/", {"video": video, "progress_seconds": 5})
    return kitchen.path("video_id", video)


@recipe("enroll")
def _enroll(kitchen: Kitchen) -> Request:
    return kitchen.body(course=kitchen.new_course())


@recipe("cancel_enrollment", "approve_enrollment", "reject_enrollment")
def _answer_enrollment(kitchen: Kitchen) -> Request:
    return kitchen.path("enrollment_id", kitchen.enrollment())


@recipe("respond_to_enrollments")
def _respond_to_enrollments(kitchen: Kitchen) -> Request:
    return kitchen.body(ids=[kitchen.enrollment()], status=kitchen.random.choice(["approved", "rejected"]))


@recipe("list_course_lectures")
def _list_course_lectures(kitchen: Kitchen) -> Request:
    return kitchen.path("course_id", kitchen.course().id)


# Money


@recipe("buy")
def _buy(kitchen: Kitchen) -> Request:
    return kitchen.body(lecture=kitchen.lecture())


@recipe("redeem")
def _redeem(kitchen: Kitchen) -> Request:
    course = kitchen.course().id
    made = kitchen.school.ask("owner", "POST", "/api/wallet/recharge-codes/", {"course": course, "value": "5"})
    return kitchen.body(code=made["code"], course=course)


@recipe("void_code")
def _void_code(kitchen: Kitchen) -> Request:
    code = kitchen.made("owner", "/api/wallet/recharge-codes/", course=kitchen.course().id, value="5")
    return kitchen.path("code_id", code, reason="lost")


@recipe("void_batch", "show_batch", "export_codes")
def _void_batch(kitchen: Kitchen) -> Request:
    path = "/api/wallet/recharge-codes/bulk/"
    batch = kitchen.made("owner", path, course=kitchen.course().id, value="5", quantity=3)
    return kitchen.path("batch_id", batch, reason="lost")


@recipe("make_code")
def _make_code(kitchen: Kitchen) -> Request:
    return kitchen.body(course=kitchen.course().id, value="5")


@recipe("make_batch")
def _make_batch(kitchen: Kitchen) -> Request:
    return kitchen.body(course=kitchen.course().id, value="5", quantity=3)


@recipe("adjust")
def _adjust(kitchen: Kitchen) -> Request:
    student = kitchen.supplies.one("student")
    return kitchen.body(student=student, course=kitchen.course().id, amount="5.25", reason="a gift")


@recipe("reopen_purchase")
def _reopen_purchase(kitchen: Kitchen) -> Request:
    return kitchen.path("purchase_id", kitchen.supplies.one("purchase"), extra_days=2)


@recipe("list_transactions")
def _list_transactions(kitchen: Kitchen) -> Request:
    return {"query": {"student": kitchen.supplies.one("student")}}


# Questions, homework, quizzes


@recipe("create_question")
def _create_question(kitchen: Kitchen) -> Request:
    return {"body": kitchen.question_form(kitchen.random.choice(["mcq_single", "mcq_multiple", "written"]))}


@recipe("change_question")
def _change_question(kitchen: Kitchen) -> Request:
    return kitchen.path("question_id", kitchen.question(), text=kitchen.name())


@recipe("delete_question")
def _delete_question(kitchen: Kitchen) -> Request:
    return kitchen.path("question_id", kitchen.question())


@recipe("import_questions")
def _import_questions(kitchen: Kitchen) -> Request:
    about = {"grade": kitchen.course().grade_id, "file": f"type,text\nwritten,{kitchen.name()}\n".encode()}
    if kitchen.person and kitchen.person.role == "siteowner":
        about["teacher"] = kitchen.course().teacher_id
    return {"body": about, "media_type": "multipart/form-data"}


@recipe("create_homework")
def _create_homework(kitchen: Kitchen) -> Request:
    places = [{"question": kitchen.question(), "points": 2}]
    return kitchen.body(lecture=kitchen.lecture(), title=kitchen.name(), questions=places)


@recipe("delete_homework")
def _delete_homework(kitchen: Kitchen) -> Request:
    return kitchen.path("homework_id", kitchen.homework(kitchen.lecture()))


@recipe("hand_in_homework")
def _hand_in_homework(kitchen: Kitchen) -> Request:
    homework = kitchen.homework(kitchen.bought_lecture())
    shown = kitchen.school.ask("student", "GET", f"/api/homeworks/{homework}/")["questions"]
    answers = [
        {"homework_question_id": place["id"], "choice_id": place["question"]["choices"][0]["id"]} for place in shown
    ]
    return kitchen.path("homework_id", homework, answers=answers)


@recipe("create_quiz")
def _create_quiz(kitchen: Kitchen) -> Request:
    return {"body": kitchen.quiz_form(kitchen.lecture(), kitchen.question())}


@recipe("delete_quiz")
def _delete_quiz(kitchen: Kitchen) -> Request:
    return kitchen.path("quiz_id", kitchen.made("teacher", "/api/quizzes/", **kitchen.quiz_form(kitchen.lecture())))


@recipe("start_attempt", "show_attempt")
def _show_attempt(kitchen: Kitchen) -> Request:
    return kitchen.path("quiz_id", kitchen.started_quiz()[0])


@recipe("save_answers", "submit_attempt")
def _submit_attempt(kitchen: Kitchen) -> Request:
    quiz, questions = kitchen.started_quiz()
    return kitchen.path("quiz_id", quiz, answers=_answers(questions))


@recipe("grade_quiz_submission")
def _grade_quiz_submission(kitchen: Kitchen) -> Request:
    quiz, questions = kitchen.started_quiz("written")
    answers = [{"quiz_question_id": place["quiz_question_id"], "written_answer": "because"} for place in questions]
    kitchen.school.ask("student", "POST", f"/api/quizzes/{quiz}/submit/", {"answers": answers})
    answer = kitchen.row(
        "SELECT a.id, a.submission_id FROM quiz_answers a JOIN quiz_submissions s ON s.id = a.submission_id "
        f"WHERE s.quiz_id = {int(quiz)}"
    )
    grades = [{"answer_id": answer.id, "points_awarded": "1", "feedback": "good"}]
    return kitchen.path("submission_id", answer.submission_id, answers=grades)


@recipe("get_quiz_submission")
def _get_quiz_submission(kitchen: Kitchen) -> Request:
    quiz, questions = kitchen.started_quiz()
    kitchen.school.ask("student", "POST", f"/api/quizzes/{quiz}/submit/", {"answers": _answers(questions)})
    found = kitchen.row(f"SELECT id FROM quiz_submissions WHERE quiz_id = {int(quiz)}")
    return kitchen.path("submission_id", found.id)


def _answers(questions: list[Any]) -> list[Request]:
    return [
        {"quiz_question_id": place["quiz_question_id"], "choice_ids": [place["choices"][0]["id"]]}
        for place in questions
    ]


def _token_of(address: str) -> dict[str, str]:
    return {"token": parse_qs(urlsplit(address).query)["token"][0]}


# The educational structure: what nothing uses yet can be deleted.


def _structure(kind: str, **more: Any) -> None:
    def add(kitchen: Kitchen) -> Request:
        return kitchen.body(name=kitchen.name(), **_named(kitchen))

    def remove(kitchen: Kitchen) -> Request:
        path = f"/api/structure/{kind}/"
        return kitchen.path("item_id", kitchen.made("owner", path, name=kitchen.name(), **_named(kitchen)))

    def _named(kitchen: Kitchen) -> Request:
        return {name: value(kitchen) if callable(value) else value for name, value in more.items()}

    name = kind.replace("-", "_")
    RECIPES[f"add_{name}"], RECIPES[f"remove_{name}"] = add, remove


_structure("grades", order=99)
_structure("school-types")
_structure("divisions")
_structure("subjects")
_structure("governorates")
_structure("areas", governorate=lambda kitchen: kitchen.supplies.one("governorate"))
_structure("video-security", price_per_student="5.00")
