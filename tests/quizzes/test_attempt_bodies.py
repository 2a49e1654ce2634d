"""What is wrong with a body of answers is said in the body's own shape, and nothing of that body is saved."""

import pytest

from tests.quizzes.exam import KINDS, Exam, kept, kept_answers

REQUIRED = "This field is required."
INTEGER = "A valid integer is required."


def no_such(value):
    return f'Invalid pk "{value}" - object does not exist.'


@pytest.fixture(params=["save", "submit"])
def send(request):
    """Sends a whole body in one of the two ways."""
    method, what = {"save": ("PUT", "answers"), "submit": ("POST", "submit")}[request.param]
    return lambda exam, body, **kwargs: exam.client.request(method, exam.path(what), body, **kwargs)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"answers": [REQUIRED]}),
        ({"answers": None}, {"answers": ["This field may not be null."]}),
        ({"answers": "x"}, {"answers": ['Expected a list of items but got type "str".']}),
        ({"answers": {}}, {"answers": ['Expected a list of items but got type "dict".']}),
        ({"answers": [None]}, {"answers": ["This field may not be null."]}),
        ({"answers": ["x"]}, {"answers": [{"non_field_errors": ["Invalid data. Expected a dictionary."]}]}),
        ({"answers": [{}]}, {"answers": [{"quiz_question_id": [REQUIRED]}]}),
        ({"answers": [{}] * 1001}, {"answers": ["Ensure this field has no more than 1000 elements."]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_bodies_of_another_shape(api, send, body, expected):
    exam = Exam(api)
    exam.start()

    response = send(exam, body)

    assert (response.status_code, response.json) == (400, expected)
    assert kept(exam) == [(1, "in_progress", None, False, False)]


@pytest.mark.parametrize("value", [2**63, 0, -1, "99999999", 99999999])
def test_a_question_that_is_none(api, send, value):
    exam = Exam(api)
    attempt = exam.start().json["submission_id"]

    response = send(exam, {"answers": [exam.choosing(0, 1), {"quiz_question_id": value, "choice_ids": []}]})

    assert (response.status_code, response.json) == (400, {"answers": [{}, {"quiz_question_id": [no_such(value)]}]})
    assert kept_answers(attempt) == [([], None, None), ([], None, None)]


@pytest.mark.parametrize("value", ["x", True, 1.5, [], {}, "1e3", "\0", "\ud800"])
def test_an_id_that_is_no_number(api, send, value):
    exam = Exam(api)
    exam.start()

    response = send(
        exam,
        {"answers": [{"quiz_question_id": value}, {"quiz_question_id": exam.places[0], "choice_ids": [value]}]},
    )

    assert (response.status_code, response.json) in (
        (400, {"answers": [{"quiz_question_id": [INTEGER]}, {"choice_ids": [INTEGER]}]}),
        # A lone surrogate is not even JSON.
        (400, {"detail": response.json.get("detail")}),
    )


@pytest.mark.parametrize(
    ("number", "answer", "expected"),
    [
        (0, {"choice_ids": "x"}, {"choice_ids": ['Expected a list of items but got type "str".']}),
        (0, {"choice_ids": 7}, {"choice_ids": ['Expected a list of items but got type "int".']}),
        (0, {"choice_ids": [None]}, {"choice_ids": ["This field may not be null."]}),
        (0, {"choice_ids": [99999999]}, {"choice_ids": [no_such(99999999)]}),
        (0, {"choice_ids": [2**63]}, {"choice_ids": [no_such(2**63)]}),
        (0, {"choice_ids": [99999999, 99999999, 99999998]}, {"choice_ids": [no_such(99999999), no_such(99999998)]}),
        (0, {"written_answer": "x"}, {"written_answer": ["This question is answered by choosing."]}),
        (1, {"written_answer": "x"}, {"written_answer": ["This question is answered by choosing."]}),
        (2, {"choice_ids": [1]}, {"choice_ids": ["This question is answered in writing."]}),
        (2, {"written_answer": []}, {"written_answer": ["Not a valid string."]}),
        (2, {"written_answer": True}, {"written_answer": ["Not a valid string."]}),
        (2, {"written_answer": "a\0b"}, {"written_answer": ["Null characters are not allowed."]}),
        (
            2,
            {"written_answer": "x" * 20_001},
            {"written_answer": ["Ensure this field has no more than 20000 characters."]},
        ),
    ],
)
def test_answers_that_do_not_fit_their_question(api, send, number, answer, expected):
    exam = Exam(api, kinds=KINDS)
    attempt = exam.start().json["submission_id"]
    others = [exam.choosing(0, 2), exam.choosing(1, 2), exam.writing(2, "نعم")]
    others[number] = {"quiz_question_id": exam.places[number], **answer}

    response = send(exam, {"answers": others})

    assert (response.status_code, response.json) == (400, {"answers": [{}] * number + [expected]})
    assert kept_answers(attempt) == [([], None, None)] * 3
    assert kept(exam) == [(1, "in_progress", None, False, False)]


def test_two_choices_where_one_is_asked_for(api, send):
    exam = Exam(api)
    attempt = exam.start().json["submission_id"]

    response = send(exam, {"answers": [exam.choosing(1, 1), exam.choosing(0, 1, 2)]})

    assert (response.status_code, response.json) == (
        400,
        {"answers": [{}, {"choice_ids": ["Only one choice can be selected."]}]},
    )
    assert kept_answers(attempt) == [([], None, None)] * 2


def test_the_choice_of_another_question(api, send):
    exam = Exam(api)
    exam.start()
    foreign = exam.choices(1)[0]

    response = send(exam, {"answers": [{"quiz_question_id": exam.places[0], "choice_ids": [foreign]}]})

    assert (response.status_code, response.json) == (400, {"answers": [{"choice_ids": [no_such(foreign)]}]})


def test_the_question_of_another_quiz(api, send):
    exam, other = Exam(api), Exam(api)
    exam.start()

    response = send(exam, {"answers": [other.choosing(0, 1)]})

    assert (response.status_code, response.json) == (
        400,
        {"answers": [{"quiz_question_id": [no_such(other.places[0])]}]},
    )


def test_a_question_that_is_answered_twice(api, send):
    exam = Exam(api)
    attempt = exam.start().json["submission_id"]

    response = send(exam, {"answers": [exam.choosing(0, 1), exam.choosing(1, 1), exam.choosing(0, 2)]})

    assert (response.status_code, response.json) == (
        400,
        {"answers": [{}, {}, {"quiz_question_id": ["This question is answered more than once."]}]},
    )
    assert kept_answers(attempt) == [([], None, None)] * 2


def test_everything_that_is_wrong_is_said_at_once(api, send):
    exam = Exam(api, kinds=KINDS)
    exam.start()
    body = [{"quiz_question_id": 99999999}, exam.choosing(0, 1, 2), exam.choosing(1, 1), exam.choosing(1, 1)]

    assert send(exam, {"answers": body}).json == {
        "answers": [
            {"quiz_question_id": [no_such(99999999)]},
            {"choice_ids": ["Only one choice can be selected."]},
            {},
            {"quiz_question_id": ["This question is answered more than once."]},
        ]
    }


def test_another_content_type_is_refused(api, send):
    exam = Exam(api)
    exam.start()

    response = send(exam, None, data=b"<answers/>", content_type="application/xml")

    assert (response.status_code, kept(exam)) == (415, [(1, "in_progress", None, False, False)])


def test_a_body_that_is_no_json_is_refused(api, send):
    exam = Exam(api)
    exam.start()

    response = send(exam, None, data=b'{"answers": [', content_type="application/json")

    assert response.status_code == 400
    assert response.json["detail"].startswith("JSON parse error")


def test_the_answers_may_come_as_a_form(api, send):
    exam = Exam(api)
    attempt = exam.start().json["submission_id"]
    chosen = exam.choices(0)[1]
    form = {"answers": f'[{{"quiz_question_id": {exam.places[0]}, "choice_ids": [{chosen}]}}]'}

    assert send(exam, None, data=form).status_code == 200
    assert kept_answers(attempt)[0][0] == [chosen]


def test_a_quiz_that_does_not_exist_comes_before_the_body(api, send):
    exam = Exam(api)
    exam.quiz_id = 987654321

    response = send(exam, {"answers": "x"})

    assert (response.status_code, response.json) == (404, {"detail": "Not found."})


def test_the_shape_of_the_body_comes_before_the_attempt(api, send):
    response = send(Exam(api), {"answers": "x"})

    assert response.json == {"answers": ['Expected a list of items but got type "str".']}
