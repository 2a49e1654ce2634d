"""A student's money: balances and their correction, purchases and their reopening, the ledger."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from wtforms import StringField, TextAreaField

from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.courses.models import LONGEST_WINDOW_DAYS, Purchase
from edutrack.courses.queries.purchases import find_purchase, purchases_of_student
from edutrack.courses.schemas.purchases import NOTE_LENGTH, ReopenSchema
from edutrack.courses.service.purchases import reopen_purchase
from edutrack.owner.catalogue import course_choices
from edutrack.owner.console.access import page
from edutrack.owner.console.forms import Choice
from edutrack.owner.console.lists import fetch_page
from edutrack.owner.console.once import OnceForm, do_once
from edutrack.owner.console.people import badge
from edutrack.owner.console.student_frame import StudentPages, student_url, trail_from
from edutrack.students import queries
from edutrack.wallet.codes import serial
from edutrack.wallet.models import REASON_LENGTH
from edutrack.wallet.queries.balances import balances, transactions
from edutrack.wallet.schemas import AdjustmentSchema
from edutrack.wallet.service import adjust_balance

_ENTRIES_ON_A_PAGE = 50
_TAB = "show_money"
_ENTRY_KINDS = {"recharge_code": _("Recharge code"), "purchase": _("Purchase"), "adjustment": _("Correction")}
#: What two requests with the same form token do only once.
_ADJUSTING, _REOPENING = "console.adjust_balance", "console.reopen_purchase"
# The student is the page's, not the form's.
_adjustment = AdjustmentSchema(exclude=("student",))


class AdjustmentForm(OnceForm):
    """By how much a balance is corrected, and why."""

    course = Choice(_("Course"), empty=_("Choose a course"))
    amount = StringField(
        _("Amount in pounds"),
        description=_("What is added; with a minus in front, what is taken away. No balance goes below zero."),
        render_kw={"dir": "ltr", "maxlength": 20, "autocomplete": "off"},
    )
    reason = TextAreaField(
        _("Reason"),
        description=_("The student sees it in the ledger."),
        render_kw={"maxlength": REASON_LENGTH, "rows": 3, "dir": "auto"},
    )


class ReopenForm(OnceForm):
    """By how many days access to a lecture is extended, and why."""

    extra_days = StringField(
        _("Extra days"),
        description=_("They count from the end of the access, or from now where that is over."),
        render_kw={"dir": "ltr", "inputmode": "numeric", "maxlength": len(str(LONGEST_WINDOW_DAYS))},
    )
    note = TextAreaField(
        _("Note"),
        description=_("Stands in the log of the purchase, where the student sees it."),
        render_kw={"maxlength": NOTE_LENGTH, "rows": 3, "dir": "auto"},
    )


class MoneyPages(StudentPages):
    """The tab about money, and what is done there."""

    @page("/<int:student_id>/money/")
    def show_money(self, student_id: int) -> str:
        """Show a student's balances, purchases and ledger."""
        student = queries.show_student(self.caller, student_id)
        return self.show_tab(
            _TAB,
            student,
            "console/people/student_money.html",
            balances=db.session.scalars(balances(student_id)).all(),
            purchases=purchases_of_student(student_id),
            ledger=fetch_page(transactions(student_id, None), _ENTRIES_ON_A_PAGE),
            window_badge=window_badge,
            entry_kinds=_ENTRY_KINDS,
            reference_of=_reference,
        )

    @page("/<int:student_id>/adjust/", methods=("GET", "POST"))
    def adjust(self, student_id: int) -> ResponseReturnValue:
        """Correct what a student holds in a course."""
        student = queries.show_student(self.caller, student_id)
        form = AdjustmentForm(course=request.args.get("course"))
        form.course.offer(course_choices())
        return self.form_page(
            form,
            lambda values: self._adjust_once(form.token, values | {"student": student_id}),
            schema=_adjustment,
            done=_("The balance has been corrected."),
            to=student_url(student_id, _TAB),
            template="console/people/adjust.html",
            title=_("Correct a balance"),
            trail=trail_from(student, _TAB),
            held=_held_by(student_id),
            back=student_url(student_id, _TAB),
        )

    @page("/<int:student_id>/purchases/<int:purchase_id>/reopen/", methods=("GET", "POST"))
    def reopen(self, student_id: int, purchase_id: int) -> ResponseReturnValue:
        """Extend a student's access to a lecture."""
        student = queries.show_student(self.caller, student_id)
        purchase = self._purchase_of(student_id, purchase_id)
        form = ReopenForm()
        return self.form_page(
            form,
            lambda values: self._reopen_once(form.token, purchase, values),
            schema=ReopenSchema(),
            done=_("The lecture has been reopened, and the student told."),
            to=student_url(student_id, _TAB),
            template="console/people/reopen.html",
            title=_("Reopen a lecture"),
            trail=trail_from(student, _TAB),
            facts_of_purchase=_facts_of(purchase),
            back=student_url(student_id, _TAB),
        )

    def _adjust_once(self, token: str, values: dict[str, Any]) -> int:
        return do_once(self.caller, _ADJUSTING, token, values, lambda: adjust_balance(self.caller, **values))

    def _reopen_once(self, token: str, purchase: Purchase, values: dict[str, Any]) -> int:
        said = values | {"purchase": purchase.id}
        return do_once(
            self.caller, _REOPENING, token, said, lambda: reopen_purchase(self.caller, purchase, **values).id
        )

    def _purchase_of(self, student_id: int, purchase_id: int) -> Purchase:
        found = find_purchase(self.caller, purchase_id)
        if found.student_id != student_id:
            raise NotFound()
        return found


def window_badge(purchase: Purchase) -> Markup:
    """Return whether a purchase still opens its lecture, in a word."""
    return badge(gettext("Expired"), "quiet") if purchase.is_expired else badge(gettext("Open"), "good")


def _held_by(student_id: int) -> list[tuple[str, Any]]:
    """Return what a student holds, as courses and amounts: values, which outlive a refused form's rollback."""
    return [(held.course.name, held.balance) for held in db.session.scalars(balances(student_id))]


def _facts_of(purchase: Purchase) -> list[tuple[Any, Any]]:
    """Return what is to be known of a purchase before it is extended, as `_held_by` returns values."""
    return [
        (_("Lecture"), purchase.lecture.name),
        (_("Course"), purchase.lecture.topic.course.name),
        (_("Bought"), purchase.purchased_at),
        (_("Open until"), purchase.effective_expiry),
        (_("Access"), window_badge(purchase)),
        (_("Days added so far"), purchase.extra_days),
    ]


def _reference(entry: Any) -> Any:
    """Return what an entry of the ledger is about: the code's serial, the lecture, or the reason of a correction."""
    if entry.batch_id is not None:
        return Markup('<bdi class="code">{}</bdi>').format(serial(entry.batch_id, entry.number))
    return entry.lecture_name or entry.note
