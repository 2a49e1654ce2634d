"""Forms whose deed is done once, however often they are sent: by a second click, a reload, or from two windows."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
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


def do_once(caller: Caller, deed: str, token: str, values: Mapping[str, Any], work: Callable[[], int]) -> int:
    """Return the id that `work` returns; for a form that is sent again, the one that it returned the first time.

    Raises Rejected for a form without a token, and for one that comes again with other values.
    """
    if not token:
        raise Rejected(
            gettext("The page was open for too long or in another window. Load it again and repeat what you did.")
        )
    content = json.dumps(values, default=str, sort_keys=True)
    try:
        return int(done_once(caller, deed, token[:LONGEST_KEY], content, lambda: str(work())))
    except KeyReused:
        raise Rejected(gettext("This form has been sent before with other values. Check them once more.")) from None
