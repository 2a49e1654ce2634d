"""What has served its purpose is deleted, and nothing before that."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from edutrack.accounts.models import MailToken, RotatedToken, Session
from edutrack.cli import forget_command
from edutrack.core import clock, forgetting
from edutrack.core.extensions import db
from edutrack.core.forgetting import forget_what_has_served
from edutrack.core.idempotency import IdempotencyKey
from edutrack.core.limits import FailedAttempt
from edutrack.core.mail import Mail
from tests.factories import create_site_owner

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def session(expires_at, **values):
    user = create_site_owner()
    return Session(user_id=user.id, refresh_jti="x", started_at=clock.now(), expires_at=expires_at, **values)


def rotated(at):
    alive = session(clock.now() + DAY)
    db.session.add(alive)
    db.session.flush()
    return RotatedToken(jti=str(at), session_id=alive.id, rotated_at=at)


def link(expires_at):
    user = create_site_owner()
    key = str(expires_at).encode()
    return MailToken(user_id=user.id, purpose="x", token_hash=key, address=user.gmail, expires_at=expires_at)


def mail(written, **values):
    return Mail(recipient="a@example.org", subject="x", text="x", created_at=written, **values)


def key(at):
    return IdempotencyKey(user_id=1, endpoint="x", key=str(at), request_hash=b"x", created_at=at)


def failure(at):
    return FailedAttempt(kind="login", subject="x", failed_at=at)


#: What makes a row that has served its purpose since a moment, and how long it is kept from then on.
KINDS = {
    "session": (session, DAY),
    "session that was ended": (lambda at: session(at, ended_at=at - DAY), DAY),
    "refresh token": (rotated, 7 * DAY),
    "link": (link, DAY),
    "mail that was sent": (lambda at: mail(at, sent_at=at), 30 * DAY),
    "mail that was given up": (lambda at: mail(at, last_error="refused"), 30 * DAY),
    "key": (key, 25 * HOUR),
    "failure": (failure, DAY),
}


def save(*rows):
    db.session.add_all(rows)
    db.session.commit()
    return type(rows[0])


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_goes_once_it_was_kept_for_its_time(app, kind):
    make, kept = KINDS[kind]
    model = save(make(clock.now() - kept - HOUR), make(clock.now() - kept + HOUR))
    before = count(model)

    assert forget_what_has_served() == 1
    assert count(model) == before - 1
    assert forget_what_has_served() == 0


def test_a_mail_that_waits_stays_however_old_it_is(app):
    save(mail(clock.now() - 365 * DAY, next_attempt_at=clock.now()))

    assert forget_what_has_served() == 0


def test_the_command_takes_batch_after_batch_and_says_how_many_went(app, monkeypatch):
    monkeypatch.setattr(forgetting, "_BATCH", 2)
    save(*(failure(clock.now() - 2 * DAY) for _ in range(5)))

    result = CliRunner().invoke(forget_command)

    assert (result.exit_code, result.output) == (0, "Rows deleted: 5.\n")
    assert count(FailedAttempt) == 0


def test_what_another_process_is_deleting_is_left_to_it(committing_app):
    save(failure(clock.now() - 2 * DAY), failure(clock.now() - 2 * DAY))

    with db.engine.connect() as other:
        other.execute(select(FailedAttempt.id).order_by(FailedAttempt.id).limit(1).with_for_update())

        assert forget_what_has_served() == 1

    assert forget_what_has_served() == 1
