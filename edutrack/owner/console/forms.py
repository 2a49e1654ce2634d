"""Forms of the console: WTForms draws them, the API's schemas read them, the services judge them."""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import request
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import BooleanField, SelectField, SelectMultipleField

from edutrack.core.errors import DomainError, Invalid
from edutrack.core.schemas import plain_messages
from edutrack.owner.console.language import translated


class ConsoleForm(FlaskForm):
    """A form whose fields are named as the API's; it draws and keeps what was typed, and validates nothing itself."""

    #: Fields that count as left out when nothing was typed, such as another password.
    left_out_when_empty: tuple[str, ...] = ()

    #: What is wrong with the form as a whole.
    refusals: tuple[str, ...] = ()

    def refuse(self, error: DomainError) -> None:
        """Put the error's messages at the fields they are about, and the rest over the form."""
        if not isinstance(error, Invalid):
            self.refusals = tuple(messages_of(error))
            return
        over: list[str] = []
        # By the names under which they are sent: `from` cannot be an attribute.
        fields = {field.name: field for field in self}
        for name, messages in error.messages.items():
            texts = [translated(text) for text in _texts(messages)]
            if name in fields:
                fields[name].errors = texts
            else:
                over.extend(texts)
        self.refusals = tuple(over)


class Choice(SelectField):
    """One of several; whether it is one is for the schema and the service to say."""

    def __init__(self, label: Any, *, empty: Any = None, **kwargs: Any) -> None:
        self.empty = empty
        super().__init__(label, validate_choice=False, coerce=str, choices=[], **kwargs)

    def offer(self, choices: Any) -> None:
        """Set what can be chosen: pairs of value and label."""
        start = [("", self.empty)] if self.empty is not None else []
        self.choices = [*start, *((str(value), label) for value, label in choices)]


class Choices(SelectMultipleField):
    """Any of several, drawn as a list of boxes to tick."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, validate_choice=False, coerce=str, choices=[], widget=_draw_boxes, **kwargs)

    def offer(self, choices: Any) -> None:
        """Set what can be chosen: pairs of value and label."""
        self.choices = [(str(value), label) for value, label in choices]


class Switch(BooleanField):
    """Yes or no. An unticked box sends nothing, so a hidden field says no for it."""

    false_values = (False, "false", "", "0")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the last value: the box's where it is ticked."""
        super().process_formdata(valuelist[-1:])


def _draw_boxes(field: Any, **_kwargs: Any) -> Markup:
    boxes = Markup("").join(
        Markup(
            '<label class="tick"><input type="checkbox" name="{}" value="{}"{}> <span><bdi>{}</bdi></span></label>'
        ).format(field.name, value, Markup(" checked") if value in (field.data or []) else "", label)
        for value, label in field.choices
    )
    # Present although nothing is ticked: none of them is an answer too.
    return Markup('<div class="ticks" id="{}"><input type="hidden" name="{}" value="">{}</div>').format(
        field.id, field.name, boxes
    )


def read_form(schema: ma.Schema, form: ConsoleForm | None = None) -> dict[str, Any]:
    """Return the values of the sent form as the API's schema reads them; raises Invalid by field.

    A file input in which nothing was chosen, and an empty field of the form's `left_out_when_empty`, count as left out.
    """
    left_out = form.left_out_when_empty if form else ()
    values: dict[str, Any] = {}
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        texts = request.form.getlist(key)
        upload = request.files.get(key)
        if upload is not None and upload.filename:
            values[key] = upload
        elif isinstance(field, ma.fields.List) and texts:
            values[key] = [text for text in texts if text]
        elif texts and not (key in left_out and not texts[-1]):
            values[key] = None if field.allow_none and not texts[-1].strip() else texts[-1]
    try:
        read: dict[str, Any] = schema.load(values)
    except ma.ValidationError as error:
        raise Invalid(plain_messages(error.messages)) from None
    return read


def messages_of(error: DomainError) -> list[str]:
    """Return all that an error says, in the reader's language."""
    texts = _texts(error.messages) if isinstance(error, Invalid) else [error.message]
    return [translated(text) for text in texts]


def _texts(messages: Any) -> Iterator[str]:
    if isinstance(messages, str):
        yield messages
        return
    for inner in messages.values() if isinstance(messages, dict) else messages:
        yield from _texts(inner)
