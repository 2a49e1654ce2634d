"""The base of every page of the console."""

from collections.abc import Callable
from functools import partial
from typing import Any

import marshmallow as ma
from flask import current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_admin.helpers import set_current_view

from edutrack.core.caller import Caller
from edutrack.core.errors import DomainError
from edutrack.core.transaction import after_commit
from edutrack.owner.console.errors import when_refused
from edutrack.owner.console.forms import ConsoleForm, messages_of, read_form
from edutrack.owner.console.rendering import render_page

#: The path from the home page to this one: label and endpoint's address of each step.
Trail = list[tuple[Any, str | None]]
#: What is said of something done: a text, several with their categories, or a function that makes either of the result.
Done = Any | list[tuple[Any, str]] | Callable[[Any], Any]


class ConsoleView(BaseView):
    """A room of the console: its menu entry, and the pages under its URL.

    A page is a method under `@page(url)`. It reads with the room's queries and ends in `self.show(template, …)`; what
    changes something goes through `form_page` (a form with fields) or `act` (a button), which call the same service
    functions as the API, then say so and redirect (303). Where a rule refuses, the request is rolled back and the form
    is shown again with the messages at its fields, or the message is flashed.
    """

    #: Name in the menu and over the pages.
    title: Any
    #: Heading of the part of the menu that it stands in.
    section: Any = ""
    #: Name of its picture in `console/icons.html`.
    icon = "dot"
    #: Last part of its address, and of its endpoints: `console_<slug>.<method>`.
    slug: str

    def __init__(self) -> None:
        super().__init__(name=self.title, endpoint=f"console_{self.slug}", url=self.slug)

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin's own takes a TypeError inside a page for a missing argument, and runs the page twice.
        return fn(self, *args, **kwargs)

    @property
    def home(self) -> str:
        """The address of the room's first page."""
        return url_for(f"{self.endpoint}.{self._default_view}")

    @property
    def caller(self) -> Caller:
        """The site owner who is signed in, as services take them."""
        asking: Caller = g.caller
        return asking

    def show(self, template: str, *, title: Any = None, trail: Trail | None = None, **context: Any) -> str:
        """Return a page in the console's frame.

        `title` is the heading (default: the room's); `trail` the steps between home and this page, where the room's
        own page is put in front by itself.
        """
        heading = title or self.title
        steps: Trail = list(trail or [])
        if title is not None:
            steps = [(self.title, self.home), *steps, (title, None)]
        set_current_view(self)
        return render_page(template, view=self, heading=heading, trail=steps, **context)

    def form_page(
        self,
        form: ConsoleForm,
        work: Callable[[dict[str, Any]], Any],
        *,
        schema: ma.Schema,
        done: Done,
        to: Callable[[Any], str] | str | None = None,
        template: str = "console/form.html",
        **context: Any,
    ) -> ResponseReturnValue:
        """Show a form; once it is sent, hand its values to `work`, say `done` and go on to `to`.

        `schema` is the one that the API reads the same values with, so that the same is refused in the same words.
        `to` is an address, or a function that makes one of what `work` returned; by default the room's first page.
        Anything else goes to the template and to `show`.
        """

        def refused(error: DomainError, status: int) -> ResponseReturnValue:
            form.refuse(error)
            return self.show(template, form=form, **context), status

        if request.method != "POST":
            return self.show(template, form=form, **context)
        when_refused(refused)
        return self._finish(work(read_form(schema, form)), done, to)

    def act(
        self,
        work: Callable[..., Any],
        *,
        done: Done,
        schema: ma.Schema | None = None,
        to: Callable[[Any], str] | str | None = None,
        back: str | None = None,
    ) -> ResponseReturnValue:
        """Do what a button asks for, say `done` and go on to `to`; a refusal is flashed on the page `back`.

        `done` and `to` may be functions of what `work` returned. With a `schema`, `work` gets the values that came with
        the button; without, nothing.
        """

        def refused(error: DomainError, _status: int) -> ResponseReturnValue:
            for message in messages_of(error):
                flash(message, "danger")
            return redirect(back or (to if isinstance(to, str) else self.home), 303)

        when_refused(refused)
        result = work(read_form(schema)) if schema is not None else work()
        return self._finish(result, done, to)

    def _finish(self, result: Any, done: Done, to: Callable[[Any], str] | str | None) -> ResponseReturnValue:
        target = to(result) if callable(to) else to or self.home
        said = done(result) if callable(done) else done
        for text, category in said if isinstance(said, list) else [(said, "success")]:
            # The next page is not to say that something was done which a failing commit undid.
            after_commit(partial(flash, text, category))
        return redirect(target, 303)


def room_at(endpoint: str) -> ConsoleView:
    """Return the room of that name, for pages that stand in another's."""
    (admin,) = current_app.extensions["admin"]
    found: ConsoleView = next(item._view for item in admin.menu() if item._view.endpoint == endpoint)
    return found
