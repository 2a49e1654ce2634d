"""Each invariant of attempts and homework holds in an ordinary class, and catches the damage that it is for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from edutrack.cli import check_ledger_command
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes.invariants import INVARIANTS, violations
from edutrack.quizzes.models import HomeworkAnswer, HomeworkSubmission, QuestionVersion
from tests.factories import (
    create_attempt,
    create_enrollment,
    create_homework,
    create_lecture,
    create_purchase,
    create_question,
    create_quiz,
    create_student,
)

#: Each damage, with the guards that must be taken down before the database lets it happen; several of one kind apart.
DAMAGE = {
    "one_attempt_runs_at_a_time": [
        [
            "DROP INDEX uq_quiz_submissions_running",
            "UPDATE quiz_submissions SET status = 'in_progress', score = NULL, submitted_at = NULL, passed = false",
        ]
    ],
    "attempts_are_numbered_without_a_gap": [
        ["UPDATE quiz_submissions SET attempt_number = 7 WHERE attempt_number = 2"],
        ["UPDATE quiz_submissions SET attempt_number = 0 WHERE attempt_number = 1"],
    ],
    "each_attempt_is_scored_by_its_answers": [
        ["UPDATE quiz_submissions SET score = score + 0.01 WHERE score = 1"],
        ["UPDATE quiz_submissions SET max_score = max_score + 1"],
        ["UPDATE quiz_answers SET points_awarded = 0.5 WHERE points_awarded = 1"],
        ["DELETE FROM quiz_answers WHERE position = 1"],
    ],
    "no_answer_is_worth_more_than_its_question": [
        [
            "ALTER TABLE quiz_answers DROP CONSTRAINT ck_quiz_answers_points_awarded_sound",
            "UPDATE quiz_answers SET points_awarded = -1 WHERE position = 1",
        ],
        [
            "ALTER TABLE homework_answers DROP CONSTRAINT ck_homework_answers_points_awarded_sound",
            "UPDATE homework_answers SET points_awarded = points + 1",
        ],
    ],
    "an_attempt_waits_for_its_written_answers_alone": [
        ["UPDATE quiz_submissions SET status = 'graded' WHERE status = 'submitted'"],
        ["UPDATE quiz_submissions SET status = 'submitted' WHERE status = 'graded'"],
        ["UPDATE quiz_answers SET points_awarded = NULL"],
        ["UPDATE quiz_answers SET points_awarded = 0 WHERE points_awarded IS NULL"],
    ],
    "an_attempt_is_passed_by_its_score": [
        ["UPDATE quiz_submissions SET passed = NOT passed WHERE status = 'graded'"],
        ["UPDATE quiz_submissions SET passed = true WHERE status <> 'graded'"],
        ["UPDATE quiz_submissions SET passing_score = 100"],
    ],
    "no_attempt_ends_after_its_grace": [
        ["UPDATE quiz_submissions SET submitted_at = deadline_at + interval '31 seconds' WHERE status = 'graded'"],
        ["UPDATE quiz_submissions SET is_timed_out = true WHERE status = 'graded'"],
        ["UPDATE quiz_submissions SET submitted_at = started_at - interval '1 second' WHERE status = 'graded'"],
        ["UPDATE quiz_submissions SET deadline_at = deadline_at + interval '1 second'"],
    ],
    "what_is_answered_was_bought": [
        ["DELETE FROM purchases WHERE lecture_id IN (SELECT lecture_id FROM quizzes)"],
        ["DELETE FROM purchases WHERE lecture_id IN (SELECT lecture_id FROM homeworks)"],
        ["UPDATE purchases SET purchased_at = purchased_at + interval '23 hours'"],
    ],
    "each_answer_is_of_the_version_that_was_given": [
        ["UPDATE quiz_answers SET choice_ids = ARRAY[(SELECT max(id) FROM question_choices)] WHERE position = 1"],
        ["UPDATE quiz_answers SET choice_ids = choice_order WHERE position = 1"],
        ["UPDATE quiz_answers SET choice_order = choice_order[1:3] WHERE position = 1"],
        ["UPDATE quiz_answers SET written_answer = 'x' WHERE position = 1"],
        ["UPDATE quiz_answers SET version_id = (SELECT max(id) FROM question_versions)"],
        ["UPDATE homework_answers SET choice_id = (SELECT min(id) FROM question_choices)"],
        ["UPDATE homework_answers SET version_id = (SELECT min(id) FROM question_versions), choice_id = NULL"],
    ],
    "each_homework_is_scored_by_its_answers": [
        ["UPDATE homework_submissions SET score = 0"],
        ["UPDATE homework_submissions SET max_score = max_score + 1"],
        ["DELETE FROM homework_answers"],
    ],
    "each_question_has_one_current_version": [
        ["UPDATE question_versions SET is_current = false"],
        ["UPDATE question_versions SET number = 3 WHERE number = 2"],
        [
            "UPDATE question_versions SET is_current = false WHERE number = 2",
            "UPDATE question_versions SET is_current = true WHERE number = 1",
        ],
    ],
}


@pytest.fixture
def school(app):
    """A class in which quizzes run, wait for a teacher, are graded and timed out, and homework was handed in."""
    lecture, with_homework = create_lecture(), create_lecture()
    teacher = lecture.topic.course.teacher
    questions = [create_question(teacher), create_question(teacher, "written")]
    quiz = create_quiz(lecture, questions=questions, max_attempts=5)
    student, other = create_student(), create_student()
    now = clock.now()
    for person, bought in ((student, lecture), (other, lecture), (student, with_homework)):
        create_enrollment(person, bought.topic.course)
        create_purchase(person, bought, purchased_at=now - timedelta(hours=1))
    create_attempt(student, quiz, [[1], "نص"], awarded={1: "0.50"}, started_at=now - timedelta(minutes=29))
    create_attempt(student, quiz, [[1], "نص"], attempt_number=2)
    create_attempt(student, quiz, [[2]], attempt_number=3, status="in_progress")
    begun = now - timedelta(minutes=40)
    deadline = begun + timedelta(minutes=30)
    create_attempt(other, quiz, [None, None], started_at=begun, submitted_at=deadline, is_timed_out=True)
    create_attempt(other, quiz, [[1]], attempt_number=2)
    _hand_in(student, create_homework(with_homework, questions=1))
    _edit(create_question(teacher))
    db.session.commit()


def _hand_in(student, homework):
    (place,) = homework.questions
    version = place.question.version
    submission = HomeworkSubmission(student=student, homework=homework, score=Decimal(1), max_score=Decimal(1))
    db.session.add(submission)
    db.session.flush()
    right = next(choice for choice in version.choices if choice.is_correct)
    db.session.add(
        HomeworkAnswer(
            submission_id=submission.id,
            homework_question_id=place.id,
            version_id=version.id,
            choice_id=right.id,
            points=1,
            points_awarded=Decimal(1),
        )
    )


def _edit(question):
    question.version.is_current = False
    db.session.flush()
    db.session.add(QuestionVersion(question=question, number=2, type="written", text="؟"))


def test_every_invariant_has_its_damage():
    assert set(DAMAGE) == set(INVARIANTS)


@pytest.mark.usefixtures("school")
class TestInvariants:
    def test_all_hold_in_an_ordinary_class(self):
        assert violations() == {}

    @pytest.mark.parametrize(
        ("name", "statements"),
        [(name, statements) for name, damages in DAMAGE.items() for statements in damages],
    )
    def test_damage_is_caught(self, name, statements):
        for statement in statements:
            db.session.execute(text(statement))

        assert name in violations()


class TestCommand:
    @pytest.mark.usefixtures("school")
    def test_it_names_what_is_violated_and_fails(self):
        db.session.execute(text("UPDATE homework_submissions SET score = 0"))
        db.session.commit()

        result = CliRunner().invoke(check_ledger_command)

        assert result.exit_code == 1
        assert "VIOLATED each_homework_is_scored_by_its_answers: 1 rows, such as {" in result.output
