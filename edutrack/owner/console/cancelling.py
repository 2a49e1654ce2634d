"""Cancelling recharge codes: one, some that lie in a row, or what is left of a batch; always with a reason."""

from functools import partial
from typing import Any

import marshmallow as ma
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import StringField, TextAreaField

from edutrack.core.arabic import fold_digits
from edutrack.core.errors import DomainError, Invalid
from edutrack.core.fields import Text
from edutrack.core.schemas import plain_messages
from edutrack.owner.console.access import page
from edutrack.owner.console.errors import when_refused
from edutrack.owner.console.forms import ConsoleForm
from edutrack.owner.console.pages import ConsoleView
from edutrack.wallet import service
from edutrack.wallet.codes import serial
from edutrack.wallet.models import REASON_LENGTH
from edutrack.wallet.queries.batches import find_batch
from edutrack.wallet.queries.codes import find_code
from edutrack.wallet.schemas import VoidSchema, range_schema

_NUMBER_HINTS = {"inputmode": "numeric", "dir": "ltr", "maxlength": 30, "autocomplete": "off"}


class VoidForm(ConsoleForm):
    """Why codes are cancelled."""

    reason = TextAreaField(_("Reason"), render_kw={"maxlength": REASON_LENGTH, "rows": 3, "dir": "auto"})


class VoidBatchForm(VoidForm):
    """Why what is left of a batch is cancelled."""

    confirmation = StringField(
        _("Number of the batch"), render_kw={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}
    )


class VoidBatchSchema(VoidSchema):
    """A reason, and the batch's number typed by hand."""

    confirmation = Text(required=True)


class RangeForm(ConsoleForm):
    """Codes that lie in a row; asked for in the address, so that nothing is changed by it."""

    class Meta:
        csrf = False

    first = StringField(_("First number or serial"), render_kw=_NUMBER_HINTS)
    last = StringField(_("Last number or serial"), render_kw=_NUMBER_HINTS)


class CancellingPages(ConsoleView):
    """The pages on which codes are cancelled."""

    @page("/batches/<int:batch_id>/void/", methods=("GET", "POST"))
    def void_batch(self, batch_id: int) -> ResponseReturnValue:
        """Cancel what is unused of a batch, once its number has been typed."""
        found = find_batch(self.caller, batch_id)
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
            to=self.batch_url(batch_id),
            template="console/codes/void.html",
            title=_("Cancel batch %(number)s", number=name),
            plan=service.plan_void_range(self.caller, found, first=1, last=found.quantity),
            nothing=_("Nothing of this batch is left to cancel."),
            back=self.batch_url(batch_id),
        )

    @page("/batches/<int:batch_id>/void-range/")
    def choose_range(self, batch_id: int) -> ResponseReturnValue:
        """Ask which codes of a batch are to be cancelled, and go on to where they are."""
        found = find_batch(self.caller, batch_id)
        form = RangeForm(request.args)
        form.last.description = gettext("This batch has the numbers 1 to %(last)s.", last=found.quantity)
        ask = partial(
            self.show,
            "console/codes/range.html",
            title=_("Cancel codes of batch %(number)s", number=f"{batch_id:06d}"),
            form=form,
            back=self.batch_url(batch_id),
        )

        def refused(error: DomainError, status: int) -> ResponseReturnValue:
            form.refuse(error)
            return ask(), status

        if not request.args:
            return ask()
        when_refused(refused)
        chosen = _asked_range(batch_id)
        service.plan_void_range(self.caller, found, **chosen)
        first, last = chosen["first"], chosen["last"]
        return redirect(url_for(f"{self.endpoint}.void_range", batch_id=batch_id, first=first, last=last), 303)

    @page("/batches/<int:batch_id>/void-range/<int:first>-<int:last>/", methods=("GET", "POST"))
    def void_range(self, batch_id: int, first: int, last: int) -> ResponseReturnValue:
        """Show what cancelling codes that lie in a row comes to, and cancel them once a reason is given."""
        found = find_batch(self.caller, batch_id)
        back = url_for(f"{self.endpoint}.choose_range", batch_id=batch_id)
        return self.form_page(
            VoidForm(),
            lambda values: service.void_range(self.caller, found, first=first, last=last, **values),
            schema=VoidSchema(),
            done=_("What was unused of these codes has been cancelled."),
            to=self.batch_url(batch_id),
            template="console/codes/void.html",
            title=_(
                "Cancel codes %(first)s to %(last)s",
                first=serial(batch_id, first),
                last=serial(batch_id, last),
            ),
            trail=[(_("Batch %(number)s", number=f"{batch_id:06d}"), self.batch_url(batch_id))],
            plan=service.plan_void_range(self.caller, found, first=first, last=last),
            nothing=_("None of these codes is left to cancel."),
            back=back,
        )

    @page("/<int:code_id>/void/", methods=("POST",))
    def void_code(self, code_id: int) -> ResponseReturnValue:
        """Cancel a code that nobody has used."""
        code = find_code(self.caller, code_id)
        return self.act(
            lambda values: service.void_code(self.caller, code.id, values["reason"]),
            schema=VoidSchema(),
            done=_("The code has been cancelled."),
            to=self.code_url(code_id),
        )

    def batch_url(self, batch_id: int) -> str:
        """Return the address of a batch's page."""
        return url_for(f"{self.endpoint}.batch", batch_id=batch_id)

    def code_url(self, code_id: int) -> str:
        """Return the address of a code's page."""
        return url_for(f"{self.endpoint}.code", code_id=code_id)


def _asked_range(batch_id: int) -> dict[str, int]:
    """Return the `first` and `last` that the address asks for; raises Invalid by field."""
    try:
        chosen: dict[str, int] = range_schema(batch_id).load(request.args)
    except ma.ValidationError as error:
        raise Invalid(plain_messages(error.messages)) from None
    return chosen
