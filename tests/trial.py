"""An application with a few routes of its own, on which the plumbing is tried apart from any room's rules."""

from contextlib import contextmanager

import marshmallow as ma
from flask import current_app
from sqlalchemy import bindparam, select

from edutrack import create_app
from edutrack.accounts.models import User
from edutrack.core import audit, fields
from edutrack.core.auth import caller, guard, public
from edutrack.core.blueprint import Blueprint, path_object
from edutrack.core.caller import Role
from edutrack.core.errors import NotFound, Rejected
from edutrack.core.extensions import db, limiter
from edutrack.core.idempotency import idempotent
from edutrack.core.images import save_picture
from edutrack.core.json import json_response
from edutrack.core.mail import Mail, queue_mail
from edutrack.core.pagination import PreparedList, ordered
from edutrack.core.schemas import Nested, Schema


class ChildSchema(Schema):
    id = fields.Id(required=True)


class BodySchema(Schema):
    name = fields.Text(longest=20)
    note = fields.Text(allow_none=True)
    count = fields.Integer(allow_none=True)
    ids = fields.ListOf(fields.Id())
    tags = fields.ListOf(fields.Text(), allow_none=True)
    child = Nested(ChildSchema)
    children = fields.ListOf(Nested(ChildSchema))
    settings = fields.JSONObject()
    picture = fields.Upload(allow_none=True)
    document = fields.Upload()


class MailSchema(Schema):
    id = ma.fields.Integer()
    subject = ma.fields.String()


class MailQuerySchema(Schema):
    ordering = fields.Ordering("subject", "id", default="id")


class NamedSchema(Schema):
    name = fields.Text(required=True)


def find_user(_caller, user_id):
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound()
    return user


def _plain(value):
    return value.filename if hasattr(value, "filename") else value


def make_blueprint() -> Blueprint:
    """Return the trial routes; made anew for each application."""
    blueprint = Blueprint("trial", __name__)

    @blueprint.post("/trial/echo/")
    @public
    @blueprint.body(BodySchema)
    def echo(values):
        return json_response({name: _plain(value) for name, value in values.items()})

    @blueprint.get("/trial/users/<int:user_id>/")
    @public
    def show_user(user_id):
        return json_response({"id": user_id})

    @blueprint.post("/trial/users/<int:user_id>/")
    @guard(Role.SITE_OWNER)
    @path_object("user", find_user)
    @blueprint.body(NamedSchema)
    def rename_user(values, user):
        return json_response({"id": user.id, **values})

    @blueprint.get("/trial/mails/")
    @public
    @blueprint.query(MailQuerySchema)
    @blueprint.page(MailSchema)
    def list_mails(values):
        return ordered(select(Mail), values["ordering"], {"subject": Mail.subject, "id": Mail.id}, Mail.id)

    @blueprint.get("/trial/prepared-mails/")
    @public
    @blueprint.query(MailQuerySchema)
    @blueprint.page(MailSchema)
    def list_prepared_mails(values):
        columns = {"subject": Mail.subject, "id": Mail.id}
        rows = select(Mail.id, Mail.subject).where(Mail.recipient == bindparam("recipient"))
        return PreparedList(ordered(rows, values["ordering"], columns, Mail.id)).filled(recipient="a@example.org")

    @blueprint.post("/trial/mails/")
    @guard(students="any")
    @idempotent
    @blueprint.body(NamedSchema)
    def write_mail(values):
        if values["name"] == "refused":
            raise Rejected("This mail is refused.")
        queue_mail("somebody@example.org", values["name"], "A text.")
        db.session.flush()
        return json_response({"subject": values["name"]}, 201)

    @blueprint.post("/trial/pictures/")
    @guard(Role.SITE_OWNER)
    @blueprint.body(BodySchema, files=True)
    def upload_picture(values):
        name = save_picture(values["document"].stream, "document")
        audit.record(caller(), "picture.uploaded", db.session.get(User, caller().user_id), name=name)
        return json_response({"name": name}, 201)

    @blueprint.route("/trial/run/", methods=["GET", "POST"])
    @public
    def run():
        # What happens in the view is each test's own business.
        return current_app.config["TRIAL"]()

    return blueprint


@contextmanager
def trial_application(environment):
    """Yield an application with the trial routes under /api/trial/."""
    app = create_app(environment)
    app.register_blueprint(make_blueprint(), url_prefix="/api")
    app.config["PASSWORD_HASH_COST"] = (1, 8)
    app.testing = False
    yield app
    db._app_engines[app][None].dispose()
    # One limiter serves every application of the process: the next one is not to inherit what this one switched on.
    limiter.enabled = False
