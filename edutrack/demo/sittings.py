"""How the demo's students fare with homework and quizzes: some well, some badly, some out of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from random import Random
from typing import Any

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.demo.papers import Bank, Exams
from edutrack.demo.people import STUDENT
from edutrack.demo.questions import WRITTEN_POORLY, WRITTEN_WELL
from edutrack.demo.timeline import Timeline
from edutrack.quizzes.models import QuizSubmission
from edutrack.quizzes.queries.attempts import GRACE, find_sitting
from edutrack.quizzes.service.attempts import save_answers, start_attempt, submit_attempt
from edutrack.quizzes.service.finishing import close_overdue
from edutrack.quizzes.service.handing_in import find_homework_to_submit, submit_homework
from edutrack.quizzes.service.marking import grade_submission

_HANDS_IN, _TAKES_QUIZ, _GIVES_UP, _LEAVES_BLANK = 0.75, 0.8, 0.15, 0.05
#: Of the written answers that teachers have come to read.
_IS_GRADED = 0.7
_TRIES_AGAIN = 0.6
#: Of those who take a quiz that lasts a day: who began it last evening, and is still at it.
_STILL_AT_IT = 0.3
_LONG_MINUTES = 12 * 60
_PRAISE = ("إجابة ممتازة، أحسنت.", "أحسنت، وانتبه إلى ترتيب الخطوات.")
_ADVICE = ("راجع شرح هذا الجزء ثم حاول مرة أخرى.", "اكتب ما تعرفه من القاعدة ولو لم تكتمل الإجابة.")


@dataclass(frozen=True)
class Sitter:
    """A student before the homework and quiz of one lecture; all chance comes from `random`."""

    timeline: Timeline
    student: Caller
    teacher: Caller
    bank: Bank
    exams: Exams
    random: Random
    leaves_at: datetime

    def plan(self) -> None:
        """Plan what the student hands in, from the moment at which the lecture is bought."""
        if self.exams.homework_id and self.random.random() < _HANDS_IN:
            self._at(clock.now() + timedelta(hours=self.random.uniform(3, 40)), self._hand_in)
        if self.exams.quiz_id and self.random.random() < _TAKES_QUIZ:
            self._at(clock.now() + timedelta(hours=self.random.uniform(20, 60)), self._sit)

    def _at(self, moment: datetime, deed: Any, *arguments: Any) -> None:
        if moment < self.leaves_at:
            self.timeline.at(moment, deed, *arguments)

    def _hand_in(self) -> None:
        answers = [
            {"homework_question_id": place_id, "choice_id": next(iter(self._chosen(choices, 1)), None)}
            for place_id, choices in self.exams.homework.items()
        ]
        homework = find_homework_to_submit(self.student, self.exams.homework_id or 0)
        submit_homework(self.student, homework, answers)

    def _sit(self) -> None:
        evening = self.timeline.end - timedelta(hours=2)
        still_at_it = self.student.username == STUDENT or self.random.random() < _STILL_AT_IT
        if self.exams.minutes > _LONG_MINUTES and still_at_it and clock.now() < evening:
            self._at(evening, self._sit)
            return
        paper = start_attempt(self.student, self._sitting())
        # An attempt's own order is the database's to draw; what is answered must not depend on it.
        paper["questions"].sort(key=itemgetter("quiz_question_id"))
        answers = [self._answer(question) for question in paper["questions"]]
        time = timedelta(minutes=self.exams.minutes)
        if self.random.random() < _GIVES_UP or clock.now() >= evening:
            save_answers(self._sitting(), answers[: len(answers) // 2])
            closing = clock.now() + time + 2 * GRACE
            self.timeline.at(closing, close_overdue, QuizSubmission.id == paper["submission_id"])
        else:
            self._at(clock.now() + time * self.random.uniform(0.3, 0.9), self._submit, paper, answers)

    def _submit(self, paper: dict[str, Any], answers: Sequence[dict[str, Any]]) -> None:
        result = submit_attempt(self._sitting(), answers)
        written = [
            {"answer_id": question["answer_id"], "points_awarded": points, "feedback": feedback}
            for question, answer in zip(paper["questions"], answers, strict=True)
            for points, feedback in self._judged(question, answer)
        ]
        if written and self.random.random() < _IS_GRADED:
            moment = clock.now() + timedelta(hours=self.random.uniform(5, 50))
            self.timeline.at(moment, grade_submission, self.teacher, paper["submission_id"], written)
        has_another = paper["attempt_number"] < self.exams.max_attempts
        if has_another and not result["passed"] and self.random.random() < _TRIES_AGAIN:
            self._at(clock.now() + timedelta(hours=2), self._sit)

    def _sitting(self) -> Any:
        return find_sitting(self.student, self.exams.quiz_id or 0)

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        named = {"quiz_question_id": question["quiz_question_id"]}
        if question["question_type"] == "written":
            texts = WRITTEN_WELL if self._knows() else WRITTEN_POORLY
            return named | {"written_answer": self.random.choice(texts)}
        choices = [choice["id"] for choice in question["choices"]]
        return named | {"choice_ids": self._chosen(choices, 1 if question["question_type"] == "mcq_single" else 2)}

    def _chosen(self, choices: Sequence[int], most: int) -> list[int]:
        """Return what the student takes for right: what is, or one or two that are not, or nothing."""
        if self.random.random() < _LEAVES_BLANK:
            return []
        if self._knows():
            return [choice for choice in choices if choice in self.bank.right]
        wrong = [choice for choice in choices if choice not in self.bank.right]
        return self.random.sample(wrong, min(most, len(wrong)))

    def _knows(self) -> bool:
        # As clever in every subject.
        skill = Random(self.student.username).uniform(0.4, 0.95)  # noqa: S311 - nothing secret comes of it
        return self.random.random() < skill

    def _judged(self, question: dict[str, Any], answer: dict[str, Any]) -> list[tuple[int, str]]:
        """Return points and feedback for a written answer; nothing for one that was chosen."""
        if question["question_type"] != "written":
            return []
        if answer["written_answer"] in WRITTEN_WELL:
            return [(question["points"] - self.random.randint(0, 1), self.random.choice(_PRAISE))]
        return [(self.random.randint(0, 1), self.random.choice(_ADVICE))]
