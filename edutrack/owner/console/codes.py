"""Recharge codes: batches with their counts, finding a code, making a batch.

No page shows a code in the clear: whoever looks for one has it already.
"""

from functools import partial
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select
from wtforms import StringField
from wtforms.widgets import DateTimeLocalInput

from edutrack.core.errors import NotFound
from edutrack.core.fields import Id, Text
from edutrack.owner import codes as reading
from edutrack.owner import sheets
from edutrack.owner.catalogue import course_choices
from edutrack.owner.console.access import page
from edutrack.owner.console.cancelling import CancellingPages
from edutrack.owner.console.errors import when_refused
from edutrack.owner.console.forms import Choice, ConsoleForm, read_form
from edutrack.owner.console.language import money, number, shown
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from edutrack.owner.console.once import do_once, new_token
from edutrack.owner.console.printing import LAYOUT_NAMES, print_form
from edutrack.wallet import service
from edutrack.wallet.codes import serial
from edutrack.wallet.exporting import batch_as_csv, batch_as_xlsx
from edutrack.wallet.models import LABEL_LENGTH
from edutrack.wallet.queries.batches import batch_with_states, find_batch
from edutrack.wallet.queries.codes import code_named, code_with_status
from edutrack.wallet.schemas import NewBatchSchema

#: Names of states, and the kind of badge that shows each.
STATES = {
    "unused": (_("Unused"), "good"),
    "used": (_("Used"), "quiet"),
    "expired": (_("Expired"), "waiting"),
    "voided": (_("Cancelled"), "bad"),
}
#: What two requests with the same form token do only once.
_MAKING = "console.make_batch"


def batch_number(batch_id: int) -> Markup:
    """Return a batch's number as it stands in serials."""
    return Markup('<bdi class="number" dir="ltr">{:06d}</bdi>').format(batch_id)


def two_lines(first: Any, second: Any) -> Markup:
    """Return two values one over the other, as a cell shows them."""
    return Markup('<div>{}<br><small class="muted">{}</small></div>').format(shown(first), shown(second))


def share_cell(position: int, batch: Any) -> Any:
    """Return how many codes of a batch are in one state, and their value; nothing where there are none."""
    share = reading.shares_of(batch)[position]
    return two_lines(number(share.count), money(share.value)) if share.count else None


class BatchForm(ConsoleForm):
    """Codes to be made together."""

    course = Choice(_("Course"), empty=_("Choose a course"))
    value = StringField(_("Value of one code"), render_kw={"inputmode": "decimal", "dir": "ltr", "maxlength": 20})
    quantity = StringField(_("How many codes"), render_kw={"inputmode": "numeric", "dir": "ltr", "maxlength": 10})
    expires_at = StringField(
        _("Expires"), widget=DateTimeLocalInput(), description=_("Left empty, the codes are good for ever.")
    )
    label = StringField(
        _("Label"),
        description=_("For you, such as the shop that sells the cards. Students do not see it."),
        render_kw={"maxlength": LABEL_LENGTH, "dir": "auto"},
    )


class CodesView(CancellingPages, ServiceModelView):
    """Batches of codes, newest first."""

    title = _("Recharge codes")
    section = _("Money")
    icon = "card"
    slug = "codes"
    empty = _("No batch of codes has been made yet.")
    list_template = "console/codes/list.html"
    columns = (
        Column("id", _("Batch"), value=lambda row: batch_number(row.id)),
        Column("label", _("Label")),
        Column("course_name", _("Course"), value=lambda row: two_lines(row.course_name, row.teacher_name)),
        Column("value", _("Value"), value=lambda row: Markup("<div>{}</div>").format(money(row.value))),
        *(
            Column(status, label, value=partial(share_cell, position))
            for position, (status, (label, _kind)) in enumerate(STATES.items())
        ),
        Column("total_value", _("Altogether"), value=lambda row: two_lines(number(row.quantity), row.total_value)),
        Column("created_at", _("Made")),
    )
    filters = (
        ListFilter("course", _("Course"), Id(), choices=course_choices),
        ListFilter("label", _("Label"), Text()),
    )

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the batches that pass the filters."""
        return reading.batches(**filters)

    def link(self, row: Any) -> str:
        """Return the address of the batch's page."""
        return self.batch_url(row.id)

    @page("/")
    def index(self) -> str:
        """Show the batches, and what has become of all codes together."""
        batches = self.read_page()
        shares = reading.shares_altogether(**batches.filters)
        return self.show(self.list_template, list=batches, shares=shares, states=STATES)

    @page("/find/", methods=("POST",))
    def find(self) -> ResponseReturnValue:
        """Go to the code that somebody names whole, or to the batch of which they name the number or a part of it.

        A POST, so that the code stands in no address, history or log.
        """
        typed = request.form.get("typed", "")[:100].strip()
        try:
            return redirect(self.code_url(code_named(self.caller, typed)), 303)
        except NotFound:
            batches = reading.batches_named(typed)
        if len(batches) == 1:
            return redirect(self.batch_url(batches[0].id), 303)
        return self.show("console/codes/find.html", title=_("Find a code"), typed=typed, batches=batches)

    @page("/new/", methods=("GET", "POST"))
    def new(self) -> ResponseReturnValue:
        """Ask what batch to make, show what it comes to, and make it once that is confirmed."""
        form = BatchForm(course=request.args.get("course"))
        form.course.offer(course_choices())
        title = _("Make codes")
        token = request.form.get("form_token", "")
        if token and "change" not in request.form:
            return self.form_page(
                form,
                lambda values: self._make_once(token, values),
                schema=NewBatchSchema(),
                done=_("The codes have been made."),
                to=self.batch_url,
                template="console/codes/new.html",
                title=title,
            )
        if request.method == "GET" or token:
            return self.show("console/codes/new.html", title=title, form=form)
        when_refused(lambda error, status: (self._refused(form, error, title), status))
        plan = service.plan_batch(self.caller, **read_form(NewBatchSchema(), form))
        return self.show("console/codes/confirm.html", title=title, form=form, plan=plan, form_token=new_token())

    @page("/batches/<int:batch_id>/")
    def batch(self, batch_id: int) -> str:
        """Show a batch: what has become of its codes, and who has printed or exported it."""
        found = find_batch(self.caller, batch_id)
        row = batch_with_states(found)
        return self.show(
            "console/codes/batch.html",
            title=_("Batch %(number)s", number=f"{batch_id:06d}"),
            batch=row,
            shares=reading.shares_of(row),
            states=STATES,
            unsettled=reading.unsettled_count(row),
            taken=sheets.taken_away(batch_id),
            layout_names=LAYOUT_NAMES,
            print_form=print_form(found.quantity),
        )

    @page("/batches/<int:batch_id>/codes.csv")
    def export(self, batch_id: int) -> Response:
        """Download all codes of a batch as a CSV file; each download is audited."""
        found = find_batch(self.caller, batch_id)
        service.record_export(self.caller, found, "csv")
        return batch_as_csv(found)

    @page("/batches/<int:batch_id>/codes.xlsx")
    def export_workbook(self, batch_id: int) -> Response:
        """Download all codes of a batch as an Excel workbook; each download is audited."""
        found = find_batch(self.caller, batch_id)
        service.record_export(self.caller, found, "xlsx")
        return batch_as_xlsx(found)

    @page("/<int:code_id>/")
    def code(self, code_id: int) -> str:
        """Show what has become of one code, without the code itself."""
        row = code_with_status(code_id)
        name = serial(row.batch_id, row.number)
        batch_url = None if row.is_single else self.batch_url(row.batch_id)
        return self.show(
            "console/codes/code.html",
            title=_("Code %(serial)s", serial=name),
            code=row,
            serial=name,
            state=STATES[row.status],
            batch_url=batch_url,
            taken=sheets.taken_away(row.batch_id, row.number),
            layout_names=LAYOUT_NAMES,
            print_form=print_form(),
        )

    def _make_once(self, token: str, values: dict[str, Any]) -> int:
        """Make the batch and return its id; for a form that is sent again, the id of the batch that it made."""
        return do_once(self.caller, _MAKING, token, values, lambda: service.issue_batch(self.caller, **values).id)

    def _refused(self, form: ConsoleForm, error: Any, title: Any) -> str:
        form.refuse(error)
        return self.show("console/codes/new.html", title=title, form=form)
