"""The question bank over HTTP: who sees which questions, how they are narrowed, added and deleted."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.quizzes.models import Question, QuestionChoice, QuestionVersion
from tests.api import counted_statements
from tests.factories import (
    any_grade,
    create_assistant,
    create_course,
    create_homework,
    create_lecture,
    create_question,
    create_quiz,
    create_site_owner,
    create_subject,
    create_teacher,
)

PATH = "/api/questions/"
NOT_FOUND = {"detail": "Not found."}
REQUIRED = ["This field is required."]
BLANK = ["This field may not be blank."]
NO_FILE = ["The submitted data was not a file. Check the encoding type on the form."]
NO_PICTURE = ["Upload a valid image. The file you uploaded was either not an image or a corrupted image."]
OTHER_GRADE = "الصف الأول الإعدادي"


@pytest.fixture
def teacher(app):
    return create_teacher()


@pytest.fixture
def client(api, teacher):
    return api.as_(teacher)


def picture(colour="red"):
    content = BytesIO()
    Image.new("RGB", (4, 4), colour).save(content, "PNG")
    content.seek(0)
    return content


def body(teacher, /, **values):
    """Return a question that breaks no rule, as JSON; an ellipsis leaves a key out."""
    whole = {
        "grade": teacher.grades[0].id,
        "type": "mcq_single",
        "text": "ما عاصمة مصر؟",
        "points": 2,
        "model_answer": None,
        "tags": ["جغرافيا"],
        "choices": [{"text": "القاهرة", "is_correct": True}, {"text": "الإسكندرية", "is_correct": False}],
    } | values
    return {key: value for key, value in whole.items() if value is not ...}


def form(teacher, /, **values):
    """Return the same as a multipart form; what is neither text nor file is JSON in a field."""
    whole = body(teacher, model_answer=...) | values
    return {key: json.dumps(value) if isinstance(value, list) else value for key, value in whole.items()}


def shown(question):
    """Return a question as it stands in the database, as the API shows it."""
    version = db.session.scalar(
        select(QuestionVersion)
        .where(QuestionVersion.question_id == question.id, QuestionVersion.is_current)
        .execution_options(populate_existing=True)
    )
    return {
        "id": question.id,
        "teacher": question.teacher_id,
        "subject": question.subject_id,
        "grade": question.grade_id,
        "text": version.text,
        "image": address(version.image),
        "type": version.type,
        "points": version.points,
        "model_answer": version.model_answer,
        "tags": question.tags,
        "choices": [
            {
                "id": choice.id,
                "text": choice.text,
                "image": address(choice.image),
                "is_correct": choice.is_correct,
                "order": choice.order,
            }
            for choice in version.choices
        ],
        "created_at": iso_z(question.created_at),
    }


def address(name):
    return name and f"http://localhost/media/{name.removeprefix('public/')}"


def stored(app, url):
    return Path(app.config["MEDIA_DIR"]) / "public" / url.partition("/media/")[2]


def ids(response):
    return [item["id"] for item in response.json["results"]]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


class TestList:
    def test_a_teacher_sees_the_own_bank_newest_first(self, api, teacher):
        first = create_question(teacher, tags=["جبر"])
        second = create_question(teacher, "written", model_answer="لأن")
        create_question()

        for person in (teacher, create_assistant(teacher)):
            response = api.as_(person).get(PATH)

            assert response.status_code == 200
            assert response.json == {
                "count": 2,
                "next": None,
                "previous": None,
                "results": [shown(second), shown(first)],
            }

    def test_a_site_owner_sees_every_bank_and_can_narrow_to_one(self, api):
        one, other = create_question(), create_question()
        owner = api.as_(create_site_owner())

        assert ids(owner.get(PATH)) == [other.id, one.id]
        assert ids(owner.get(f"{PATH}?teacher={one.teacher_id}")) == [one.id]

    def test_naming_another_teacher_shows_nothing_of_theirs(self, client):
        other = create_question()

        assert ids(client.get(f"{PATH}?teacher={other.teacher_id}")) == []

    def test_it_is_narrowed_by_subject_grade_type_and_tag(self, api):
        wanted = create_question(
            create_teacher(subject=create_subject(grades=[any_grade(OTHER_GRADE)])),
            "mcq_multiple",
            tags=["هندسة", "صعب"],
        )
        create_question(tags=["هندسه", "صعب جدا"])
        owner = api.as_(create_site_owner())

        for query in (
            f"subject={wanted.subject_id}",
            f"grade={wanted.grade_id}",
            "type=mcq_multiple",
            "tag=صعب",
            "tag=هندسة",
        ):
            assert ids(owner.get(f"{PATH}?{query}")) == [wanted.id], query

    @pytest.mark.parametrize("search", ["احمد", "أَحْمَد الكهربية", "٢٣", "الكهربيه كهرباء", "ohm", "KAHRABAA"])
    def test_a_search_finds_every_word_in_text_or_tags_however_it_is_typed(self, client, teacher, search):
        wanted = create_question(teacher, text="أحمد: ما وحدة المقاومة الكهربية 23؟ Ohm", tags=["كهرباء", "kahrabaa"])
        create_question(teacher, text="سؤال آخر")

        assert ids(client.get(f"{PATH}?search={search}")) == [wanted.id]

    @pytest.mark.parametrize("search", ["100%", "_", "لا يوجد"])
    def test_a_search_takes_every_character_as_it_is(self, client, teacher, search):
        create_question(teacher, text="100 من 100")

        assert ids(client.get(f"{PATH}?search={search}")) == []

    def test_it_is_ordered_by_creation_either_way(self, client, teacher):
        first, second = create_question(teacher), create_question(teacher)

        assert ids(client.get(f"{PATH}?ordering=created_at")) == [first.id, second.id]
        assert ids(client.get(f"{PATH}?ordering=-created_at")) == [second.id, first.id]

    @pytest.mark.parametrize(
        ("query", "messages"),
        [
            ("type=essay", {"type": ['"essay" is not a valid choice.']}),
            ("grade=x", {"grade": ["A valid integer is required."]}),
            (f"subject={2**63}", {"subject": [f'Invalid pk "{2**63}" - object does not exist.']}),
            ("ordering=text", {"ordering": ['"text" is not a valid choice.']}),
            ("tag=%00", {"tag": ["Null characters are not allowed."]}),
        ],
    )
    def test_bad_filters_are_refused(self, client, query, messages):
        response = client.get(f"{PATH}?{query}")

        assert (response.status_code, response.json) == (400, messages)

    @pytest.mark.parametrize("query", ["", "?all=true"])
    def test_it_takes_a_fixed_number_of_statements(self, client, teacher, query):
        counts = []
        for _ in range(2):
            create_question(teacher)
            create_question(teacher, "written")
            with counted_statements() as statements:
                assert client.get(PATH + query).status_code == 200
            counts.append(len(statements))

        assert counts == [2 if query else 3] * 2

    def test_the_whole_list_is_what_its_pages_are(self, client, teacher):
        questions = [create_question(teacher) for _ in range(3)]

        response = client.get(f"{PATH}?all=true&ordering=created_at")

        assert response.json == {"count": 3, "results": [shown(question) for question in questions]}


class TestShow:
    def test_a_question_has_all_of_its_current_version(self, api, teacher):
        question = create_question(teacher, "mcq_multiple", right=(2, 3), tags=["كيمياء"])

        for person in (teacher, create_assistant(teacher), create_site_owner()):
            response = api.as_(person).get(f"{PATH}{question.id}/")

            assert (response.status_code, response.json) == (200, shown(question))

    def test_it_takes_three_statements(self, client, teacher):
        question = create_question(teacher)

        with counted_statements() as statements:
            client.get(f"{PATH}{question.id}/")

        assert len(statements) == 3

    @pytest.mark.parametrize("number", ["0", "987654", str(2**63), "9" * 40])
    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    def test_what_is_not_there_is_not_found(self, client, method, number):
        response = client.request(method, f"{PATH}{number}/")

        assert (response.status_code, response.json) == (404, NOT_FOUND)

    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    def test_another_teachers_question_is_not_found(self, client, method):
        question = create_question()

        response = client.request(method, f"{PATH}{question.id}/")

        assert (response.status_code, response.json) == (404, NOT_FOUND)
        assert count(Question) == 1


class TestCreate:
    def test_a_teacher_adds_a_question_with_choices(self, client, teacher):
        response = client.post(PATH, body(teacher))

        question = db.session.scalars(select(Question)).one()
        assert (response.status_code, response.json) == (201, shown(question))
        correct, wrong = response.json["choices"]
        assert response.json == {
            "id": question.id,
            "teacher": teacher.id,
            "subject": teacher.subject_id,
            "grade": teacher.grades[0].id,
            "text": "ما عاصمة مصر؟",
            "image": None,
            "type": "mcq_single",
            "points": 2,
            "model_answer": None,
            "tags": ["جغرافيا"],
            "choices": [
                {"id": correct["id"], "text": "القاهرة", "image": None, "is_correct": True, "order": 1},
                {"id": wrong["id"], "text": "الإسكندرية", "image": None, "is_correct": False, "order": 2},
            ],
            "created_at": iso_z(question.created_at),
        }
        assert db.session.scalars(select(QuestionVersion.number)).all() == [1]

    def test_a_written_question_needs_no_more_than_grade_type_and_text(self, client, teacher):
        wanted = {"grade": teacher.grades[0].id, "type": "written", "text": "علل"}

        response = client.post(PATH, wanted)

        assert response.status_code == 201
        assert response.json == wanted | {
            "id": response.json["id"],
            "teacher": teacher.id,
            "subject": teacher.subject_id,
            "image": None,
            "points": 1,
            "model_answer": None,
            "tags": [],
            "choices": [],
            "created_at": response.json["created_at"],
        }

    def test_a_written_question_keeps_its_model_answer(self, client, teacher):
        response = client.post(PATH, body(teacher, type="written", choices=[], model_answer="لأن"))

        assert (response.status_code, response.json["model_answer"]) == (201, "لأن")

    def test_a_site_owner_names_the_teacher(self, api, teacher):
        owner = api.as_(create_site_owner())

        response = owner.post(PATH, body(teacher, teacher=teacher.id))

        assert response.status_code == 201
        assert (response.json["teacher"], response.json["subject"]) == (teacher.id, teacher.subject_id)

    def test_a_site_owner_has_to_name_one_that_exists(self, api, teacher):
        owner = api.as_(create_site_owner())

        for values, messages in (
            ({}, REQUIRED),
            ({"teacher": 987654}, ['Invalid pk "987654" - object does not exist.']),
        ):
            response = owner.post(PATH, body(teacher, **values))

            assert (response.status_code, response.json) == (400, {"teacher": messages})
        assert count(Question) == 0

    def test_what_only_the_server_decides_cannot_be_set(self, client, teacher):
        other = create_question()
        forged = {
            "id": 4711,
            "teacher": other.teacher_id,
            "subject": other.subject_id,
            "version": 7,
            "number": 7,
            "is_current": False,
            "created_at": "2001-01-01T00:00:00Z",
        }

        response = client.post(PATH, body(teacher, **forged))

        assert response.status_code == 201
        assert response.json["id"] != 4711
        assert (response.json["teacher"], response.json["subject"]) == (teacher.id, teacher.subject_id)
        assert not response.json["created_at"].startswith("2001")

    def test_the_ids_of_choices_say_nothing_of_their_order(self, client, teacher):
        choices = [{"text": str(number), "is_correct": number == 0} for number in range(10)]

        orders = {
            tuple(choice["id"] - min(other["id"] for other in made) for choice in made)
            for made in (client.post(PATH, body(teacher, choices=choices)).json["choices"] for _ in range(5))
        }

        assert len(orders) == 5
        assert tuple(range(10)) not in orders

    @pytest.mark.parametrize(
        ("given", "texts", "orders"),
        [
            ([7, 3, 5], ["2", "3", "1"], [3, 5, 7]),
            ([0, 1, 2], ["1", "2", "3"], [0, 1, 2]),
            ([5, 5, 1], ["3", "1", "2"], [1, 2, 3]),
            ([2, ..., 1], ["3", "1", "2"], [1, 2, 3]),
            ([9, ..., ...], ["2", "3", "1"], [2, 3, 9]),
        ],
    )
    def test_choices_stand_in_the_order_of_their_numbers(self, client, teacher, given, texts, orders):
        choices = [
            {"text": str(place), "is_correct": place == 1} | ({} if order is ... else {"order": order})
            for place, order in enumerate(given, 1)
        ]

        made = client.post(PATH, body(teacher, choices=choices)).json["choices"]

        assert [choice["text"] for choice in made] == texts
        assert [choice["order"] for choice in made] == orders

    def test_a_tag_that_comes_twice_is_there_once(self, client, teacher):
        response = client.post(PATH, body(teacher, tags=["ب", " أ ", "ب"]))

        assert response.json["tags"] == ["ب", "أ"]

    def test_it_is_written_into_the_audit_trail(self, client, teacher):
        question_id = client.post(PATH, body(teacher)).json["id"]

        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.verb, entry.actor_id, entry.target_type, entry.target_id, entry.details) == (
            "question.created",
            teacher.user_id,
            "questions",
            question_id,
            {"teacher": teacher.id, "type": "mcq_single"},
        )

    def test_the_statements_do_not_grow_with_the_choices(self, client, teacher):
        counts = []
        for number in (2, 10):
            choices = [{"text": "س", "is_correct": place == 0} for place in range(number)]
            with counted_statements() as statements:
                assert client.post(PATH, body(teacher, choices=choices)).status_code == 201
            counts.append(len(statements))

        assert counts == [7, 7]


ONE = {"text": "أ", "is_correct": True}
OTHER = {"text": "ب"}
SINGLE = {"choices": ["A question with a single answer has exactly one correct choice."]}
MULTIPLE = {"choices": ["A question with several answers has at least one correct choice."]}
WRITTEN = {"choices": ["A written question has no choices."]}
BAD_CONTENT = [
    ({"type": "essay"}, {"type": ['"essay" is not a valid choice.']}),
    ({"type": None}, {"type": ["This field may not be null."]}),
    ({"type": ["mcq_single"]}, {"type": ['"list" is not a valid choice.']}),
    ({"text": " "}, {"text": BLANK}),
    ({"text": {}}, {"text": ["Not a valid string."]}),
    ({"text": "a\0b"}, {"text": ["Null characters are not allowed."]}),
    ({"text": "x" * 5001}, {"text": ["Ensure this field has no more than 5000 characters."]}),
    ({"points": 0}, {"points": ["Ensure this value is greater than or equal to 1."]}),
    ({"points": 1001}, {"points": ["Ensure this value is less than or equal to 1000."]}),
    ({"points": 1.5}, {"points": ["A valid integer is required."]}),
    ({"points": 10**30}, {"points": ["Ensure this value is less than or equal to 1000."]}),
    ({"model_answer": []}, {"model_answer": ["Not a valid string."]}),
    ({"grade": "x"}, {"grade": ["A valid integer is required."]}),
    ({"grade": 2**63}, {"grade": [f'Invalid pk "{2**63}" - object does not exist.']}),
    ({"grade": 987654}, {"grade": ['Invalid pk "987654" - object does not exist.']}),
    ({"image": "http://x/y.png"}, {"image": NO_FILE}),
    ({"tags": "جبر"}, {"tags": ['Expected a list of items but got type "str".']}),
    ({"tags": ["a|b"]}, {"tags": ['A tag may not contain "|".']}),
    ({"tags": [""]}, {"tags": BLANK}),
    ({"tags": ["x" * 51]}, {"tags": ["Ensure this field has no more than 50 characters."]}),
    ({"tags": [str(number) for number in range(21)]}, {"tags": ["Ensure this field has no more than 20 elements."]}),
    ({"choices": {}}, {"choices": ['Expected a list of items but got type "dict".']}),
    ({"choices": None}, {"choices": ["This field may not be null."]}),
    ({"choices": [ONE, 7]}, {"choices": [{}, {"non_field_errors": ["Invalid data. Expected a dictionary."]}]}),
    ({"choices": [ONE] + [OTHER] * 10}, {"choices": ["Ensure this field has no more than 10 elements."]}),
    ({"choices": [ONE, {}]}, {"choices": [{}, {"text": REQUIRED}]}),
    ({"choices": [ONE, {"text": " "}]}, {"choices": [{}, {"text": BLANK}]}),
    ({"choices": [ONE, {"text": "", "image": None}]}, {"choices": [{}, {"text": BLANK}]}),
    (
        {"choices": [ONE, {"text": "x" * 1001}]},
        {"choices": [{}, {"text": ["Ensure this field has no more than 1000 characters."]}]},
    ),
    (
        {"choices": [ONE, OTHER | {"is_correct": "maybe"}]},
        {"choices": [{}, {"is_correct": ["Must be a valid boolean."]}]},
    ),
    (
        {"choices": [ONE, OTHER | {"order": -1}]},
        {"choices": [{}, {"order": ["Ensure this value is greater than or equal to 0."]}]},
    ),
    ({"choices": [ONE, OTHER | {"image": "a"}]}, {"choices": [{}, {"image": NO_FILE}]}),
    (
        {"choices": [ONE, OTHER | {"image": "http://localhost/media/pictures/x.png"}]},
        {"choices": [{}, {"image": NO_FILE}]},
    ),
    ({"choices": []}, SINGLE),
    ({"choices": [OTHER, OTHER]}, SINGLE),
    ({"choices": [ONE, ONE]}, SINGLE),
    ({"type": "mcq_multiple", "choices": []}, MULTIPLE),
    ({"type": "mcq_multiple", "choices": [OTHER, OTHER]}, MULTIPLE),
    ({"type": "written"}, WRITTEN),
]


@pytest.mark.parametrize(("values", "messages"), BAD_CONTENT)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_bad_content_is_refused_and_nothing_written(client, teacher, method, values, messages):
    if method == "PATCH":
        path, sent = f"{PATH}{create_question(teacher).id}/", values
    else:
        path, sent = PATH, body(teacher, **values)
    before = (count(Question), count(QuestionVersion), count(QuestionChoice))

    response = client.request(method, path, sent)

    assert (response.status_code, response.json) == (400, messages)
    assert (count(Question), count(QuestionVersion), count(QuestionChoice)) == before


def test_grade_type_and_text_are_required(client):
    response = client.post(PATH, {})

    assert (response.status_code, response.json) == (400, {"grade": REQUIRED, "type": REQUIRED, "text": REQUIRED})


def test_the_grade_is_one_that_the_teacher_teaches(api, client, teacher):
    grade = any_grade(OTHER_GRADE)
    question, owner = create_question(teacher), api.as_(create_site_owner())
    messages = {"grade": [f"Teacher {teacher.name} does not teach grade {OTHER_GRADE}."]}

    responses = [
        client.post(PATH, body(teacher, grade=grade.id)),
        client.patch(f"{PATH}{question.id}/", {"grade": grade.id}),
        owner.post(PATH, body(teacher, grade=grade.id, teacher=teacher.id)),
        owner.patch(f"{PATH}{question.id}/", {"grade": grade.id}),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(400, messages)] * 4


@pytest.mark.parametrize("field", ["text", "model_answer", "tags", "choices"])
def test_half_a_character_is_refused(client, teacher, field):
    half = {"tags": ["\ud800"], "choices": [{"text": "\ud800", "is_correct": True}]}.get(field, "\ud800")

    response = client.post(PATH, body(teacher) | {field: half})

    assert response.status_code == 400
    assert response.json["detail"].startswith("JSON parse error")
    assert count(Question) == 0


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml"])
def test_a_body_of_another_type_is_refused(client, content_type):
    response = client.post(PATH, data="<a/>", content_type=content_type)

    assert response.status_code == 415
    assert count(Question) == 0


class TestDelete:
    def test_a_question_goes_with_its_versions_and_the_pictures_of_all_of_them(self, app, client, teacher):
        made = client.post(
            PATH,
            data=form(
                teacher,
                image=(picture(), "q.png"),
                choices=[ONE | {"image": "a"}, OTHER],
                a=(picture("blue"), "a.png"),
            ),
        ).json
        path = f"{PATH}{made['id']}/"
        edited = client.patch(path, data={"image": (picture("green"), "n.png")}).json
        urls = [made["image"], edited["image"], made["choices"][0]["image"]]
        assert [stored(app, url).exists() for url in urls] == [True] * 3

        response = client.delete(path)

        assert (response.status_code, response.data) == (204, b"")
        assert [count(Question), count(QuestionVersion), count(QuestionChoice)] == [0, 0, 0]
        assert [stored(app, url).exists() for url in urls] == [False] * 3
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "question.deleted")).one()
        assert (entry.actor_id, entry.target_id, entry.details) == (
            teacher.user_id,
            made["id"],
            {"teacher": teacher.id},
        )

    @pytest.mark.parametrize(("use", "noun"), [(create_quiz, "quiz"), (create_homework, "homework")])
    @pytest.mark.parametrize("is_removed", [False, True])
    def test_one_that_stands_or_has_stood_in_something_stays(self, app, client, teacher, use, noun, is_removed):
        made = client.post(PATH, data=form(teacher, image=(picture(), "q.png"))).json
        used = use(create_lecture(create_course(teacher)), questions=[db.session.get(Question, made["id"])])
        place = used.questions[0]
        place.is_removed = is_removed
        db.session.commit()

        response = client.delete(f"{PATH}{made['id']}/")

        assert response.status_code == 400
        assert response.json == {"detail": f"Cannot delete a question that is used in a {noun}."}
        assert [count(Question), count(QuestionVersion), count(QuestionChoice)] == [1, 1, 2]
        assert stored(app, made["image"]).exists()
        assert count(AuditEntry) == 1

    def test_one_that_is_gone_is_not_found(self, client, teacher):
        path = f"{PATH}{create_question(teacher).id}/"

        assert [client.delete(path).status_code, client.delete(path).status_code] == [204, 404]
