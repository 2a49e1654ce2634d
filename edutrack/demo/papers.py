"""Setting the demo's homework and quizzes from the question bank of each course."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture
from edutrack.demo.questions import BANKS
from edutrack.quizzes.models import HomeworkQuestion, QuestionChoice, QuestionVersion
from edutrack.quizzes.service.bank import bank_of, insert_questions
from edutrack.quizzes.service.content import Choice, Content
from edutrack.quizzes.service.homeworks import create_homework
from edutrack.quizzes.service.quizzes import create_quiz


@dataclass(frozen=True)
class Bank:
    """The questions of a course by id, in the order of the catalogue, and all choices that are right."""

    questions: Sequence[int]
    right: frozenset[int]


@dataclass(frozen=True)
class Exams:
    """What is asked with one lecture."""

    quiz_id: int | None = None
    minutes: int = 0
    max_attempts: int = 1
    homework_id: int | None = None
    #: The choices of each of the homework's questions, both by id.
    homework: Mapping[int, Sequence[int]] = field(default_factory=dict)


#: Of the lectures by number: the questions of their homework, by number in the bank.
_HOMEWORK = {1: (0, 1, 2, 3), 3: (2, 3, 4, 5)}
#: Of the lectures by number: the quiz's settings and its questions.
_QUIZZES: dict[int, tuple[dict[str, Any], tuple[int, ...]]] = {
    # A whole day long, so that whoever looks at the demo still finds somebody at it.
    0: ({"timer_minutes": 24 * 60, "passing_score": 50, "answers_visibility": "never"}, (0, 2, 4, 5)),
    2: (
        {
            "timer_minutes": 20,
            "max_attempts": 2,
            "passing_score": 60,
            "randomize_questions": True,
            "randomize_choices": True,
        },
        (0, 1, 2, 3, 4, -3),
    ),
    4: ({"timer_minutes": 30, "passing_score": 50, "randomize_choices": True}, (3, 4, 5, -3, -2, -1)),
}


def add_bank(teacher: Caller, course: str, grade_id: int) -> Bank:
    """Add the questions of a course to its teacher's bank, all at once."""
    contents = [
        Content(
            type=question.type,
            text=question.text,
            image=None,
            points=question.points,
            model_answer=question.model_answer,
            choices=tuple(
                Choice(text=text, image=None, is_correct=text in question.right, order=order)
                for order, text in enumerate(question.choices(turn), 1)
            ),
        )
        for turn, question in enumerate(BANKS[course])
    ]
    ids = insert_questions(bank_of(teacher, None), [(grade_id, [course], content) for content in contents])
    right = (
        select(QuestionChoice.id)
        .join(QuestionChoice.version)
        .where(QuestionVersion.question_id.in_(ids), QuestionChoice.is_correct)
    )
    return Bank(ids, frozenset(db.session.scalars(right)))


def set_exams(teacher: Caller, lecture: Lecture, number: int, bank: Bank) -> Exams:
    """Put homework or a quiz into a lecture, where one with its number in the course has any."""
    if number in _HOMEWORK:
        homework = create_homework(
            teacher,
            lecture=lecture.id,
            title=f"واجب {lecture.name}",
            questions=[{"question": bank.questions[place]} for place in _HOMEWORK[number]],
        )
        return Exams(homework_id=homework.id, homework=_choices_of(homework.id))
    if number in _QUIZZES:
        settings, places = _QUIZZES[number]
        questions = [{"question": bank.questions[place]} for place in places]
        quiz = create_quiz(teacher, lecture=lecture.id, title=f"اختبار {lecture.name}", questions=questions, **settings)
        return Exams(quiz_id=quiz.id, minutes=quiz.timer_minutes, max_attempts=quiz.max_attempts)
    return Exams()


def _choices_of(homework_id: int) -> dict[int, list[int]]:
    choices: dict[int, list[int]] = {}
    rows = db.session.execute(
        select(HomeworkQuestion.id, QuestionChoice.id)
        .join(QuestionVersion, QuestionVersion.question_id == HomeworkQuestion.question_id)
        .join(QuestionChoice, QuestionChoice.version_id == QuestionVersion.id)
        .where(HomeworkQuestion.homework_id == homework_id)
    )
    for place_id, choice_id in rows:
        choices.setdefault(place_id, []).append(choice_id)
    return choices
