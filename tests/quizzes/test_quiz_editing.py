"""Quizzes as they are made and changed, and what a student sees of them before the first attempt."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.quizzes.models import Quiz, QuizQuestion
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_lecture,
    create_purchase,
    create_question,
    create_quiz,
    create_site_owner,
    create_student,
    create_teacher,
)
from tests.quizzes.shown import FORBIDDEN, MUST_PURCHASE, NOT_FOUND, page_of, places_of, shown_quiz, unknown

QUIZZES = "/api/quizzes/"
NEVER_CLOSES = {"closes_at": ["A quiz that shows something after it closes must have a closing time."]}
CLOSES_TOO_EARLY = {"closes_at": ["The quiz must close after it opens."]}
BAD_MOMENT = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


def body(lecture, **values):
    return {"lecture": lecture.id, "title": "اختبار", "timer_minutes": 30} | values


def stored():
    return db.session.scalars(select(Quiz)).all()


class TestMaking:
    def test_a_quiz_has_its_defaults(self, teacher, lecture):
        response = teacher.post(QUIZZES, body(lecture))

        (quiz,) = stored()
        assert (response.status_code, response.json) == (
            201,
            {
                "id": quiz.id,
                "lecture": lecture.id,
                "title": "اختبار",
                "description": None,
                "timer_minutes": 30,
                "max_attempts": 1,
                "passing_score": 50,
                "randomize_questions": False,
                "randomize_choices": False,
                "score_visibility": "immediately",
                "answers_visibility": "immediately",
                "opens_at": None,
                "closes_at": None,
                "is_active": True,
                "questions": [],
            },
        )

    def test_a_quiz_is_made_with_all_its_values(self, api, lecture, owner_of_it):
        owner = api.as_(create_site_owner())
        kinds = ("mcq_single", "mcq_multiple", "written")
        questions = [create_question(owner_of_it, kind, points=points) for points, kind in enumerate(kinds, 1)]

        response = owner.post(
            QUIZZES,
            body(
                lecture,
                description="وصف",
                timer_minutes=1440,
                max_attempts=1_000_000,
                passing_score=0,
                randomize_questions=True,
                randomize_choices=True,
                score_visibility="after_close",
                answers_visibility="never",
                opens_at="2026-03-01T10:00:00+02:00",
                closes_at="2026-03-01T08:00:01Z",
                is_active=False,
                questions=[{"question": questions[2].id, "points": 10}]
                + [{"question": question.id} for question in questions[:2]],
                created_at="2001-01-01T00:00:00Z",
            ),
        )

        (quiz,) = stored()
        assert (response.status_code, response.json) == (201, shown_quiz(quiz))
        assert response.json["opens_at"] == "2026-03-01T08:00:00Z"
        assert (quiz.opens_at, quiz.closes_at) == (
            datetime(2026, 3, 1, 8, tzinfo=UTC),
            datetime(2026, 3, 1, 8, 0, 1, tzinfo=UTC),
        )
        assert (quiz.timer_minutes, quiz.max_attempts, quiz.passing_score) == (1440, 1_000_000, 0)
        assert (quiz.randomize_questions, quiz.randomize_choices, quiz.is_active) == (True, True, False)
        assert (quiz.score_visibility, quiz.answers_visibility) == ("after_close", "never")
        assert quiz.created_at.year > 2001
        assert [(place.question_id, place.points, place.order) for place in places_of(quiz)] == [
            (questions[2].id, 10, 1),
            (questions[0].id, 1, 2),
            (questions[1].id, 2, 3),
        ]

    @pytest.mark.parametrize(
        ("values", "messages"),
        [
            ({"lecture": 2**63}, {"lecture": [unknown(2**63)]}),
            ({"lecture": 987654}, {"lecture": [unknown(987654)]}),
            ({"title": ""}, {"title": ["This field may not be blank."]}),
            ({"title": "a\0"}, {"title": ["Null characters are not allowed."]}),
            ({"title": "x" * 256}, {"title": ["Ensure this field has no more than 255 characters."]}),
            ({"timer_minutes": 0}, {"timer_minutes": ["Ensure this value is greater than or equal to 1."]}),
            ({"timer_minutes": 1441}, {"timer_minutes": ["Ensure this value is less than or equal to 1440."]}),
            ({"timer_minutes": None}, {"timer_minutes": ["This field may not be null."]}),
            ({"timer_minutes": "1.5"}, {"timer_minutes": ["A valid integer is required."]}),
            ({"max_attempts": 0}, {"max_attempts": ["Ensure this value is greater than or equal to 1."]}),
            ({"max_attempts": 10**30}, {"max_attempts": ["Ensure this value is less than or equal to 1000000."]}),
            ({"passing_score": -1}, {"passing_score": ["Ensure this value is greater than or equal to 0."]}),
            ({"passing_score": 101}, {"passing_score": ["Ensure this value is less than or equal to 100."]}),
            ({"randomize_choices": "x"}, {"randomize_choices": ["Must be a valid boolean."]}),
            ({"score_visibility": "later"}, {"score_visibility": ['"later" is not a valid choice.']}),
            ({"answers_visibility": ["never"]}, {"answers_visibility": ['"list" is not a valid choice.']}),
            ({"opens_at": "tomorrow"}, {"opens_at": [BAD_MOMENT]}),
            ({"closes_at": "2026-02-30T10:00:00Z"}, {"closes_at": [BAD_MOMENT]}),
            ({"closes_at": "0001-01-01T00:00:00+14:00"}, {"closes_at": [BAD_MOMENT]}),
            ({"score_visibility": "after_close"}, NEVER_CLOSES),
            ({"answers_visibility": "after_close", "closes_at": None}, NEVER_CLOSES),
            ({"opens_at": "2026-03-01T10:00:00Z", "closes_at": "2026-03-01T12:00:00+02:00"}, CLOSES_TOO_EARLY),
            ({"opens_at": "2026-03-01T10:00:00Z", "closes_at": "2026-02-01T10:00:00Z"}, CLOSES_TOO_EARLY),
            ({"questions": "x"}, {"questions": ['Expected a list of items but got type "str".']}),
            (
                {"questions": [{"question": 987654, "points": 1}, {"question": "x"}]},
                {"questions": [{}, {"question": ["A valid integer is required."]}]},
            ),
            ({"questions": [{"question": 987654}]}, {"questions": [{"question": [unknown(987654)]}]}),
        ],
    )
    def test_bad_values_are_refused_and_nothing_is_made(self, teacher, lecture, values, messages):
        response = teacher.post(QUIZZES, body(lecture) | values)

        assert (response.status_code, response.json) == (400, messages)
        assert stored() == []

    def test_what_is_required_is_asked_for(self, teacher):
        required = ["This field is required."]

        response = teacher.post(QUIZZES, {})

        assert (response.status_code, response.json) == (
            400,
            {"lecture": required, "title": required, "timer_minutes": required},
        )

    def test_a_lecture_of_another_teacher_is_as_good_as_none(self, teacher):
        foreign = create_lecture()

        response = teacher.post(QUIZZES, body(foreign))

        assert (response.status_code, response.json) == (400, {"lecture": [unknown(foreign.id)]})

    def test_a_body_of_another_type_is_not_read(self, teacher, lecture):
        response = teacher.post(QUIZZES, data="x", content_type="text/plain")

        assert response.status_code == 415

    @pytest.mark.parametrize("as_owner", [False, True])
    def test_each_question_is_of_the_teachers_bank_and_stands_once(self, api, lecture, owner_of_it, as_owner):
        client = api.as_(create_site_owner() if as_owner else owner_of_it)
        good, foreign = create_question(owner_of_it), create_question()
        asked = [{"question": question.id} for question in (good, foreign, good)]

        response = client.post(QUIZZES, body(lecture, questions=asked))

        assert (response.status_code, response.json) == (
            400,
            {
                "questions": [
                    {},
                    {"question": [unknown(foreign.id)]},
                    {"question": ["This question is listed twice."]},
                ]
            },
        )
        assert stored() == []


class TestChanging:
    def test_only_what_is_sent_changes(self, teacher, lecture):
        quiz = create_quiz(lecture, description="وصف", max_attempts=3)
        before = shown_quiz(quiz)

        response = teacher.patch(f"{QUIZZES}{quiz.id}/", {"passing_score": 75, "timer_minutes": 5})

        assert (response.status_code, response.json) == (200, before | {"passing_score": 75, "timer_minutes": 5})

    def test_questions_are_replaced_as_a_whole(self, teacher, lecture, owner_of_it):
        kept, gone, new = (create_question(owner_of_it) for _ in range(3))
        quiz = create_quiz(lecture, questions=[gone, kept])
        _, kept_place = places_of(quiz)

        response = teacher.patch(
            f"{QUIZZES}{quiz.id}/", {"questions": [{"question": new.id, "order": 7}, {"question": kept.id}]}
        )

        first, second = response.json["questions"]
        assert (first["id"], first["question"]["id"], first["order"]) == (kept_place.id, kept.id, 2)
        assert (second["question"]["id"], second["order"]) == (new.id, 7)
        assert db.session.scalar(select(func.count()).select_from(QuizQuestion)) == 3

    @pytest.mark.parametrize(
        ("quiz", "values", "messages"),
        [
            ({"score_visibility": "after_close", "closes": 5}, {"closes_at": None}, NEVER_CLOSES),
            ({}, {"answers_visibility": "after_close"}, NEVER_CLOSES),
            ({"opens": 1, "closes": 5}, {"closes_at": 0}, CLOSES_TOO_EARLY),
            ({"opens": 1, "closes": 5}, {"opens_at": 5}, CLOSES_TOO_EARLY),
        ],
    )
    def test_rules_hold_for_the_quiz_as_it_would_become(self, teacher, lecture, quiz, values, messages):
        now = clock.now()

        def at(value):
            return (now + timedelta(days=value)).isoformat() if isinstance(value, int) else value

        times = {f"{name}_at": now + timedelta(days=quiz.pop(name)) for name in ("opens", "closes") if name in quiz}
        built = create_quiz(lecture, **quiz, **times)
        before = shown_quiz(built)

        response = teacher.patch(
            f"{QUIZZES}{built.id}/", {"title": "جديد"} | {name: at(value) for name, value in values.items()}
        )

        assert (response.status_code, response.json) == (400, messages)
        assert teacher.get(f"{QUIZZES}{built.id}/").json == before

    def test_a_rule_and_what_it_needs_can_come_together(self, teacher, lecture):
        quiz = create_quiz(lecture)

        response = teacher.patch(
            f"{QUIZZES}{quiz.id}/", {"score_visibility": "after_close", "closes_at": "2030-01-01T00:00:00Z"}
        )

        assert (response.status_code, response.json["closes_at"]) == (200, "2030-01-01T00:00:00Z")

    def test_refused_questions_leave_everything_as_it_was(self, teacher, lecture):
        quiz = create_quiz(lecture)
        before = shown_quiz(quiz)

        response = teacher.patch(f"{QUIZZES}{quiz.id}/", {"title": "جديد", "questions": [{"question": 2**62}]})

        assert (response.status_code, response.json) == (400, {"questions": [{"question": [unknown(2**62)]}]})
        assert teacher.get(f"{QUIZZES}{quiz.id}/").json == before

    def test_a_place_names_its_question_also_in_a_change(self, teacher, lecture):
        quiz = create_quiz(lecture)
        before = shown_quiz(quiz)

        response = teacher.patch(f"{QUIZZES}{quiz.id}/", {"questions": [{}, {"points": 2}]})

        missing = {"question": ["This field is required."]}
        assert (response.status_code, response.json) == (400, {"questions": [missing, missing]})
        assert teacher.get(f"{QUIZZES}{quiz.id}/").json == before

    def test_it_stays_in_its_lecture(self, teacher, lecture):
        quiz, sibling = create_quiz(lecture), create_lecture(topic=lecture.topic)

        same = teacher.patch(f"{QUIZZES}{quiz.id}/", {"lecture": lecture.id})
        other = teacher.patch(f"{QUIZZES}{quiz.id}/", {"lecture": sibling.id})

        assert same.status_code == 200
        assert (other.status_code, other.json) == (400, {"lecture": [unknown(sibling.id)]})

    def test_every_change_is_audited(self, teacher, lecture, owner_of_it):
        quiz_id = teacher.post(QUIZZES, body(lecture)).json["id"]
        teacher.patch(f"{QUIZZES}{quiz_id}/", {"timer_minutes": 30, "passing_score": 60, "questions": []})
        teacher.delete(f"{QUIZZES}{quiz_id}/")

        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.target_type == "quizzes")).all()

        assert [(entry.verb, entry.actor_id, entry.target_id) for entry in entries] == [
            (f"quiz.{verb}", owner_of_it.user_id, quiz_id) for verb in ("created", "changed", "deleted")
        ]
        assert entries[1].details == {"changed": ["passing_score", "questions"]}


class TestWhoMay:
    def test_assistants_read_and_do_not_write(self, api, lecture, owner_of_it):
        assistant = api.as_(create_assistant(owner_of_it))
        quiz = create_quiz(lecture)
        path = f"{QUIZZES}{quiz.id}/"

        assert assistant.get(QUIZZES).json == page_of(shown_quiz(quiz))
        assert assistant.get(path).json == shown_quiz(quiz)
        refused = (assistant.post(QUIZZES, {}), assistant.patch(path, {}), assistant.delete(path))
        assert [(response.status_code, response.json) for response in refused] == [(403, FORBIDDEN)] * 3

    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    def test_another_teachers_quiz_is_not_found(self, api, lecture, method):
        quiz = create_quiz(lecture)

        response = api.as_(create_teacher()).request(method, f"{QUIZZES}{quiz.id}/", {"title": ""})

        assert (response.status_code, response.json) == (404, NOT_FOUND)

    def test_a_list_is_scoped_and_narrowed_by_lecture_and_title(self, api, teacher, lecture):
        sibling = create_lecture(topic=lecture.topic)
        wanted = create_quiz(lecture, title="اختبار الأحياء")
        create_quiz(lecture, title="مراجعة")
        elsewhere = create_quiz(sibling, title="اختبار الاحياء ٢")
        foreign = create_quiz(title="اختبار الاحياء")

        def found(query, client=teacher):
            return [item["id"] for item in client.get(f"{QUIZZES}?{query}").json["results"]]

        assert found(f"lecture={sibling.id}") == [elsewhere.id]
        assert found("search=أحياء") == [wanted.id, elsewhere.id]
        assert set(found("search=أحياء", api.as_(create_site_owner()))) == {wanted.id, elsewhere.id, foreign.id}
        assert found(f"lecture={foreign.lecture_id}") == []
        assert teacher.get(f"{QUIZZES}?lecture=x").status_code == 400


class TestReadingAsAStudent:
    def test_a_student_sees_the_quiz_and_none_of_its_questions(self, student, lecture):
        quiz = create_quiz(lecture, description="وصف", closes_at=clock.now() + timedelta(days=1))
        create_quiz(create_lecture(lecture.topic.course))
        seen = shown_quiz(quiz, questions=[])

        assert student.get(f"{QUIZZES}{quiz.id}/").json == seen
        assert student.get(QUIZZES).json == page_of(seen)
        assert student.get(f"{QUIZZES}?lecture={lecture.id}&search=اختبار").json == page_of(seen)
        assert student.get(f"{QUIZZES}?all=true").json == {"count": 1, "results": [seen]}

    def test_the_database_is_not_asked_for_questions(self, student, lecture):
        quiz = create_quiz(lecture)

        with counted_statements() as statements:
            student.get(f"{QUIZZES}{quiz.id}/")
            student.get(QUIZZES)

        assert [statement for statement in statements if "question_versions" in statement] == []

    def test_it_can_still_be_read_when_the_time_is_over(self, api, lecture):
        late = create_student()
        create_purchase(late, lecture, purchased_at=clock.now() - timedelta(days=60))
        quiz = create_quiz(lecture)

        assert api.as_(late).get(f"{QUIZZES}{quiz.id}/").json == shown_quiz(quiz, questions=[])

    def test_what_is_not_active_is_not_there(self, student, lecture):
        quiz = create_quiz(lecture, is_active=False)

        response = student.get(f"{QUIZZES}{quiz.id}/")

        assert (response.status_code, response.json) == (404, NOT_FOUND)
        assert student.get(QUIZZES).json == page_of()

    def test_what_is_not_bought_is_refused(self, student):
        quiz = create_quiz()
        queries = [f"{quiz.id}/", f"?lecture={quiz.lecture_id}", "?lecture=987654"]

        answers = [student.get(QUIZZES + query) for query in queries]

        assert [(answer.status_code, answer.json) for answer in answers] == [(403, MUST_PURCHASE)] * 3

    def test_a_student_writes_nothing(self, student, lecture):
        path = f"{QUIZZES}{create_quiz(lecture).id}/"

        refused = (student.post(QUIZZES, {}), student.patch(path, {}), student.delete(path))

        assert [(response.status_code, response.json) for response in refused] == [(403, FORBIDDEN)] * 3


@pytest.mark.parametrize("many", [1, 6])
def test_reading_and_writing_run_the_same_statements_however_much_there_is(teacher, student, lecture, many):
    asked = [{"question": create_question(lecture.topic.course.teacher).id} for _ in range(2 * many)]
    quizzes = [create_quiz(lecture, questions=2 * many) for _ in range(many)]
    path = f"{QUIZZES}{quizzes[-1].id}/"
    calls = {
        "list": lambda: teacher.get(QUIZZES),
        "detail": lambda: teacher.get(path),
        "student's list of a lecture": lambda: student.get(f"{QUIZZES}?lecture={lecture.id}"),
        "student's detail": lambda: student.get(path),
        "making": lambda: teacher.post(QUIZZES, body(lecture, questions=asked)),
        "changing": lambda: teacher.patch(path, {"title": "جديد", "questions": asked}),
        "deleting": lambda: teacher.delete(path),
    }
    counts = {}
    for name, call in calls.items():
        with counted_statements() as statements:
            assert call().status_code in (200, 201, 204)
        counts[name] = len(statements)

    assert counts == {
        "list": 2,
        "detail": 2,
        "student's list of a lecture": 3,
        "student's detail": 2,
        # The lecture, the quiz; its questions held, read, taken out and put in; all of it read again.
        "making": 7,
        "changing": 7,
        "deleting": 2,
    }
