"""Ledger health: what must always be true of money, exams and counts, and whether it is."""

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from edutrack.owner import ledger
from edutrack.owner.console.access import page
from edutrack.owner.console.pages import ConsoleView

_LATEST = 10
GROUPS = {"money": _("Money and access"), "exams": _("Quizzes and homework"), "counts": _("Counts behind the figures")}
#: Each invariant in words, by its name.
WORDS = {
    "balance_is_the_sum_of_its_entries": _("Every balance is the sum of its entries in the ledger."),
    "no_balance_is_negative": _("No balance is or ever was below zero."),
    "each_entry_continues_the_one_before": _("Every entry goes on from the balance that the one before it left."),
    "each_used_code_has_one_credit": _("Every used code was credited once: its value, to the student who used it."),
    "each_credit_has_a_used_code": _("No code was credited that nobody has used."),
    "a_used_code_says_by_whom_and_when": _("Every used code says who used it and when, before it expired."),
    "no_code_is_used_and_voided": _("No code is both used and cancelled."),
    "each_paid_purchase_has_one_debit": _("Every purchase was debited once: the price that was paid."),
    "a_lecture_is_bought_once": _("No student has bought a lecture twice."),
    "each_purchase_had_an_approved_enrolment": _("Whoever bought a lecture was approved in its course by then."),
    "each_entry_has_one_source": _("Every entry comes from one code, one purchase or one correction."),
    "each_adjustment_has_one_entry": _("Every correction stands in the ledger once."),
    "every_issued_code_is_there": _("Every code that was made is still there: used, unused or cancelled."),
    "revenue_is_what_was_taken": _("Revenue is what was taken from balances."),
    "closed_days_are_what_was_bought": _("The revenue of days is that of their purchases."),
    "closed_lectures_are_what_was_bought": _("The revenue of lectures is that of their purchases."),
    "closed_students_are_what_was_bought": _("What students spent is what their purchases say."),
    "totals_of_students_are_what_was_bought": _("What students spent in all courses is what their purchases say."),
    "access_ends_when_the_log_says": _("Access ends when the purchase and its reopenings say."),
    "one_attempt_runs_at_a_time": _("Nobody has two attempts at one quiz running."),
    "attempts_are_numbered_without_a_gap": _("Attempts are numbered without a gap."),
    "each_attempt_is_scored_by_its_answers": _("Every attempt has the score of its answers."),
    "no_answer_is_worth_more_than_its_question": _("No answer got more points than its question is worth."),
    "an_attempt_waits_for_its_written_answers_alone": _("Attempts wait for the grading of written answers alone."),
    "an_attempt_is_passed_by_its_score": _("Attempts are passed by their score alone."),
    "no_attempt_ends_after_its_grace": _("No attempt ended later than its time and the grace allow."),
    "what_is_answered_was_bought": _("Whoever answered had bought the lecture."),
    "each_answer_is_of_the_version_that_was_given": _("Every answer is to the question as it was asked."),
    "each_homework_is_scored_by_its_answers": _("Every homework has the score of its answers."),
    "each_question_has_one_current_version": _("Every question has one current version: its latest."),
    "tallies_are_what_there_is": _("The counts that are kept are what counting gives."),
    "learners_are_who_is_approved": _("The students counted as a teacher's are those who are approved."),
}


class LedgerView(ConsoleView):
    """What must always be true, and what the latest checks have found."""

    title = _("Ledger health")
    section = _("Records")
    icon = "check"
    slug = "ledger"

    @page("/")
    def index(self) -> str:
        """Show every invariant in words, with the latest checks."""
        checks = ledger.latest_checks(_LATEST)
        return self.show(
            "console/ledger.html",
            groups=[(title, list(ledger.CHECKED[key])) for key, title in GROUPS.items()],
            words=WORDS,
            checks=checks,
            latest=checks[0] if checks else None,
            last_clean=ledger.last_clean_check(),
        )

    @page("/check/", methods=("POST",))
    def check(self) -> ResponseReturnValue:
        """Run every invariant now, one check at a time."""
        return self.act(
            lambda: ledger.check_ledger(self.caller),
            done=_("The check is done: its result stands below."),
            to=self.home,
        )
