"""The blueprint of every room: bodies and queries parsed in DRF's manner, objects of the path, pages of lists."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import flask_smorest
import marshmallow as ma
import orjson
from flask import Request, current_app, request
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict

from edutrack.core.auth import View, caller
from edutrack.core.bodies import receive_form
from edutrack.core.caller import Caller
from edutrack.core.errors import DomainError, Invalid, Rejected, TooLarge, UnsupportedBody
from edutrack.core.pagination import PAGE_PARAMETERS, envelope_schema, paginate
from edutrack.core.schemas import plain_messages

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class _Parser(FlaskParser):
    """Reads bodies as JSON or as forms, whichever the client sends, and refuses them with DRF's messages."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the body's values by name; no body at all is an empty one."""
        if req.mimetype in _FORMS:
            return _form_values(req, schema)
        body = req.get_data()
        # A body without a length ends silently where the limit cuts it off.
        if req.content_length is None and len(body) == req.max_content_length:
            raise TooLarge("The request body is too large.")
        if not body:
            return {}
        if req.mimetype and not req.is_json:
            raise UnsupportedBody(f'Unsupported media type "{req.content_type}" in request.')
        try:
            values = orjson.loads(body)
        except ValueError as error:
            raise Rejected(f"JSON parse error - {error}") from None
        if not isinstance(values, dict):
            kind = type(values).__name__
            raise Invalid({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
        return values

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Return the query's values by name; an empty one, as forms send what was not filled in, is none."""
        given = [(name, value) for name, value in req.args.items(multi=True) if value]
        return self._makeproxy(MultiDict(given), schema)

    def load_files(self, req: Request, schema: ma.Schema) -> Any:
        """Return the values of a body that may hold files, and may be as large as they are."""
        if req.mimetype == "multipart/form-data":
            receive_form(req, current_app.config["MAX_CONTENT_LENGTH"])
        return self.load_json(req, schema)

    def handle_error(self, error: Any, *args: Any, **kwargs: Any) -> Any:
        """Raise marshmallow's refusal as ours, without the name of the place the values came from."""
        (messages,) = error.messages.values()
        raise Invalid(plain_messages(messages))


def _form_values(req: Request, schema: ma.Schema) -> dict[str, Any]:
    """Return the values of a form as JSON would have given them, going by the fields of `schema`."""
    values: dict[str, Any] = {}
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        if key in req.files:
            upload = req.files.getlist(key)[-1]
            # A form's file input in which nothing was chosen comes as a part without a name: an empty value.
            values[key] = None if field.allow_none and not upload.filename else upload
            continue
        if key not in req.form:
            continue
        texts = req.form.getlist(key)
        if isinstance(field, ma.fields.List):
            values[key] = _json_or(texts, texts[0]) if len(texts) == 1 else texts
        elif isinstance(field, ma.fields.Nested | ma.fields.Dict):
            values[key] = _json_or(texts[-1], texts[-1])
        else:
            values[key] = texts[-1]
        if values[key] in ("", [""]):
            if field.allow_none:
                values[key] = None
            elif isinstance(field, ma.fields.List):
                values[key] = []
    return values


def _json_or(otherwise: Any, text: str) -> Any:
    try:
        value = orjson.loads(text)
    except ValueError:
        return otherwise
    return value if isinstance(value, list | dict) else otherwise


class Blueprint(flask_smorest.Blueprint):
    """A room's routes. Decorators read from the outside in: route, guard, object of the path, input, output."""

    ARGUMENTS_PARSER = _Parser()

    def register_views_in_doc(self, api: Any, *args: Any, **kwargs: Any) -> None:
        """Leave describing the views to whoever asks for the description, which most processes nobody does."""
        api.when_described.append(partial(super().register_views_in_doc, api, *args, **kwargs))

    def body(
        self, schema: type[ma.Schema] | ma.Schema, *, files: bool = False, forms: bool = False
    ) -> Callable[[View], View]:
        """Parse the body with `schema` and hand the values to the view as its first argument.

        `files`: it may hold files, and be as large as they are. `forms`: the description offers a form beside JSON,
        though every body is taken as either.
        """
        parse = self.arguments(_made(schema), location="files" if files else "json")

        def decorate(view: View) -> View:
            parsed: Any = parse(view)
            parsed.forms = forms
            return parsed

        return decorate

    def query(self, schema: type[ma.Schema] | ma.Schema) -> Callable[[View], View]:
        """Parse the query string with `schema` and hand the values to the view as its first argument."""
        return self.arguments(_made(schema), location="query")

    def page(self, schema: type[ma.Schema]) -> Callable[[View], View]:
        """Answer one page (or with `?all=true` all) of the select that the view returns, each row by `schema`."""
        row_schema = schema()

        def decorate(view: View) -> View:
            @wraps(view)
            def paged(*args: Any, **kwargs: Any) -> Any:
                return paginate(view(*args, **kwargs), row_schema)

            answered: Any = self.response(200, envelope_schema(schema))(paged)
            answered.paginated = True
            # Beside those of a `query`, which `doc(parameters=…)` would put itself in the place of.
            described = answered._apidoc.setdefault("arguments", {}).setdefault("parameters", [])
            described.extend(PAGE_PARAMETERS)
            return answered

        return decorate

    def refusals(self, *errors: DomainError) -> Callable[[View], View]:
        """Declare for the description how the rules behind the view refuse, beyond guard, path and validation.

        The errors are written as they are raised, texts and all; Throttled with whatever number of seconds.
        """

        def decorate(view: View) -> View:
            view.refusals = (*getattr(view, "refusals", ()), *errors)  # type: ignore[attr-defined]
            return view

        return decorate

    def localised(self, view: View) -> View:
        """Declare for the description that the answer's texts are in the language of `Accept-Language`."""
        view.localised = True  # type: ignore[attr-defined]
        return view


def _made(schema: type[ma.Schema] | ma.Schema) -> ma.Schema:
    # Of a class webargs would make another one for every request.
    return schema if isinstance(schema, ma.Schema) else schema()


def path_object(name: str, find: Callable[[Caller, int], Any]) -> Callable[[View], View]:
    """Turn the path's `<name>_id` into the object that `find` returns for the caller, before the body is looked at.

    `find` raises NotFound for what does not exist and for what is outside the caller's scope, in the same words.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def found(*args: Any, **kwargs: Any) -> Any:
            kwargs[name] = find(caller(), kwargs.pop(f"{name}_id"))
            return view(*args, **kwargs)

        return found  # type: ignore[return-value]

    return decorate


def bound_body_size(limit: int) -> Callable[[], None]:
    """Return a before-request hook that holds every body to `limit` bytes; a view that takes files raises it itself."""

    def bound() -> None:
        request.max_content_length = limit

    return bound
