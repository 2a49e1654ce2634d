"""Homework and quizzes under many clients at once, on real commits; and without each guard."""

import time

import pytest
from sqlalchemy import select, text

from edutrack.core.extensions import db
from edutrack.quizzes.models import HomeworkQuestion, HomeworkSubmission, QuestionVersion, Quiz
from edutrack.quizzes.queries import scope
from edutrack.quizzes.service import handing_in, places
from tests.api import Api
from tests.factories import (
    create_homework,
    create_lecture,
    create_purchase,
    create_question,
    create_quiz,
    create_student,
)
from tests.quizzes.shown import choices_of, places_of
from tests.racing import answers, race

pytestmark = pytest.mark.concurrency
CLIENTS = 30
EDITORS = 4
PAUSE = 0.3


@pytest.fixture
def api(committing_app):
    return Api(committing_app)


def now_stored(statement):
    """Return what the statement finds in a transaction that begins now."""
    db.session.rollback()
    return db.session.scalars(statement.execution_options(populate_existing=True)).all()


class TestHandingIn:
    def hand_in(self, api):
        lecture, student = create_lecture(), create_student()
        homework = create_homework(lecture)
        create_purchase(student, lecture)
        (place, _), client = places_of(homework), api.as_(student)
        given = [{"homework_question_id": place.id, "choice_id": choices_of(place.question)[0].id}]
        path = f"/api/homeworks/{homework.id}/submit/"
        return race([lambda: client.post(path, {"answers": given})] * CLIENTS)

    def test_of_thirty_at_once_one_is_taken(self, api):
        responses = self.hand_in(api)

        assert answers(responses) == {
            (200, None): 1,
            (400, "You have already submitted this homework."): CLIENTS - 1,
        }
        (submission,) = now_stored(select(HomeworkSubmission))
        assert submission.score == 1

    def test_without_the_constraint_there_is_more_than_one(self, api, monkeypatch):
        def read_then_write(student_id, homework_id, score, max_score):
            standing = select(HomeworkSubmission.id).filter_by(student_id=student_id, homework_id=homework_id)
            if db.session.scalar(standing) is not None:
                return None
            time.sleep(PAUSE)
            submission = HomeworkSubmission(
                student_id=student_id, homework_id=homework_id, score=score, max_score=max_score
            )
            db.session.add(submission)
            db.session.flush()
            return submission.id

        monkeypatch.setattr(handing_in, "record_submission", read_then_write)
        constraint = "uq_homework_submissions_homework_id_student_id"
        db.session.execute(text(f"ALTER TABLE homework_submissions DROP CONSTRAINT {constraint}"))
        db.session.commit()

        self.hand_in(api)

        assert len(now_stored(select(HomeworkSubmission))) > 1


class TestHandingInAgainstDeleting:
    PAIRS = 8

    def test_exactly_one_of_both_happens(self, api):
        lecture, student = create_lecture(), create_student()
        create_purchase(student, lecture)
        teacher, client = api.as_(lecture.topic.course.teacher), api.as_(student)
        calls = []
        for homework_id in [create_homework(lecture, questions=1).id for _ in range(self.PAIRS)]:
            path = f"/api/homeworks/{homework_id}/"
            calls += [
                lambda path=path: teacher.delete(path),
                lambda path=path: client.post(f"{path}submit/", {"answers": []}),
            ]

        statuses = [response.status_code for response in race(calls)]

        outcomes = list(zip(statuses[::2], statuses[1::2], strict=True))
        assert set(outcomes) <= {(204, 404), (400, 200)}
        assert len(now_stored(select(HomeworkSubmission))) == outcomes.count((400, 200))


class TestTwoEditsOfAQuiz:
    def edit(self, api):
        """Let several edits at once each give a quiz one question of its own; return the quiz's questions."""
        quiz = create_quiz(create_lecture(), questions=0)
        teacher = quiz.lecture.topic.course.teacher
        client, path = api.as_(teacher), f"/api/quizzes/{quiz.id}/"
        bodies = [{"questions": [{"question": create_question(teacher).id}]} for _ in range(EDITORS)]
        responses = race([lambda body=body: client.patch(path, body) for body in bodies])
        assert answers(responses) == {(200, None): EDITORS}
        (quiz,) = now_stored(select(Quiz))
        return places_of(quiz)

    @pytest.fixture(autouse=True)
    def slow_edits(self, monkeypatch):
        replace_places = places.replace_places

        def slowly(*args):
            replace_places(*args)
            time.sleep(PAUSE)

        monkeypatch.setattr(places, "replace_places", slowly)

    def test_it_has_the_questions_of_one_of_them(self, api):
        assert len(self.edit(api)) == 1

    def test_without_the_lock_it_has_those_of_several(self, api, monkeypatch):
        monkeypatch.setattr(scope, "locked", lambda rows, model: rows)

        assert len(self.edit(api)) > 1


class TestPuttingInAgainstChangingTheType:
    PAIRS = 6

    def put_in_and_change(self, api):
        """Race the putting of a question into a homework against making it a written one, several times."""
        lecture = create_lecture()
        teacher = lecture.topic.course.teacher
        client, calls = api.as_(teacher), []
        for _ in range(self.PAIRS):
            question, homework = create_question(teacher), create_homework(lecture, questions=0)
            calls += [
                lambda question=question, homework=homework: client.patch(
                    f"/api/homeworks/{homework.id}/", {"questions": [{"question": question.id}]}
                ),
                lambda question=question: client.patch(
                    f"/api/questions/{question.id}/", {"type": "written", "choices": []}
                ),
            ]
        statuses = [response.status_code for response in race(calls)]
        written_homework = now_stored(
            select(HomeworkQuestion.id)
            .join(QuestionVersion, QuestionVersion.question_id == HomeworkQuestion.question_id)
            .where(QuestionVersion.is_current, QuestionVersion.type == "written")
        )
        return list(zip(statuses[::2], statuses[1::2], strict=True)), written_homework

    def test_one_of_both_happens(self, api):
        outcomes, written_homework = self.put_in_and_change(api)

        assert set(outcomes) <= {(200, 400), (400, 200)}
        assert written_homework == []

    def test_without_holding_the_questions_a_homework_has_a_written_one(self, api, monkeypatch):
        def read_without_holding(course_id, question_ids):
            rows = select(QuestionVersion.question_id, QuestionVersion.type, QuestionVersion.points)
            wanted = rows.where(QuestionVersion.question_id.in_(question_ids), QuestionVersion.is_current)
            found = {row.question_id: row for row in db.session.execute(wanted)}
            time.sleep(PAUSE)
            return found

        monkeypatch.setattr(places, "usable_questions", read_without_holding)

        _, written_homework = self.put_in_and_change(api)

        assert written_homework != []
