"""Editing questions: what adds a version, what does not, whose pictures stay; and two edits in the same moment."""

import json
import time
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.quizzes.models import Question, QuestionVersion
from edutrack.quizzes.queries.bank import whole_question
from edutrack.quizzes.service import bank
from tests.api import Api, counted_statements
from tests.factories import (
    any_grade,
    create_course,
    create_homework,
    create_lecture,
    create_question,
    create_quiz,
    create_site_owner,
    create_subject,
    create_teacher,
)
from tests.racing import race

PATH = "/api/questions/"
NO_FILE = ["The submitted data was not a file. Check the encoding type on the form."]
NO_PICTURE = ["Upload a valid image. The file you uploaded was either not an image or a corrupted image."]


@pytest.fixture
def teacher(app):
    grades = [any_grade(), any_grade("الصف الأول الإعدادي")]
    return create_teacher(subject=create_subject(grades=grades))


@pytest.fixture
def client(api, teacher):
    return api.as_(teacher)


@pytest.fixture
def question(teacher):
    return create_question(teacher, tags=["جبر"], points=3)


def picture(colour="red"):
    content = BytesIO()
    Image.new("RGB", (4, 4), colour).save(content, "PNG")
    content.seek(0)
    return (content, "picture.png")


def versions(question_id):
    """Return number and currency of each version, as they stand in the database."""
    columns = select(QuestionVersion.number, QuestionVersion.is_current)
    rows = db.session.execute(columns.filter_by(question_id=question_id).order_by(QuestionVersion.number))
    return [tuple(row) for row in rows]


def path(question):
    return f"{PATH}{question.id}/"


def plain(choices):
    """Return choices without the ids, which are new in every version."""
    return [{key: value for key, value in choice.items() if key != "id"} for choice in choices]


class TestVersions:
    @pytest.mark.parametrize(
        "values",
        [
            {"text": "سؤال جديد"},
            {"points": 9},
            {"model_answer": "لأن"},
            {"type": "mcq_multiple"},
            {"type": "written", "choices": []},
            {"choices": [{"text": "نعم", "is_correct": True}, {"text": "لا"}]},
        ],
    )
    def test_an_edit_adds_a_version_and_leaves_the_one_before(self, client, question, values):
        before = client.get(path(question)).json

        response = client.patch(path(question), values)

        shown = response.json
        assert response.status_code == 200
        assert shown == before | values | {"choices": shown["choices"]}
        assert versions(question.id) == [(1, False), (2, True)]
        first = db.session.scalars(select(QuestionVersion).filter_by(question_id=question.id, number=1)).one()
        assert (first.text, first.points, first.type) == (before["text"], before["points"], before["type"])
        assert [choice.id for choice in first.choices] == [choice["id"] for choice in before["choices"]]
        assert {choice["id"] for choice in shown["choices"]} & {choice["id"] for choice in before["choices"]} == set()
        assert client.get(path(question)).json == shown

    def test_choices_that_an_edit_does_not_name_come_along(self, client, question):
        before = client.get(path(question)).json["choices"]

        after = client.patch(path(question), {"text": "سؤال جديد"}).json["choices"]

        assert plain(after) == plain(before)

    def test_choices_that_an_edit_names_are_all_there_are(self, client, question):
        choices = [{"text": "ب", "order": 2}, {"text": "أ", "is_correct": True, "order": 1}]

        after = client.patch(path(question), {"choices": choices}).json["choices"]

        assert plain(after) == [
            {"text": "أ", "image": None, "is_correct": True, "order": 1},
            {"text": "ب", "image": None, "is_correct": False, "order": 2},
        ]

    def test_each_edit_has_the_next_number(self, client, question):
        for number in range(3):
            client.patch(path(question), {"points": 10 + number})

        assert versions(question.id) == [(1, False), (2, False), (3, False), (4, True)]

    def test_what_was_read_changes_nothing_when_it_is_sent_back(self, client, question):
        before = client.get(path(question)).json
        unchanged = {key: value for key, value in before.items() if key != "image"}

        response = client.patch(path(question), unchanged)

        assert (response.status_code, response.json) == (200, before)
        assert versions(question.id) == [(1, True)]

    def test_an_empty_edit_changes_nothing(self, client, question):
        before = client.get(path(question)).json

        response = client.patch(path(question), {})

        assert (response.status_code, response.json) == (200, before)
        assert versions(question.id) == [(1, True)]

    def test_tags_and_grade_are_of_the_question_and_add_no_version(self, client, teacher, question):
        before = client.get(path(question)).json
        values = {"tags": ["هندسة", "صعب"], "grade": teacher.grades[1].id}

        response = client.patch(path(question), values)

        assert (response.status_code, response.json) == (200, before | values)
        assert client.get(path(question)).json == before | values
        assert versions(question.id) == [(1, True)]

    def test_an_empty_model_answer_is_none(self, client, teacher):
        question = create_question(teacher, "written", model_answer="لأن")

        assert client.patch(path(question), {"model_answer": " "}).json["model_answer"] is None

    def test_what_only_the_server_decides_cannot_be_changed(self, client, question):
        other, before = create_question(), client.get(path(question)).json
        forged = {
            "id": other.id,
            "teacher": other.teacher_id,
            "subject": other.subject_id,
            "number": 9,
            "version": {"text": "x"},
            "is_current": False,
            "created_at": "2001-01-01T00:00:00Z",
        }

        response = client.patch(path(question), forged)

        assert (response.status_code, response.json) == (200, before)

    def test_a_site_owner_cannot_give_a_question_to_another_teacher(self, api, question):
        owner, other = api.as_(create_site_owner()), create_teacher()

        response = owner.patch(path(question), {"teacher": other.id, "text": "x"})

        assert response.status_code == 400
        assert response.json == {"teacher": ["Cannot change the teacher of an existing question."]}
        assert owner.patch(path(question), {"teacher": question.teacher_id}).status_code == 200
        assert versions(question.id) == [(1, True)]

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"type": "written"}, "A written question has no choices."),
            ({"choices": []}, "A question with a single answer has exactly one correct choice."),
            (
                {"type": "mcq_multiple", "choices": [{"text": "أ"}]},
                "A question with several answers has at least one correct choice.",
            ),
        ],
    )
    def test_an_edit_is_judged_by_what_the_question_would_become(self, client, question, values, message):
        response = client.patch(path(question), values)

        assert (response.status_code, response.json) == (400, {"choices": [message]})
        assert versions(question.id) == [(1, True)]

    def test_a_written_question_cannot_become_one_of_choices_without_them(self, client, teacher):
        question = create_question(teacher, "written")

        response = client.patch(path(question), {"type": "mcq_multiple"})

        assert response.status_code == 400
        assert response.json == {"choices": ["A question with several answers has at least one correct choice."]}

    def test_several_correct_answers_cannot_become_a_single_one(self, client, teacher):
        question = create_question(teacher, "mcq_multiple", right=(1, 2))

        response = client.patch(path(question), {"type": "mcq_single"})

        assert response.status_code == 400
        assert response.json == {"choices": ["A question with a single answer has exactly one correct choice."]}

    @pytest.mark.parametrize("is_removed", [False, True])
    def test_the_type_of_a_question_in_a_homework_stays(self, client, teacher, question, is_removed):
        homework = create_homework(create_lecture(create_course(teacher)), questions=[question])
        homework.questions[0].is_removed = is_removed
        db.session.commit()

        response = client.patch(path(question), {"type": "mcq_multiple"})

        assert response.status_code == 400
        assert response.json == {"type": ["Cannot change the type of a question that is used in a homework."]}
        assert client.patch(path(question), {"type": "mcq_single", "text": "x"}).status_code == 200

    def test_the_type_of_a_question_in_a_quiz_may_change(self, client, teacher, question):
        create_quiz(create_lecture(create_course(teacher)), questions=[question])

        assert client.patch(path(question), {"type": "mcq_multiple"}).json["type"] == "mcq_multiple"

    def test_it_is_written_into_the_audit_trail(self, client, teacher, question):
        client.patch(path(question), {"text": "جديد", "points": 3, "tags": []})

        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.verb, entry.actor_id, entry.target_id) == ("question.changed", teacher.user_id, question.id)
        assert entry.details == {"changed": ["tags", "text"]}

    def test_the_statements_do_not_grow_with_choices_or_versions(self, client, question):
        counts = []
        for number in (2, 9):
            choices = [{"text": "س", "is_correct": place == 0} for place in range(number)]
            with counted_statements() as statements:
                assert client.patch(path(question), {"choices": choices}).status_code == 200
            counts.append(len(statements))

        assert counts == [9, 9]


class TestPictures:
    def create(self, client, teacher, choices, **parts):
        values = {"grade": teacher.grades[0].id, "type": "mcq_single", "text": "ما هذا؟"}
        return client.post(PATH, data=values | {"choices": json.dumps(choices)} | parts)

    @pytest.fixture
    def made(self, client, teacher):
        """A question with a picture, one choice with another, and one without."""
        choices = [{"text": "", "image": "first", "is_correct": True}, {"text": "ب"}]
        response = self.create(client, teacher, choices, image=picture(), first=picture("blue"))
        assert response.status_code == 201
        return response.json

    def patch(self, client, made, choices=None, **values):
        body = values if choices is None else values | {"choices": choices}
        return client.patch(f"{PATH}{made['id']}/", body)

    def test_question_and_choices_have_pictures_that_anybody_can_load(self, client, made):
        urls = [made["image"], made["choices"][0]["image"]]

        assert [url.startswith("http://localhost/media/pictures/") for url in urls] == [True, True]
        assert made["choices"][1]["image"] is None
        assert len(set(urls)) == 2
        for url in urls:
            with client.get(url.removeprefix("http://localhost")) as response:
                assert (response.status_code, response.mimetype) == (200, "image/png")

    def test_one_part_may_be_the_picture_of_two_choices(self, client, teacher):
        choices = [{"text": "أ", "image": "p", "is_correct": True}, {"text": "ب", "image": "p"}]

        response = self.create(client, teacher, choices, p=picture())

        first, second = response.json["choices"]
        assert response.status_code == 201
        assert None not in (first["image"], second["image"])
        assert first["image"] != second["image"]

    @pytest.mark.parametrize("keep", ["by its address", "by the choice's id"])
    def test_a_choice_keeps_its_picture(self, client, made, keep):
        first, second = made["choices"]
        kept = {"text": "صورة", "is_correct": True}
        kept |= {"image": first["image"]} if keep == "by its address" else {"id": first["id"]}

        response = self.patch(client, made, [{"text": second["text"]}, kept])

        assert response.status_code == 200
        assert plain(response.json["choices"]) == [
            {"text": "ب", "image": None, "is_correct": False, "order": 1},
            {"text": "صورة", "image": first["image"], "is_correct": True, "order": 2},
        ]
        assert response.json["image"] == made["image"]

    @pytest.mark.parametrize("values", [{"image": None}, {}])
    def test_a_choice_without_it_loses_its_picture(self, client, made, values):
        response = self.patch(client, made, [{"text": "أ", "is_correct": True} | values])

        assert [choice["image"] for choice in response.json["choices"]] == [None]

    def test_a_choice_gets_another_picture(self, client, made):
        choices = [{"id": made["choices"][0]["id"], "text": "", "is_correct": True, "image": "other"}]

        response = client.patch(
            f"{PATH}{made['id']}/", data={"choices": json.dumps(choices), "other": picture("green")}
        )

        (choice,) = response.json["choices"]
        assert response.status_code == 200
        assert choice["image"] not in (None, made["choices"][0]["image"])

    @pytest.mark.parametrize("sent", ["json", "form"])
    def test_the_questions_picture_is_taken_away_by_null(self, client, made, sent):
        body = {"body": {"image": None}} if sent == "json" else {"data": {"image": ""}}

        response = client.patch(f"{PATH}{made['id']}/", **body)

        assert response.json == made | {"image": None, "choices": response.json["choices"]}
        assert plain(response.json["choices"]) == plain(made["choices"])

    def test_pictures_of_versions_before_stay(self, client, made):
        client.patch(f"{PATH}{made['id']}/", data={"image": picture("green")})

        with client.get(made["image"].removeprefix("http://localhost")) as response:
            assert response.status_code == 200

    def test_pictures_that_are_sent_back_are_no_edit(self, client, made):
        response = self.patch(client, made, made["choices"])

        assert (response.status_code, response.json) == (200, made)
        assert versions(made["id"]) == [(1, True)]

    @pytest.mark.parametrize(
        ("image", "messages"),
        [
            ("nowhere", {"image": NO_FILE}),
            ("text", {"image": NO_FILE}),
            ("empty", {"image": ["The submitted file is empty."]}),
            ("broken", {"image": NO_PICTURE}),
            ("", {"image": ["This field may not be blank."]}),
            (7, {"image": NO_FILE}),
            ("x" * 2001, {"image": ["Ensure this field has no more than 2000 characters."]}),
        ],
    )
    def test_what_is_no_picture_is_refused_at_its_choice(self, client, teacher, image, messages):
        choices = [{"text": "أ", "is_correct": True}, {"text": "ب", "image": image}]
        parts = {"empty": (BytesIO(b""), "a.png"), "broken": (BytesIO(b"<svg/>"), "a.png")}

        response = self.create(client, teacher, choices, **parts)

        assert (response.status_code, response.json) == (400, {"choices": [{}, messages]})
        assert db.session.scalars(select(Question.id)).all() == []

    def test_a_questions_picture_is_judged_by_its_bytes(self, client, teacher):
        response = self.create(
            client, teacher, [{"text": "أ", "is_correct": True}], image=(BytesIO(b"GIF89a"), "a.png")
        )

        assert (response.status_code, response.json) == (400, {"image": NO_PICTURE})

    def test_nothing_is_left_on_the_disk_where_one_of_several_is_refused(self, app, client, teacher, tmp_path):
        app.config["MEDIA_DIR"], before = str(tmp_path), app.config["MEDIA_DIR"]
        choices = [{"text": "", "image": "good", "is_correct": True}, {"text": "", "image": "bad"}]
        try:
            response = self.create(client, teacher, choices, good=picture(), bad=(BytesIO(b"?"), "a.png"))
        finally:
            app.config["MEDIA_DIR"] = before

        assert (response.status_code, response.json) == (400, {"choices": [{}, {"image": NO_PICTURE}]})
        assert [file for file in tmp_path.rglob("*") if file.is_file()] == []

    def test_another_questions_choice_or_picture_is_none_of_this_one(self, client, teacher, made):
        other = create_question(teacher)
        choice = {"text": "أ", "is_correct": True}
        number = made["choices"][0]["id"]

        by_id = client.patch(path(other), {"choices": [choice | {"id": number}]})
        by_address = client.patch(path(other), {"choices": [choice | {"image": made["choices"][0]["image"]}]})

        assert by_id.status_code == by_address.status_code == 400
        assert by_id.json == {"choices": [{"id": [f'Invalid pk "{number}" - object does not exist.']}]}
        assert by_address.json == {"choices": [{"image": NO_FILE}]}

    def test_a_choice_of_a_version_before_is_no_present_one(self, client, question):
        stale = client.get(path(question)).json["choices"]
        client.patch(path(question), {"choices": [{"text": "أ", "is_correct": True}]})

        response = client.patch(path(question), {"choices": stale})

        assert response.status_code == 400
        assert response.json["choices"][0] == {"id": [f'Invalid pk "{stale[0]["id"]}" - object does not exist.']}


@pytest.mark.concurrency
class TestTwoEditsAtOnce:
    EDITS = ({"text": "نص"}, {"points": 77})

    @pytest.fixture
    def teacher(self, committing_app):
        return create_teacher()

    @pytest.fixture
    def client(self, committing_app, teacher):
        return Api(committing_app, teacher.user)

    def edit(self, client, question):
        question_id = question.id
        return race([lambda values=values: client.patch(f"{PATH}{question_id}/", values) for values in self.EDITS])

    def test_both_are_kept_one_upon_the_other(self, client, teacher):
        question = create_question(teacher)

        responses = self.edit(client, question)

        assert [response.status_code for response in responses] == [200, 200]
        db.session.rollback()
        assert versions(question.id) == [(1, False), (2, False), (3, True)]
        shown = client.get(path(question)).json
        assert (shown["text"], shown["points"]) == ("نص", 77)

    def test_without_the_lock_one_of_them_is_lost(self, client, teacher, monkeypatch):
        def read_alone(question_id):
            found = whole_question(question_id)
            time.sleep(0.3)
            return found

        monkeypatch.setattr(bank, "lock_question", read_alone)
        question = create_question(teacher)

        responses = self.edit(client, question)

        # Both build on the first version: nothing but the constraint keeps the second from being there twice.
        assert sorted(response.status_code for response in responses) == [200, 500]
        db.session.rollback()
        assert versions(question.id) == [(1, False), (2, True)]

    def test_a_question_is_edited_or_gone_and_never_half(self, client, teacher):
        for _ in range(5):
            question = create_question(teacher)
            question_id = question.id

            edited, deleted = race(
                [
                    lambda number=question_id: client.patch(f"{PATH}{number}/", {"text": "نص"}),
                    lambda number=question_id: client.delete(f"{PATH}{number}/"),
                ]
            )

            assert (edited.status_code, deleted.status_code) in [(200, 204), (404, 204)]
            db.session.rollback()
            assert versions(question_id) == []
