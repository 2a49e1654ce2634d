"""Homework: who makes it, of which questions, and who reads it with or without what is correct."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.quizzes.models import Homework, HomeworkQuestion
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_homework,
    create_lecture,
    create_purchase,
    create_question,
    create_site_owner,
    create_student,
    create_teacher,
)
from tests.quizzes.shown import (
    FORBIDDEN,
    MUST_PURCHASE,
    NOT_FOUND,
    choices_of,
    page_of,
    places_of,
    shown_homework,
    shown_question,
    unknown,
)

HOMEWORKS = "/api/homeworks/"


def stored(statement=None):
    return db.session.scalars(select(Homework) if statement is None else statement).all()


class TestMaking:
    def test_a_teacher_adds_a_homework_with_questions_in_the_order_of_the_list(self, teacher, lecture, owner_of_it):
        first, second = create_question(owner_of_it, points=3), create_question(owner_of_it)

        response = teacher.post(
            HOMEWORKS,
            {
                "lecture": lecture.id,
                "title": " الواجب الأول ",
                "questions": [{"question": second.id}, {"question": first.id}],
            },
        )

        (homework,) = stored()
        assert (response.status_code, response.json) == (201, shown_homework(homework))
        assert (homework.title, homework.description, homework.is_active) == ("الواجب الأول", None, True)
        assert [(place.question_id, place.points, place.order) for place in places_of(homework)] == [
            (second.id, 1, 1),
            (first.id, 3, 2),
        ]

    def test_a_homework_is_added_with_all_its_values(self, api, lecture, owner_of_it):
        owner = api.as_(create_site_owner())
        question, other = create_question(owner_of_it), create_question(owner_of_it)

        response = owner.post(
            HOMEWORKS,
            {
                "lecture": lecture.id,
                "title": "واجب",
                "description": "اقرأ أولا",
                "is_active": False,
                "questions": [
                    {"question": question.id, "points": 7, "order": 9, "id": 5},
                    {"question": other.id, "points": "٤", "order": 3},
                ],
                "id": 5,
                "created_at": "2001-01-01T00:00:00Z",
            },
        )

        (homework,) = stored()
        assert (response.status_code, response.json) == (201, shown_homework(homework))
        assert (homework.description, homework.is_active, homework.created_at.year > 2001) == ("اقرأ أولا", False, True)
        assert [(place.question_id, place.points, place.order) for place in places_of(homework)] == [
            (other.id, 4, 3),
            (question.id, 7, 9),
        ]

    def test_a_homework_may_begin_without_questions(self, teacher, lecture):
        response = teacher.post(HOMEWORKS, {"lecture": lecture.id, "title": "واجب"})

        assert (response.status_code, response.json["questions"]) == (201, [])

    def test_a_question_is_shown_as_the_bank_shows_it(self, teacher, lecture, owner_of_it):
        question = create_question(
            owner_of_it, tags=["جبر", "صعب"], image="public/pictures/q.png", model_answer="س = ٢", points=5
        )
        choices_of(question)[0].image = "public/pictures/c.png"
        question.created_at = question.created_at.replace(microsecond=0)
        db.session.commit()

        response = teacher.post(
            HOMEWORKS, {"lecture": lecture.id, "title": "واجب", "questions": [{"question": question.id}]}
        )

        (place,) = response.json["questions"]
        assert place["question"] == shown_question(question)
        assert place["question"] == teacher.get(f"/api/questions/{question.id}/").json
        assert place["question"]["image"] == "http://localhost/media/pictures/q.png"

    @pytest.mark.parametrize(
        ("values", "messages"),
        [
            ({"lecture": 987654}, {"lecture": [unknown(987654)]}),
            ({"lecture": 2**63}, {"lecture": [unknown(2**63)]}),
            ({"lecture": "x"}, {"lecture": ["A valid integer is required."]}),
            ({"lecture": None}, {"lecture": ["This field may not be null."]}),
            ({"title": " "}, {"title": ["This field may not be blank."]}),
            ({"title": "a\0"}, {"title": ["Null characters are not allowed."]}),
            ({"title": "x" * 256}, {"title": ["Ensure this field has no more than 255 characters."]}),
            ({"description": [1]}, {"description": ["Not a valid string."]}),
            ({"is_active": "maybe"}, {"is_active": ["Must be a valid boolean."]}),
            ({"questions": {}}, {"questions": ['Expected a list of items but got type "dict".']}),
            ({"questions": [7]}, {"questions": [{"non_field_errors": ["Invalid data. Expected a dictionary."]}]}),
            ({"questions": [{}]}, {"questions": [{"question": ["This field is required."]}]}),
            ({"questions": [{"question": 0}]}, {"questions": [{"question": [unknown(0)]}]}),
            ({"questions": [{"question": 987654}]}, {"questions": [{"question": [unknown(987654)]}]}),
            ({"questions": [{"question": 2**63}]}, {"questions": [{"question": [unknown(2**63)]}]}),
            (
                {"questions": [{"question": 1, "points": 0}]},
                {"questions": [{"points": ["Ensure this value is greater than or equal to 1."]}]},
            ),
            (
                {"questions": [{"question": 1, "points": 1001, "order": -1}]},
                {
                    "questions": [
                        {
                            "points": ["Ensure this value is less than or equal to 1000."],
                            "order": ["Ensure this value is greater than or equal to 0."],
                        }
                    ]
                },
            ),
            (
                {"questions": [{"question": 1}] * 201},
                {"questions": ["Ensure this field has no more than 200 elements."]},
            ),
        ],
    )
    def test_bad_values_are_refused_and_nothing_is_added(self, teacher, lecture, values, messages):
        response = teacher.post(HOMEWORKS, {"lecture": lecture.id, "title": "واجب"} | values)

        assert (response.status_code, response.json) == (400, messages)
        assert stored() == []

    def test_what_is_required_is_asked_for(self, teacher):
        response = teacher.post(HOMEWORKS, {})

        required = ["This field is required."]
        assert (response.status_code, response.json) == (400, {"lecture": required, "title": required})

    def test_a_lecture_of_another_teacher_is_as_good_as_none(self, teacher):
        foreign = create_lecture()

        response = teacher.post(HOMEWORKS, {"lecture": foreign.id, "title": "واجب"})

        assert (response.status_code, response.json) == (400, {"lecture": [unknown(foreign.id)]})

    @pytest.mark.parametrize("as_owner", [False, True])
    def test_each_question_is_of_the_teachers_bank_once_and_of_one_choice(self, api, lecture, owner_of_it, as_owner):
        client = api.as_(create_site_owner() if as_owner else owner_of_it)
        good, foreign = create_question(owner_of_it), create_question()
        written, multiple = create_question(owner_of_it, "written"), create_question(owner_of_it, "mcq_multiple")
        asked = [good, foreign, good, written, multiple]

        response = client.post(
            HOMEWORKS,
            {"lecture": lecture.id, "title": "واجب", "questions": [{"question": item.id} for item in asked]},
        )

        single = {"question": ["Homework takes only questions of type mcq_single."]}
        assert (response.status_code, response.json) == (
            400,
            {
                "questions": [
                    {},
                    {"question": [unknown(foreign.id)]},
                    {"question": ["This question is listed twice."]},
                    single,
                    single,
                ]
            },
        )
        assert stored() == []


class TestChanging:
    def test_only_what_is_sent_changes(self, teacher, lecture):
        homework = create_homework(lecture, description="قديم")
        before = shown_homework(homework)

        response = teacher.patch(f"{HOMEWORKS}{homework.id}/", {"title": "جديد", "id": 7})

        assert (response.status_code, response.json) == (200, before | {"title": "جديد"})

    def test_a_description_may_be_taken_away(self, teacher, lecture):
        homework = create_homework(lecture, description="قديم")

        response = teacher.patch(f"{HOMEWORKS}{homework.id}/", {"description": None, "is_active": False})

        assert (response.json["description"], response.json["is_active"]) == (None, False)

    def test_questions_are_replaced_as_a_whole(self, teacher, lecture, owner_of_it):
        kept, gone, new = (create_question(owner_of_it) for _ in range(3))
        homework = create_homework(lecture, questions=[gone, kept])
        _, kept_place = places_of(homework)

        response = teacher.patch(
            f"{HOMEWORKS}{homework.id}/",
            {"questions": [{"question": new.id}, {"question": kept.id, "points": 8}]},
        )

        first, second = response.json["questions"]
        assert (first["question"]["id"], first["points"], first["order"]) == (new.id, 1, 1)
        assert (second["id"], second["question"]["id"], second["points"]) == (kept_place.id, kept.id, 8)
        assert db.session.scalar(select(func.count()).select_from(HomeworkQuestion)) == 3

    def test_a_question_that_comes_back_has_its_place_again(self, teacher, lecture, owner_of_it):
        question = create_question(owner_of_it)
        homework = create_homework(lecture, questions=[question])
        (place,) = places_of(homework)
        path = f"{HOMEWORKS}{homework.id}/"

        assert teacher.patch(path, {"questions": []}).json["questions"] == []
        response = teacher.patch(path, {"questions": [{"question": question.id, "points": 2}]})

        assert [(item["id"], item["points"]) for item in response.json["questions"]] == [(place.id, 2)]

    def test_refused_questions_leave_everything_as_it_was(self, teacher, lecture):
        homework = create_homework(lecture)
        before = shown_homework(homework)
        foreign = create_question()

        response = teacher.patch(
            f"{HOMEWORKS}{homework.id}/", {"title": "جديد", "questions": [{"question": foreign.id}]}
        )

        assert (response.status_code, response.json) == (400, {"questions": [{"question": [unknown(foreign.id)]}]})
        assert teacher.get(f"{HOMEWORKS}{homework.id}/").json == before

    def test_a_place_names_its_question_also_in_a_change(self, teacher, lecture):
        homework = create_homework(lecture)
        before = shown_homework(homework)

        response = teacher.patch(f"{HOMEWORKS}{homework.id}/", {"questions": [{}, {"points": 2}]})

        missing = {"question": ["This field is required."]}
        assert (response.status_code, response.json) == (400, {"questions": [missing, missing]})
        assert teacher.get(f"{HOMEWORKS}{homework.id}/").json == before

    def test_it_stays_in_its_lecture(self, teacher, lecture):
        homework = create_homework(lecture)
        sibling = create_lecture(topic=lecture.topic)

        same = teacher.patch(f"{HOMEWORKS}{homework.id}/", {"lecture": lecture.id})
        other = teacher.patch(f"{HOMEWORKS}{homework.id}/", {"lecture": sibling.id})

        assert same.status_code == 200
        assert (other.status_code, other.json) == (400, {"lecture": [unknown(sibling.id)]})

    def test_an_edit_of_a_question_is_shown(self, teacher, lecture, owner_of_it):
        question = create_question(owner_of_it)
        homework = create_homework(lecture, questions=[question])
        teacher.patch(f"/api/questions/{question.id}/", {"text": "نص جديد"})

        (place,) = teacher.get(f"{HOMEWORKS}{homework.id}/").json["questions"]

        assert place["question"]["text"] == "نص جديد"

    def test_every_change_is_audited(self, teacher, lecture, owner_of_it):
        body = {"lecture": lecture.id, "title": "واجب"}
        homework_id = teacher.post(HOMEWORKS, body).json["id"]
        teacher.patch(f"{HOMEWORKS}{homework_id}/", {"title": "واجب", "is_active": False, "questions": []})
        teacher.delete(f"{HOMEWORKS}{homework_id}/")

        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.target_type == "homeworks")).all()

        assert [(entry.verb, entry.actor_id, entry.target_id) for entry in entries] == [
            (f"homework.{verb}", owner_of_it.user_id, homework_id) for verb in ("created", "changed", "deleted")
        ]
        assert entries[1].details == {"changed": ["is_active", "questions"]}


class TestWhoMay:
    def test_assistants_read_and_do_not_write(self, api, lecture, owner_of_it):
        assistant = api.as_(create_assistant(owner_of_it))
        homework = create_homework(lecture)
        path = f"{HOMEWORKS}{homework.id}/"

        assert assistant.get(HOMEWORKS).json == page_of(shown_homework(homework))
        assert assistant.get(path).json == shown_homework(homework)
        refused = (assistant.post(HOMEWORKS, {}), assistant.patch(path, {}), assistant.delete(path))
        assert [(response.status_code, response.json) for response in refused] == [(403, FORBIDDEN)] * 3

    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    def test_another_teachers_homework_is_not_found(self, api, lecture, method):
        homework = create_homework(lecture)

        response = api.as_(create_teacher()).request(method, f"{HOMEWORKS}{homework.id}/", {"title": ""})

        assert (response.status_code, response.json) == (404, NOT_FOUND)

    def test_a_teacher_lists_the_own_and_an_owner_all(self, api, lecture, teacher):
        own, foreign = create_homework(lecture), create_homework()

        assert [item["id"] for item in teacher.get(HOMEWORKS).json["results"]] == [own.id]
        everything = api.as_(create_site_owner()).get(HOMEWORKS).json["results"]
        assert {item["id"] for item in everything} == {own.id, foreign.id}

    def test_a_list_is_narrowed_by_lecture_and_title(self, teacher, lecture):
        sibling = create_lecture(topic=lecture.topic)
        wanted = create_homework(lecture, title="واجب الأحياء")
        create_homework(lecture, title="مراجعة")
        elsewhere = create_homework(sibling, title="واجب الاحياء ٢")

        def found(query):
            return [item["id"] for item in teacher.get(f"{HOMEWORKS}?{query}").json["results"]]

        assert found(f"lecture={sibling.id}") == [elsewhere.id]
        assert found("search=احياء واجب") == [wanted.id, elsewhere.id]
        assert found(f"search=أحياء&lecture={lecture.id}") == [wanted.id]
        assert found("lecture=987654") == []

    @pytest.mark.parametrize(
        ("query", "messages"),
        [
            ("lecture=x", {"lecture": ["A valid integer is required."]}),
            (f"lecture={2**63}", {"lecture": [unknown(2**63)]}),
            (f"search={'x' * 256}", {"search": ["Ensure this field has no more than 255 characters."]}),
            ("search=%00", {"search": ["Null characters are not allowed."]}),
        ],
    )
    def test_a_bad_query_is_refused(self, teacher, query, messages):
        response = teacher.get(f"{HOMEWORKS}?{query}")

        assert (response.status_code, response.json) == (400, messages)


class TestReadingAsAStudent:
    def test_a_student_reads_bought_homework_without_what_is_correct(self, student, lecture, owner_of_it):
        question = create_question(owner_of_it, model_answer="س = ٢", tags=["جبر"])
        homework = create_homework(lecture, questions=[question], description="اقرأ")
        create_homework(create_lecture(lecture.topic.course))

        one = student.get(f"{HOMEWORKS}{homework.id}/")

        assert (one.status_code, one.json) == (200, shown_homework(homework, to_student=True))
        assert student.get(HOMEWORKS).json == page_of(shown_homework(homework, to_student=True))
        assert student.get(f"{HOMEWORKS}?lecture={lecture.id}").json == page_of(
            shown_homework(homework, to_student=True)
        )
        for text in (one.text, student.get(f"{HOMEWORKS}?all=true").text):
            assert question.version.text in text
            assert "is_correct" not in text
            assert "model_answer" not in text

    def test_the_database_is_not_asked_what_is_correct_for_a_student(self, student, lecture):
        homework = create_homework(lecture)

        with counted_statements() as statements:
            student.get(f"{HOMEWORKS}{homework.id}/")

        assert [word for word in ("is_correct", "model_answer") if word in " ".join(statements)] == []

    def test_it_can_still_be_read_when_the_time_is_over(self, api, lecture):
        student = create_student()
        create_purchase(student, lecture, purchased_at=clock.now() - timedelta(days=60))
        homework = create_homework(lecture)

        response = api.as_(student).get(f"{HOMEWORKS}{homework.id}/")

        assert (response.status_code, response.json) == (200, shown_homework(homework, to_student=True))

    def test_what_is_not_active_is_not_there(self, student, lecture):
        homework = create_homework(lecture, is_active=False)

        response = student.get(f"{HOMEWORKS}{homework.id}/")

        assert (response.status_code, response.json) == (404, NOT_FOUND)
        assert student.get(HOMEWORKS).json == page_of()

    def test_what_is_not_bought_is_refused(self, student):
        homework = create_homework()
        queries = [f"{homework.id}/", f"?lecture={homework.lecture_id}", "?lecture=987654"]

        answers = [student.get(HOMEWORKS + query) for query in queries]

        assert [(answer.status_code, answer.json) for answer in answers] == [(403, MUST_PURCHASE)] * 3
        assert student.get(HOMEWORKS).json == page_of()

    def test_a_student_writes_nothing(self, student, lecture):
        path = f"{HOMEWORKS}{create_homework(lecture).id}/"

        refused = (student.post(HOMEWORKS, {}), student.patch(path, {}), student.delete(path))

        assert [(response.status_code, response.json) for response in refused] == [(403, FORBIDDEN)] * 3


@pytest.mark.parametrize("many", [1, 6])
def test_reading_runs_the_same_statements_however_much_there_is(teacher, student, lecture, many):
    for _ in range(many):
        homework = create_homework(lecture, questions=2 * many)
    counts = {}
    requests = {
        "list": (teacher, HOMEWORKS),
        "detail": (teacher, f"{HOMEWORKS}{homework.id}/"),
        "student's list": (student, HOMEWORKS),
        "student's list of a lecture": (student, f"{HOMEWORKS}?lecture={lecture.id}"),
        "student's detail": (student, f"{HOMEWORKS}{homework.id}/"),
    }
    for name, (client, path) in requests.items():
        with counted_statements() as statements:
            response = client.get(path)
        assert response.status_code == 200
        counts[name] = len(statements)

    assert counts == {
        "list": 2,
        "detail": 2,
        "student's list": 2,
        "student's list of a lecture": 3,
        "student's detail": 2,
    }


@pytest.mark.parametrize("many", [1, 6])
def test_writing_runs_the_same_statements_however_many_questions_there_are(teacher, lecture, owner_of_it, many):
    questions = [{"question": create_question(owner_of_it).id} for _ in range(many)]
    with counted_statements() as creating:
        homework_id = teacher.post(HOMEWORKS, {"lecture": lecture.id, "title": "واجب", "questions": questions}).json[
            "id"
        ]
    with counted_statements() as changing:
        teacher.patch(f"{HOMEWORKS}{homework_id}/", {"questions": questions})

    # Lecture, row, questions held, their versions, taking out, putting in, reading again.
    assert (len(creating), len(changing)) == (7, 6)
