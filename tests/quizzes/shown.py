"""Bodies of homework and quizzes as they are shown, and what stands in them."""

from typing import Any

from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.quizzes.models import Homework, HomeworkQuestion, Question, QuestionChoice, Quiz, QuizQuestion

NOT_FOUND = {"detail": "Not found."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
MUST_PURCHASE = {"detail": "You must purchase this lecture."}


def page_of(*results: Any) -> dict[str, Any]:
    """Return a list's body where everything is on its only page."""
    return {"count": len(results), "next": None, "previous": None, "results": list(results)}


def unknown(pk: int) -> str:
    """Return what is said of an id that names nothing."""
    return f'Invalid pk "{pk}" - object does not exist.'


def places_of(parent: Homework | Quiz) -> list[Any]:
    """Return the places of a homework or quiz that were not taken out, in their order."""
    model, key = (
        (HomeworkQuestion, HomeworkQuestion.homework_id)
        if isinstance(parent, Homework)
        else (QuizQuestion, QuizQuestion.quiz_id)
    )
    rows = select(model).where(key == parent.id, ~model.is_removed).order_by(model.order, model.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def choices_of(question: Question) -> list[QuestionChoice]:
    """Return the choices of a question's current version in the teacher's order."""
    rows = select(QuestionChoice).where(QuestionChoice.version_id == question.version.id)
    return list(db.session.scalars(rows.order_by(QuestionChoice.order)))


def shown_question(question: Question, *, to_student: bool = False) -> dict[str, Any]:
    version = question.version
    choices = [
        {
            "id": choice.id,
            "text": choice.text,
            "image": shown_picture(choice.image),
            "is_correct": choice.is_correct,
            "order": choice.order,
        }
        for choice in choices_of(question)
    ]
    body = {
        "id": question.id,
        "teacher": question.teacher_id,
        "subject": question.subject_id,
        "grade": question.grade_id,
        "text": version.text,
        "image": shown_picture(version.image),
        "type": version.type,
        "points": version.points,
        "model_answer": version.model_answer,
        "tags": question.tags,
        "choices": choices,
        "created_at": iso_z(question.created_at),
    }
    if to_student:
        del body["model_answer"]
        for choice in choices:
            del choice["is_correct"]
    return body


def shown_picture(name: str | None) -> str | None:
    return name and name.replace("public/", "http://localhost/media/")


def shown_places(parent: Homework | Quiz, *, to_student: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "id": place.id,
            "question": shown_question(place.question, to_student=to_student),
            "points": place.points,
            "order": place.order,
        }
        for place in places_of(parent)
    ]


def shown_homework(homework: Homework, *, to_student: bool = False) -> dict[str, Any]:
    return {
        "id": homework.id,
        "lecture": homework.lecture_id,
        "title": homework.title,
        "description": homework.description,
        "is_active": homework.is_active,
        "questions": shown_places(homework, to_student=to_student),
    }


def shown_quiz(quiz: Quiz, **values: Any) -> dict[str, Any]:
    return {
        "id": quiz.id,
        "lecture": quiz.lecture_id,
        "title": quiz.title,
        "description": quiz.description,
        "timer_minutes": quiz.timer_minutes,
        "max_attempts": quiz.max_attempts,
        "passing_score": quiz.passing_score,
        "randomize_questions": quiz.randomize_questions,
        "randomize_choices": quiz.randomize_choices,
        "score_visibility": quiz.score_visibility,
        "answers_visibility": quiz.answers_visibility,
        "opens_at": quiz.opens_at and iso_z(quiz.opens_at),
        "closes_at": quiz.closes_at and iso_z(quiz.closes_at),
        "is_active": quiz.is_active,
        "questions": shown_places(quiz),
    } | values
