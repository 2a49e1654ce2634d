"""Forms whose deed is done once, however often they are sent: by a second click, a reload, or from two windows."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from wtforms import HiddenField

from edutrack.core.caller import Caller
from edutrack.core.errors import KeyReused, Rejected
from edutrack.core.idempotency import LONGEST_KEY, done_once
from edutrack.owner.console.forms import ConsoleForm


def new_token() -> str:
    """Return a token for one form, as it is shown."""
    return secrets.token_urlsafe(16)


class OnceForm(ConsoleForm):
    """A form that carries the token by which `do_once` knows it again."""

    form_token = HiddenField(default=new_token)

    @property
    def token(self) -> str:
        """The token that came with the form; empty where it had none."""
        return self.form_token.raw_data[0] if self.form_token.raw_data else ""


class NewForm(OnceForm):
    """A form for what is not there yet: sent twice, it makes one."""

    @property
    def names(self) -> list[str]:
        """The names of what is filled in, without tokens."""
        return [field.name for field in self if not isinstance(field, HiddenField)]


def made_once(caller: Caller, deed: str, values: Mapping[str, Any], make: Callable[[], Any]) -> int:
    """Return the id of what `make` makes; of what it made before, where the same form has been sent already.

    Raises Rejected where the form was sent with other values before (rules.md, "The catalogue in the console").
    """
    token = request.form.get("form_token") or new_token()
    return do_once(caller, f"console.{deed}", token, values, lambda: int(make().id))


def do_once(caller: Caller, deed: str, token: str, values: Mapping[str, Any], work: Callable[[], int]) -> int:
    """Return the id that `work` returns; for a form that is sent again, the one that it returned the first time.

    Raises Rejected for a form without a token, and for one that comes again with other values.
    """
    if not token:
        raise Rejected(
            gettext("The page was open for too long or in another window. Load it again and repeat what you did.")
        )
    content = json.dumps(values, default=_written, sort_keys=True)
    try:
        return int(done_once(caller, deed, token[:LONGEST_KEY], content, lambda: str(work())))
    except KeyReused:
        raise Rejected(gettext("This form has been sent before with other values. Check them once more.")) from None


def _written(value: Any) -> str:
    """Return a value as text that another value would not have; of a file its name says too little."""
    if not isinstance(value, FileStorage):
        return str(value)
    digest = hashlib.file_digest(value.stream, "sha256").hexdigest()  # type: ignore[arg-type]
    value.stream.seek(0)
    return f"{value.filename} {digest}"
