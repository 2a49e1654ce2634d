"""Recharge codes: batches with their counts, finding a code, making a batch, cancelling.

No page shows a code in the clear: whoever looks for one has it already.
"""

from functools import partial
from typing import Any

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select
from wtforms import StringField, TextAreaField
from wtforms.widgets import DateTimeLocalInput

from edutrack.core.arabic import fold_digits
from edutrack.core.errors import Invalid, NotFound
from edutrack.core.fields import Id, Text
from edutrack.owner import codes as reading
from edutrack.owner import sheets
from edutrack.owner.catalogue import course_choices
from edutrack.owner.console.access import page
from edutrack.owner.console.errors import when_refused
from edutrack.owner.console.forms import Choice, ConsoleForm, read_form
from edutrack.owner.console.language import money, number, shown
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from edutrack.owner.console.once import do_once, new_token
from edutrack.owner.console.printing import LAYOUT_NAMES, print_form
from edutrack.wallet import service
from edutrack.wallet.codes import serial
from edutrack.wallet.exporting import batch_as_csv
from edutrack.wallet.models import LABEL_LENGTH, REASON_LENGTH
from edutrack.wallet.queries.batches import batch_with_states, find_batch
from edutrack.wallet.queries.codes import code_named, code_with_status, find_code
from edutrack.wallet.schemas import NewBatchSchema, VoidSchema

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


class VoidBatchForm(ConsoleForm):
    """Why what is left of a batch is cancelled."""

    reason = TextAreaField(_("Reason"), render_kw={"maxlength": REASON_LENGTH, "rows": 3, "dir": "auto"})
    confirmation = StringField(
        _("Number of the batch"), render_kw={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}
    )


class VoidBatchSchema(VoidSchema):
    """A reason, and the batch's number typed by hand."""

    confirmation = Text(required=True)


class CodesView(ServiceModelView):
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
        return self._batch_url(row.id)

    @page("/find/", methods=("POST",))
    def find(self) -> ResponseReturnValue:
        """Go to the page of the code that somebody names whole, or say that there is none.

        A POST, so that the code stands in no address, history or log.
        """
        typed = request.form.get("typed", "")[:100].strip()
        try:
            code_id = code_named(self.caller, typed)
        except NotFound:
            return self.show("console/codes/find.html", title=_("Find a code"), typed=typed)
        return redirect(url_for(f"{self.endpoint}.code", code_id=code_id), 303)

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
                to=self._batch_url,
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
        service.record_export(self.caller, found)
        return batch_as_csv(found)

    @page("/batches/<int:batch_id>/void/", methods=("GET", "POST"))
    def void_batch(self, batch_id: int) -> ResponseReturnValue:
        """Cancel what is unused of a batch, once its number has been typed."""
        found = find_batch(self.caller, batch_id)
        row = batch_with_states(found)
        name = f"{batch_id:06d}"

        def void(values: dict[str, Any]) -> Any:
            if fold_digits(values["confirmation"]).lstrip("0") != str(batch_id):
                raise Invalid({"confirmation": [gettext("This is not the number of the batch.")]})
            return service.void_batch(self.caller, found, values["reason"])

        form = VoidBatchForm()
        form.confirmation.description = gettext("Type %(number)s, so that no other batch is meant.", number=name)
        return self.form_page(
            form,
            void,
            schema=VoidBatchSchema(),
            done=_("What was unused of the batch has been cancelled."),
            to=self._batch_url(batch_id),
            template="console/codes/void.html",
            title=_("Cancel batch %(number)s", number=name),
            batch=row,
            unsettled=reading.unsettled_count(row),
            back=self._batch_url(batch_id),
        )

    @page("/<int:code_id>/")
    def code(self, code_id: int) -> str:
        """Show what has become of one code, without the code itself."""
        row = code_with_status(code_id)
        name = serial(row.batch_id, row.number)
        batch_url = None if row.is_single else self._batch_url(row.batch_id)
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

    @page("/<int:code_id>/void/", methods=("POST",))
    def void_code(self, code_id: int) -> ResponseReturnValue:
        """Cancel a code that nobody has used."""
        code = find_code(self.caller, code_id)
        return self.act(
            lambda values: service.void_code(self.caller, code.id, values["reason"]),
            schema=VoidSchema(),
            done=_("The code has been cancelled."),
            to=url_for(f"{self.endpoint}.code", code_id=code_id),
        )

    def _make_once(self, token: str, values: dict[str, Any]) -> int:
        """Make the batch and return its id; for a form that is sent again, the id of the batch that it made."""
        return do_once(self.caller, _MAKING, token, values, lambda: service.issue_batch(self.caller, **values).id)

    def _refused(self, form: ConsoleForm, error: Any, title: Any) -> str:
        form.refuse(error)
        return self.show("console/codes/new.html", title=title, form=form)

    def _batch_url(self, batch_id: int) -> str:
        return url_for(f"{self.endpoint}.batch", batch_id=batch_id)
