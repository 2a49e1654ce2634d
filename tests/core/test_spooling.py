"""Long answers: whole or an error, and nothing kept."""

from tempfile import SpooledTemporaryFile

from edutrack.core.spooling import SpooledResponse
from tests.core.test_pagination import create_mails
from tests.trial import MailSchema


def test_what_fails_in_the_middle_of_a_list_is_an_error_and_no_shorter_list(api, monkeypatch):
    create_mails(1201)
    dump, calls = MailSchema.dump, []

    def fail_at_the_second_part(schema, part, **kwargs):
        calls.append(len(part))
        if len(calls) == 2:
            raise RuntimeError
        return dump(schema, part, **kwargs)

    monkeypatch.setattr(MailSchema, "dump", fail_at_the_second_part)

    response = api.get("/api/trial/mails/?all=true")

    assert (response.status_code, response.json) == (500, {"detail": "Internal server error"})
    assert calls == [500, 500]


def test_a_long_answer_lies_on_the_disk_and_goes_when_it_is_sent(app, monkeypatch):
    files = []

    def remembered(**kwargs):
        files.append(SpooledTemporaryFile(**kwargs))  # noqa: SIM115 - closing it is what is tried here
        return files[-1]

    monkeypatch.setattr("edutrack.core.spooling.tempfile.SpooledTemporaryFile", remembered)
    content = b"x" * 1_000_000

    def write(file):
        file.write(content)
        return b"head "

    with app.test_request_context():
        response = SpooledResponse(write, "text/plain")
        response.spool()
        on_disk = files[0]._rolled
        sent = b"".join(response.iter_encoded())

    assert (on_disk, sent, response.content_length) == (True, b"head " + content, 1_000_005)
    assert files[0].closed


def test_an_answer_that_nobody_reads_leaves_no_file(app):
    closed = []
    with app.test_request_context():
        response = SpooledResponse(lambda file: closed.append(file) or b"", "text/plain")
        response.spool()
        response.close()

    assert [file.closed for file in closed] == [True]
