"""Pictures of choices: which part of a body, or which present picture, each of them means."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from edutrack.core import fields
from edutrack.core.errors import Invalid, no_such_pk
from edutrack.core.files import public_url
from edutrack.core.images import save_picture
from edutrack.quizzes.models import QuestionChoice

_BLANK = "This field may not be blank."
_upload = fields.Upload()


def pictured_choices(
    choices: Sequence[Mapping[str, Any]], present: Sequence[QuestionChoice], parts: Mapping[str, Any]
) -> list[Any]:
    """Return the picture of each choice: an upload among `parts`, the name of a `present` one, or None.

    Raises Invalid under `choices` for a picture that is neither, an id that is no present choice's, and a choice that
    has neither text nor picture (rules.md, "Question bank").
    """
    pictures: list[Any] = []
    refusals: list[dict[str, list[str]]] = []
    for choice in choices:
        try:
            picture = _picture(choice, present, parts)
            if picture is None and not choice["text"]:
                raise Invalid({"text": [_BLANK]})
        except Invalid as refusal:
            pictures.append(None)
            refusals.append(refusal.messages)
        else:
            pictures.append(picture)
            refusals.append({})
    if any(refusals):
        raise Invalid({"choices": refusals})
    return pictures


def stored_pictures(pictures: Sequence[Any]) -> list[str | None]:
    """Store the uploads among the pictures of choices, and return the name of each picture.

    Raises Invalid under `choices` for an upload that is no picture.
    """
    names: list[str | None] = []
    for place, picture in enumerate(pictures):
        if picture is None or isinstance(picture, str):
            names.append(picture)
            continue
        # Two choices may name the same part.
        picture.stream.seek(0)
        try:
            names.append(save_picture(picture.stream, "image"))
        except Invalid as refusal:
            raise Invalid({"choices": [*({} for _ in range(place)), refusal.messages]}) from None
    return names


def _picture(choice: Mapping[str, Any], present: Sequence[QuestionChoice], parts: Mapping[str, Any]) -> Any:
    named = _present_choice(choice, present)
    if "image" not in choice:
        return named.image if named else None
    image = choice["image"]
    if image is None:
        return None
    kept = {public_url(other.image): other.image for other in present if other.image}
    if image in kept and image not in parts:
        return kept[image]
    try:
        return _upload.deserialize(parts.get(image, ""))
    except ValidationError as refusal:
        raise Invalid({"image": refusal.messages}) from None


def _present_choice(choice: Mapping[str, Any], present: Sequence[QuestionChoice]) -> QuestionChoice | None:
    if "id" not in choice:
        return None
    named = next((other for other in present if other.id == choice["id"]), None)
    if named is None:
        raise Invalid({"id": [no_such_pk(choice["id"])]})
    return named
