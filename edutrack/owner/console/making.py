"""Forms for what is not there yet: sent twice, they make one."""

import json
import secrets
from collections.abc import Callable
from typing import Any

from flask import request
from flask_babel import gettext
from wtforms import HiddenField

from edutrack.core.caller import Caller
from edutrack.core.errors import KeyReused, Rejected
from edutrack.core.idempotency import LONGEST_KEY, done_once
from edutrack.owner.console.forms import ConsoleForm


class NewForm(ConsoleForm):
    """A form that carries a token of its own, by which `made_once` knows it again."""

    form_token = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is sent once the form was shown again is another try.
        self.form_token.data = secrets.token_urlsafe(16)

    @property
    def names(self) -> list[str]:
        """The names of what is filled in, without tokens."""
        return [field.name for field in self if not isinstance(field, HiddenField)]


def made_once(caller: Caller, deed: str, values: dict[str, Any], make: Callable[[], Any]) -> int:
    """Return the id of what `make` makes; of what it made before, where the same form has been sent already.

    Raises Rejected where the form was sent with other values before (rules.md, "The catalogue in the console").
    """
    token = request.form.get("form_token", "")[:LONGEST_KEY]
    if not token:
        return int(make().id)
    content = json.dumps(values, default=str, sort_keys=True)
    try:
        return int(done_once(caller, f"console.{deed}", token, content, lambda: str(make().id)))
    except KeyReused:
        raise Rejected(gettext("This form has been sent before with other values. Check them once more.")) from None
