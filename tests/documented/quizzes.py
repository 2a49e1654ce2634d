"""Homework, quizzes and attempts."""

from tests.documented.kinds import Nullable, boolean, decimal, faults, integer, moment, number, page, string, url, word

HANDED_IN_HOMEWORK = {
    "detail": word("Homework submitted and auto-graded."),
    "submission_id": integer,
    "score": decimal,
    "status": word("graded"),
}
HOMEWORK_SUBMISSION = {
    "id": integer,
    "homework_id": integer,
    "homework_title": string,
    "lecture_name": string,
    "score": decimal,
    "status": word("graded"),
    "submitted_at": moment,
}
READ_CHOICE = {"id": integer, "text": string, "image": Nullable(url), "order": integer}
READ_QUESTION = {
    "id": integer,
    "teacher": integer,
    "subject": integer,
    "grade": integer,
    "text": string,
    "image": Nullable(url),
    "type": word("mcq_single"),
    "points": integer,
    "tags": [string],
    "choices": [READ_CHOICE],
    "created_at": moment,
}
KEYED_QUESTION = READ_QUESTION | {
    "model_answer": Nullable(string),
    "choices": [READ_CHOICE | {"is_correct": boolean}],
}
READ_HOMEWORK = {
    "id": integer,
    "lecture": integer,
    "title": string,
    "description": Nullable(string),
    "is_active": boolean,
    "questions": [{"id": integer, "question": READ_QUESTION, "points": integer, "order": integer}],
}
HOMEWORK = READ_HOMEWORK | {
    "questions": [{"id": integer, "question": KEYED_QUESTION, "points": integer, "order": integer}],
}
VISIBILITY = word("immediately", "after_close", "never")
READ_QUIZ = {
    "id": integer,
    "lecture": integer,
    "title": string,
    "description": Nullable(string),
    "timer_minutes": integer,
    "max_attempts": integer,
    "passing_score": integer,
    "randomize_questions": boolean,
    "randomize_choices": boolean,
    "score_visibility": VISIBILITY,
    "answers_visibility": VISIBILITY,
    "opens_at": Nullable(moment),
    "closes_at": Nullable(moment),
    "is_active": boolean,
    "questions": word([]),
}
QUIZ = READ_QUIZ | {"questions": HOMEWORK["questions"]}
STARTED_ATTEMPT = {
    "submission_id": integer,
    "attempt_number": integer,
    "timer_minutes": integer,
    "started_at": moment,
    "questions": [
        {
            "answer_id": integer,
            "quiz_question_id": integer,
            "question_text": string,
            "question_image": Nullable(url),
            "question_type": word("mcq_single", "mcq_multiple"),
            "points": integer,
            "choices": [{"id": integer, "text": string, "image": Nullable(url), "order": integer}],
        }
    ],
}
RUNNING_ATTEMPT = {
    "submission_id": integer,
    "attempt_number": integer,
    "started_at": moment,
    "deadline_at": moment,
    "remaining_seconds": integer,
    "answers": [
        {
            "quiz_question_id": integer,
            "choice_ids": lambda value: all(integer(item) for item in value),
            "written_answer": Nullable(string),
        }
    ],
}
SUBMITTED_ATTEMPT = {
    "detail": word("Quiz submitted successfully."),
    "submission_id": integer,
    "score": Nullable(decimal),
    "passed": Nullable(boolean),
    "score_visible": boolean,
    "answers_visible": boolean,
}
QUIZ_SUBMISSION = {
    "id": integer,
    "quiz_id": integer,
    "quiz_title": string,
    "lecture_name": string,
    "attempt_number": integer,
    "score": Nullable(decimal),
    "passed": Nullable(boolean),
    "submitted_at": moment,
    "score_visible": boolean,
    "answers_visible": boolean,
}
QUIZ_SUBMISSION_DETAIL = QUIZ_SUBMISSION | {
    "quiz": integer,
    "status": word("submitted", "graded"),
    "started_at": moment,
    "max_score": decimal,
    "answers": [
        {
            "answer_id": integer,
            "quiz_question_id": integer,
            "question_text": string,
            "question_type": word("mcq_single", "mcq_multiple", "written"),
            "points": integer,
            "choice_ids": lambda value: all(integer(item) for item in value),
            "written_answer": Nullable(string),
            "points_awarded": Nullable(decimal),
            "feedback": Nullable(string),
            "correct_choice_ids": lambda value: all(integer(item) for item in value),
        }
    ],
}
CHOICE_COUNT = {"id": integer, "text": string, "is_correct": boolean, "count": integer}
QUIZ_ANALYSIS = {
    "quiz_id": integer,
    "quiz_title": string,
    "attempts": integer,
    "students": integer,
    "mean_score": Nullable(decimal),
    "median_score": Nullable(decimal),
    "pass_rate": Nullable(decimal),
    "questions": [
        {
            "quiz_question_id": integer,
            "question_text": string,
            "points": integer,
            "answered": integer,
            "difficulty": Nullable(number),
            "discrimination": Nullable(number),
            "choices": lambda value: all(faults(item, CHOICE_COUNT) == [] for item in value),
        }
    ],
}

#: Who asks, with what, and the documented body of the answer. `{…}` are ids of the school's things.
BODIES = {
    "homework": ("student", "GET", "homeworks/", None, page(READ_HOMEWORK)),
    "one homework": ("student", "GET", "homeworks/{homework}/", None, READ_HOMEWORK),
    "homework with its key": ("owner", "GET", "homeworks/{homework}/", None, HOMEWORK),
    "homework change": ("owner", "PATCH", "homeworks/{homework}/", {}, HOMEWORK),
    "homework handed in": (
        "student",
        "POST",
        "homeworks/{homework}/submit/",
        {"answers": "{nothing}"},
        HANDED_IN_HOMEWORK,
    ),
    "own homework": ("student", "GET", "homeworks/submissions/", None, [HOMEWORK_SUBMISSION]),
    "homework of students": (
        "owner",
        "GET",
        "homeworks/{homework}/submissions/",
        None,
        page(HOMEWORK_SUBMISSION | {"student": integer, "student_name": string, "student_code": string}),
    ),
    "quizzes": ("student", "GET", "quizzes/", None, page(READ_QUIZ)),
    "one quiz": ("student", "GET", "quizzes/{planned}/", None, READ_QUIZ),
    "quiz with its key": ("owner", "GET", "quizzes/{planned}/", None, QUIZ),
    "quiz change": ("owner", "PATCH", "quizzes/{planned}/", {}, QUIZ),
    "own quiz attempts": ("student", "GET", "quizzes/submissions/", None, [QUIZ_SUBMISSION]),
    "a quiz attempt": ("student", "GET", "quizzes/submissions/{attempt}/", None, QUIZ_SUBMISSION_DETAIL),
    "quiz attempts": (
        "owner",
        "GET",
        "quizzes/{taken}/submissions/",
        None,
        page(QUIZ_SUBMISSION | {"student": integer, "student_name": string, "student_code": string, "status": string}),
    ),
    "a quiz begun": ("student", "POST", "quizzes/{exam}/start/", None, STARTED_ATTEMPT),
    "a running attempt": ("student", "GET", "quizzes/{exam}/attempt/", None, RUNNING_ATTEMPT),
    "answers saved": (
        "student",
        "PUT",
        "quizzes/{exam}/answers/",
        {"answers": "{answers}"},
        {"saved": integer, "remaining_seconds": integer},
    ),
    "a quiz handed in": ("student", "POST", "quizzes/{exam}/submit/", {"answers": "{answers}"}, SUBMITTED_ATTEMPT),
    "quiz analysis": ("owner", "GET", "quizzes/{taken}/analysis/", None, QUIZ_ANALYSIS),
}
