"""Deleting homework and quizzes, and what holds them: what students have handed in stays, everything else goes."""

import pytest
from sqlalchemy import func, select, text

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, Topic
from edutrack.courses.service import deletion
from edutrack.quizzes.models import Homework, HomeworkAnswer, HomeworkQuestion, Question, Quiz, QuizQuestion
from tests.factories import (
    create_attempt,
    create_homework,
    create_homework_submission,
    create_lecture,
    create_quiz,
    create_site_owner,
    create_student,
)
from tests.quizzes.shown import places_of


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


@pytest.fixture
def lecture(app):
    return create_lecture()


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def answered_homework(lecture):
    """A homework that was handed in, with an answer to each of its questions."""
    homework = create_homework(lecture)
    submission = create_homework_submission(create_student(), homework)
    for place in places_of(homework):
        version_id = place.question.version.id
        db.session.add(
            HomeworkAnswer(
                submission_id=submission.id,
                homework_question_id=place.id,
                version_id=version_id,
                points=place.points,
                points_awarded=0,
            )
        )
    db.session.commit()
    return homework


def attempted_quiz(lecture):
    quiz = create_quiz(lecture)
    create_attempt(create_student(), quiz, [[1]], status="in_progress")
    return quiz


USES = {"homework": answered_homework, "quiz": attempted_quiz}


@pytest.mark.parametrize(
    ("path", "create", "model", "place"),
    [("homeworks", create_homework, Homework, HomeworkQuestion), ("quizzes", create_quiz, Quiz, QuizQuestion)],
)
def test_what_nobody_has_answered_goes_with_its_places_and_the_bank_stays(owner, lecture, path, create, model, place):
    item, kept = create(lecture), create(lecture)

    response = owner.delete(f"/api/{path}/{item.id}/")

    assert (response.status_code, response.data) == (204, b"")
    assert db.session.scalars(select(model.id)).all() == [kept.id]
    assert (count(place), count(Question)) == (2, 4)


@pytest.mark.parametrize("noun", ["homework", "quiz"])
def test_what_students_have_answered_stays(api, lecture, noun):
    item = USES[noun](lecture)
    path = {"homework": "homeworks", "quiz": "quizzes"}[noun]
    teacher = api.as_(lecture.topic.course.teacher)

    response = teacher.delete(f"/api/{path}/{item.id}/")

    assert (response.status_code, response.json) == (400, {"detail": f"Cannot delete a {noun} that has submissions."})
    assert teacher.get(f"/api/{path}/{item.id}/").status_code == 200
    assert count(AuditEntry) == 0


@pytest.mark.parametrize("noun", ["lecture", "topic", "course"])
def test_unanswered_homework_and_quizzes_go_with_what_they_stand_in(owner, lecture, noun):
    ids = {"lecture": lecture.id, "topic": lecture.topic_id, "course": lecture.course_id}
    create_homework(lecture)
    create_quiz(lecture)

    response = owner.delete(f"/api/{noun}s/{ids[noun]}/")

    assert (response.status_code, response.data) == (204, b"")
    assert [count(model) for model in (Homework, HomeworkQuestion, Quiz, QuizQuestion)] == [0, 0, 0, 0]
    assert count(Question) == 4


@pytest.mark.parametrize("noun", ["lecture", "topic", "course"])
@pytest.mark.parametrize("use", USES)
def test_what_holds_answers_of_students_stays(owner, lecture, noun, use):
    ids = {"lecture": lecture.id, "topic": lecture.topic_id, "course": lecture.course_id}
    USES[use](lecture)

    response = owner.delete(f"/api/{noun}s/{ids[noun]}/")

    assert (response.status_code, response.json) == (400, {"detail": f"Cannot delete a {noun} that has submissions."})
    assert [count(model) for model in (Course, Topic, Lecture)] == [1, 1, 1]


def test_every_foreign_key_that_keeps_homework_and_quizzes_is_in_words(app):
    """A key without words would be answered as a failure of the server."""
    keys = text(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype <> 'c' AND confrelid::regclass::text IN "
        "('homeworks', 'quizzes', 'homework_questions', 'quiz_questions')"
    )

    assert set(db.session.scalars(keys)) - set(deletion._OBSTACLES) == set()
