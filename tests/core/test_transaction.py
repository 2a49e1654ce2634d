"""One request, one transaction: what is kept, what is not, what happens after it, and what is tried again."""

from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from flask import g, request
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from edutrack.core import clock
from edutrack.core.database import violated_rule, when_violated
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.core.mail import Mail, queue_mail
from edutrack.core.transaction import after_commit, after_rollback
from tests.factories import create_site_owner

RUN = "/api/trial/run/"


def _write_mail(subject="kept"):
    db.session.add(Mail(recipient="a@example.org", subject=subject, text="", created_at=clock.now()))


def _subjects():
    return db.session.scalars(select(Mail.subject).order_by(Mail.id)).all()


def _failure(kind):
    return OperationalError("SELECT 1", {}, kind("try again"))


def test_a_request_commits_once_and_keeps_what_it_wrote(api, in_view):
    commits = []

    def count(_session):
        commits.append(1)

    def work():
        _write_mail("first")
        db.session.flush()
        _write_mail("second")
        return {}

    in_view(work)
    event.listen(db.session, "before_commit", count)
    try:
        assert api.post(RUN).status_code == 200
    finally:
        event.remove(db.session, "before_commit", count)

    assert len(commits) == 1
    assert _subjects() == ["first", "second"]


@pytest.mark.parametrize(("error", "status"), [(Rejected("No."), 400), (RuntimeError("x"), 500)])
def test_a_request_that_raises_keeps_nothing(api, in_view, error, status):
    def work():
        _write_mail()
        db.session.flush()
        raise error

    in_view(work)

    assert api.post(RUN).status_code == status
    assert _subjects() == []


def test_after_commit_runs_once_everything_is_committed(api, in_view):
    seen = []

    def work():
        _write_mail()
        after_commit(lambda: seen.append((db.session().in_transaction(), _subjects())))
        after_rollback(lambda: seen.append("rolled back"))
        return {}

    in_view(work)
    api.post(RUN)

    assert seen == [(False, ["kept"])]


def test_after_rollback_has_a_transaction_of_its_own(api, in_view):
    seen = []

    def work():
        _write_mail("lost")
        after_commit(lambda: seen.append("committed"))
        after_rollback(lambda: _write_mail("kept all the same"))
        raise Rejected("No.")

    in_view(work)

    assert api.post(RUN).status_code == 400
    assert _subjects() == ["kept all the same"]
    assert seen == []


@pytest.mark.parametrize(
    "kind",
    [psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.ForeignKeyViolation],
)
def test_a_transaction_that_lost_a_race_runs_again_whole(api, in_view, kind):
    attempts = []

    def work():
        attempts.append(1)
        _write_mail(f"attempt {len(attempts)}")
        after_commit(lambda: attempts.append("committed"))
        db.session.flush()
        if len(attempts) < 4:
            raise _failure(kind)
        return {}

    in_view(work)

    assert api.post(RUN).status_code == 200
    assert _subjects() == ["attempt 4"]
    assert attempts == [1, 1, 1, 1, "committed"]


def test_what_a_lost_attempt_left_outside_the_database_goes_before_the_next(api, in_view):
    seen = []

    def work():
        after_rollback(lambda: seen.append("cleaned up"))
        seen.append("attempt")
        if len(seen) == 1:
            raise _failure(psycopg.errors.DeadlockDetected)
        return {}

    in_view(work)

    assert api.post(RUN).status_code == 200
    assert seen == ["attempt", "cleaned up", "attempt"]


def test_a_transaction_is_run_again_three_times_at_most(api, in_view):
    attempts = []

    def work():
        attempts.append(1)
        raise _failure(psycopg.errors.DeadlockDetected)

    in_view(work)

    assert api.post(RUN).status_code == 503
    assert len(attempts) == 4


def test_another_database_error_is_not_tried_again(api, in_view):
    attempts = []

    def work():
        attempts.append(1)
        raise _failure(psycopg.errors.QueryCanceled)

    in_view(work)

    assert api.post(RUN).status_code == 503
    assert len(attempts) == 1


def test_what_runs_again_finds_every_file_of_a_name_at_its_beginning(api, in_view):
    read = []

    def work():
        read.append([upload.read() for upload in request.files.getlist("file")])
        if len(read) == 1:
            raise _failure(psycopg.errors.DeadlockDetected)
        return {}

    in_view(work)
    files = [(BytesIO(b"first"), "a.txt"), (BytesIO(b"last"), "b.txt")]

    assert api.post(RUN, data={"file": files}).status_code == 200
    assert read == [[b"first", b"last"]] * 2


def test_what_fails_after_the_commit_stops_nothing_that_follows_and_the_answer_stands(api, in_view):
    seen = []

    def work():
        _write_mail()
        after_commit(lambda: 1 / 0)
        after_commit(lambda: seen.append("second"))
        return {}

    in_view(work)

    assert api.post(RUN).status_code == 200
    assert seen == ["second"]
    assert _subjects() == ["kept"]


def test_a_declared_constraint_is_its_domain_error(api, in_view):
    create_site_owner(username="Mona")
    in_view(lambda: create_site_owner(username="mona"))

    response = api.post(RUN)

    assert (response.status_code, response.json) == (400, {"username": ["Username already exists."]})


def test_only_the_named_constraint_is_the_declared_error():
    when_violated("uq_for_this_test", lambda: Rejected("Declared."))

    assert violated_rule(IntegrityError("", {}, psycopg.errors.UniqueViolation("no diagnostics"))) is None


def test_mail_leaves_after_the_commit(api, in_view, app):
    folder = Path(app.config["MAIL_DIR"])
    seen = []

    def work():
        queue_mail("mona@example.org", "مرحبا", "نص")
        db.session.flush()
        mail_id = db.session.scalar(select(func.max(Mail.id)))
        seen.append((folder / f"{mail_id:08d}.eml", (folder / f"{mail_id:08d}.eml").exists()))
        return {}

    in_view(work)
    api.post(RUN)

    ((path, existed_before),) = seen
    assert not existed_before
    assert b"To: mona@example.org\r\n" in path.read_bytes()
    assert db.session.scalar(select(Mail.sent_at).order_by(Mail.id.desc())) is not None


def test_mail_of_a_failed_request_never_leaves(api, in_view):
    def work():
        queue_mail("mona@example.org", "Never", "A text.")
        db.session.flush()
        raise Rejected("No.")

    in_view(work)

    assert api.post(RUN).status_code == 400
    assert db.session.scalar(select(func.count()).select_from(Mail)) == 0
    assert g.after_commit != []


def test_a_mail_that_cannot_be_delivered_waits_and_fails_nothing(api, in_view, app, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setitem(app.config, "MAIL_DIR", str(tmp_path / "file"))
    in_view(lambda: (queue_mail("mona@example.org", "Later", "A text."), {})[1])

    assert api.post(RUN).status_code == 200
    assert db.session.scalars(select(Mail.sent_at)).all() == [None]
