"""Bunny Stream and VdoCipher: what they sign or are asked for, and what students get when they fail."""

import json
import socket
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from edutrack import create_app
from edutrack.cli import cli
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.service.providers import bunny, outage, vdocipher
from tests.api import Api, counted_statements
from tests.factories import create_lecture, create_purchase, create_student
from tests.video_provider import TOKEN, StandIn
from tests.watched import Watched

GUID = "eb1c4f77-0cda-46be-b47d-1118ad7c2ffe"
VDOCIPHER_ID = "3f29b5434a5c615cda18b16a6232fd75"
NOT_NOW = {"detail": "This video cannot be played at the moment."}
NO_LONGER_VALID = {"detail": "This link is no longer valid."}
SECRET = "a1b2c3d4e5"
FOR_EVER = 1000
NO_ANSWER = {"event": "vdocipher_gave_no_answer", "level": "error", "video": VDOCIPHER_ID}


@pytest.fixture
def stand_in(monkeypatch):
    """A running server in VdoCipher's place, of which nothing is known yet."""
    monkeypatch.setattr(vdocipher, "_outage", outage.Outage())
    vdocipher._client.cache_clear()
    with StandIn().running() as server:
        yield server
    vdocipher._client().close()
    vdocipher._client.cache_clear()


@pytest.fixture
def short_patience(monkeypatch):
    """Little time for VdoCipher to answer."""
    monkeypatch.setattr(vdocipher, "_ANSWER_SECONDS", 0.5)


@pytest.fixture
def vdocipher_set(monkeypatch, app, stand_in):
    """VdoCipher's settings, with its server the stand-in."""
    monkeypatch.setitem(app.config, "VDOCIPHER_API_SECRET", SECRET)
    monkeypatch.setitem(app.config, "VDOCIPHER_API_URL", stand_in.url)
    return stand_in


@pytest.fixture
def bunny_set(monkeypatch, app):
    """Bunny's settings."""
    monkeypatch.setitem(app.config, "BUNNY_LIBRARY_ID", "759")
    monkeypatch.setitem(app.config, "BUNNY_TOKEN_KEY", "the-key")


def watched_on_bunny(api, **values):
    return Watched(api, platform="bunny", source=GUID, **values)


def watched_on_vdocipher(api, **values):
    return Watched(api, platform="vdocipher", source=VDOCIPHER_ID, **values)


def parameters(response):
    """Return the query of the address that a response leads to."""
    return {name: value for name, (value,) in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def body(lecture, platform, source):
    return {"lecture": lecture.id, "name": "فيديو", "platform": platform, "source": source}


def logged(capsys):
    """Return what was logged in this test, without what differs each time; fail where it tells a secret."""
    text = capsys.readouterr().out
    assert [secret for secret in (SECRET, *TOKEN.values()) if secret in text] == []
    return [
        {key: value for key, value in json.loads(line).items() if key not in ("timestamp", "request_id")}
        for line in text.splitlines()
    ]


# --- Bunny Stream -----------------------------------------------------------------------------------------------------


def test_a_bunny_link_leads_to_the_player_signed_until_the_link_ends(api, bunny_set):
    watched = watched_on_bunny(api)

    with counted_statements() as statements:
        response = api.get(watched.path)

    expires = int(watched.expires_at.timestamp())
    token = sha256(f"the-key{GUID}{expires}".encode()).hexdigest()
    assert response.status_code == 302
    assert response.headers["Location"] == (
        f"https://iframe.mediadelivery.net/embed/759/{GUID}?token={token}&expires={expires}"
    )
    assert (response.headers["Cache-Control"], response.headers["Referrer-Policy"]) == (
        "private, no-store",
        "strict-origin",
    )
    assert len(statements) == 1


def test_a_bunny_token_is_what_bunnys_documentation_signs(app, monkeypatch):
    monkeypatch.setitem(app.config, "BUNNY_TOKEN_KEY", "4742a81b-bf15-42fe-8b1c-8fcb9024c550")
    monkeypatch.setitem(app.config, "BUNNY_LIBRARY_ID", "759")

    address = bunny.player_address("32d140e2-e4f4-4eec-9d53-20371e9be607", datetime.fromtimestamp(1623440202, UTC))

    signed = b"4742a81b-bf15-42fe-8b1c-8fcb9024c55032d140e2-e4f4-4eec-9d53-20371e9be6071623440202"
    assert address.endswith(f"?token={sha256(signed).hexdigest()}&expires=1623440202")


def test_bunnys_player_can_lie_elsewhere(api, app, bunny_set, monkeypatch):
    monkeypatch.setitem(app.config, "BUNNY_PLAYER_URL", "https://player.mediadelivery.net/embed/")

    response = api.get(watched_on_bunny(api).path)

    assert response.headers["Location"].startswith(f"https://player.mediadelivery.net/embed/759/{GUID}?token=")


def test_what_bunny_signs_never_outlives_the_purchase(api, bunny_set):
    now = clock.now()
    bought = {"purchased_at": now - timedelta(days=1), "expires_at": now + timedelta(minutes=30, milliseconds=700)}
    watched = watched_on_bunny(api, purchase=bought)
    shortened = watched_on_bunny(api)
    # Its end was brought forward after the link was made.
    shortened.purchase.expires_at = shortened.purchase.effective_expiry = now + timedelta(minutes=5)
    db.session.commit()

    ends = [int(parameters(api.get(each.path))["expires"]) for each in (watched, shortened)]

    assert ends == [
        int(watched.purchase.effective_expiry.timestamp()),
        int((now + timedelta(minutes=5)).timestamp()),
    ]


def test_a_link_from_before_a_reopening_keeps_its_own_end(api, bunny_set):
    now = clock.now()
    bought = {"purchased_at": now - timedelta(days=1), "expires_at": now + timedelta(minutes=30)}
    watched = watched_on_bunny(api, purchase=bought)
    teacher = api.as_(watched.video.lecture.topic.course.teacher)
    assert teacher.post(f"/api/purchases/{watched.purchase.id}/reopen/", {"extra_days": 5}).status_code == 200

    before = api.get(watched.path)
    with clock.stopped_at(now + timedelta(minutes=31)):
        after = api.get(watched.path)

    assert int(parameters(before)["expires"]) == int((now + timedelta(minutes=30)).timestamp())
    assert (after.status_code, after.json) == (403, NO_LONGER_VALID)


# --- VdoCipher --------------------------------------------------------------------------------------------------------


def test_a_vdocipher_link_leads_to_the_player_with_a_token_of_its_own(api, vdocipher_set, capsys):
    watched = watched_on_vdocipher(api)

    with counted_statements() as statements:
        response = api.get(watched.path)

    (asked,) = vdocipher_set.asked
    assert response.status_code == 302
    assert response.headers["Location"].startswith("https://player.vdocipher.com/v2/?")
    assert parameters(response) == TOKEN
    assert (response.headers["Cache-Control"], response.headers["Referrer-Policy"]) == (
        "private, no-store",
        "strict-origin",
    )
    assert asked["path"] == f"/api/videos/{VDOCIPHER_ID}/otp"
    assert asked["headers"]["Authorization"] == f"Apisecret {SECRET}"
    assert asked["headers"]["Content-Type"] == "application/json"
    assert set(asked["body"]) == {"ttl", "annotate"}
    assert asked["body"]["ttl"] == 300
    (annotation,) = json.loads(asked["body"]["annotate"])
    assert annotation == {
        "type": "rtext",
        "text": f"منى حسن علي {watched.student.student_code}",
        "alpha": "0.60",
        "color": "0xFF0000",
        "size": "15",
        "interval": "5000",
    }
    assert len(statements) == 1
    assert [line["event"] for line in logged(capsys)] == ["request", "request"]


def test_whatever_a_source_is_it_stays_one_part_of_the_address(api, vdocipher_set):
    # Written before ids were checked, say.
    watched = Watched(api, platform="vdocipher", source="../../x?y#z")

    response = api.get(watched.path)

    assert response.status_code == 302
    assert vdocipher_set.asked[0]["path"] == "/api/videos/..%2F..%2Fx%3Fy%23z/otp"


def test_each_time_a_link_is_followed_another_token_is_asked_for(api, vdocipher_set):
    watched = watched_on_vdocipher(api)

    responses = [api.get(watched.path) for _ in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    assert len(vdocipher_set.asked) == 2


def test_a_vdocipher_token_never_outlives_the_purchase(api, vdocipher_set):
    ends_at = clock.now().replace(microsecond=0) + timedelta(minutes=10)
    watched = watched_on_vdocipher(api, purchase={"purchased_at": ends_at - timedelta(days=1), "expires_at": ends_at})
    statuses = []

    for seconds_left in (400, 40, 1.5, 0.5):
        with clock.stopped_at(ends_at - timedelta(seconds=seconds_left)):
            statuses.append(api.get(watched.path).status_code)

    assert statuses == [302, 302, 302, 403]
    assert [asked["body"]["ttl"] for asked in vdocipher_set.asked] == [300, 40, 1]


ANSWERS_WITHOUT_A_TOKEN = [
    (401, b'{"message":"Invalid API key"}'),
    (403, json.dumps(TOKEN).encode()),
    (404, b'{"message":"Video not found"}'),
    (429, b""),
    (500, b"<html>oops</html>"),
    (503, json.dumps(TOKEN).encode()),
    (302, b""),
    (201, json.dumps(TOKEN).encode()),
    (200, b""),
    (200, b"<html></html>"),
    (200, b"\xff\xfe"),
    (200, b"[]"),
    (200, b"null"),
    (200, b'"otp"'),
    (200, b'{"otp":"x"}'),
    (200, b'{"playbackInfo":"x"}'),
    (200, b'{"otp":"","playbackInfo":"x"}'),
    (200, b'{"otp":5,"playbackInfo":"x"}'),
    (200, b'{"otp":["x"],"playbackInfo":null}'),
    (200, b"[" * 60_000),
    (200, b" " * 70_000 + json.dumps(TOKEN).encode()),
]


@pytest.mark.parametrize(("status", "answer"), ANSWERS_WITHOUT_A_TOKEN)
def test_without_a_token_from_vdocipher_nothing_plays_and_the_log_says_why(api, vdocipher_set, status, answer, capsys):
    watched = watched_on_vdocipher(api)
    vdocipher_set.status, vdocipher_set.body = status, answer
    vdocipher_set.headers = {"Location": f"{vdocipher_set.url}/elsewhere"}

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NOT_NOW)
    assert len(vdocipher_set.asked) == 1
    failure = {"event": "vdocipher_gave_no_token", "level": "error", "video": VDOCIPHER_ID, "status": status}
    assert failure in logged(capsys)


def test_vdocipher_is_not_waited_for_longer_than_a_moment(api, vdocipher_set, short_patience, capsys):
    watched = watched_on_vdocipher(api)
    vdocipher_set.before_answer = vdocipher_set.stay_silent
    started = time.monotonic()

    response = api.get(watched.path)

    assert time.monotonic() - started < 3
    assert (response.status_code, response.json) == (403, NOT_NOW)
    # A wait is not begun again.
    assert len(vdocipher_set.asked) == 1
    assert NO_ANSWER | {"failure": "ReadTimeout"} in logged(capsys)


def test_an_answer_that_trickles_is_given_up(api, vdocipher_set, short_patience, capsys):
    watched = watched_on_vdocipher(api)
    vdocipher_set.pause_between_bytes = 0.1
    started = time.monotonic()

    response = api.get(watched.path)

    assert time.monotonic() - started < 3
    assert (response.status_code, response.json) == (403, NOT_NOW)
    assert NO_ANSWER | {"failure": "ReadTimeout"} in logged(capsys)


def test_a_refused_connection_is_tried_once_more_and_then_given_up(api, app, vdocipher_set, monkeypatch, capsys):
    watched = watched_on_vdocipher(api)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setitem(app.config, "VDOCIPHER_API_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        tries = []
        monkeypatch.setattr(vdocipher, "_post", counting(vdocipher._post, tries))
        response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NOT_NOW)
    assert len(tries) == 2
    assert NO_ANSWER | {"failure": "ConnectError"} in logged(capsys)


def counting(function, calls):
    def counted(*args):
        calls.append(args)
        return function(*args)

    return counted


def test_a_connection_that_breaks_is_opened_once_more(api, vdocipher_set):
    watched = watched_on_vdocipher(api)
    # The first answer leaves a connection behind that is used again.
    statuses = [api.get(watched.path).status_code]
    vdocipher_set.hang_ups = 1

    statuses.append(api.get(watched.path).status_code)

    assert statuses == [302, 302]
    assert len(vdocipher_set.asked) == 3


def test_a_vdocipher_that_is_down_is_left_alone_for_a_while(api, vdocipher_set):
    watched = watched_on_vdocipher(api)
    now = clock.now()
    vdocipher_set.hang_ups = FOR_EVER
    with clock.stopped_at(now):
        answers = [api.get(watched.path) for _ in range(4)]
    asked = len(vdocipher_set.asked)
    with clock.stopped_at(now + timedelta(seconds=16)):
        answers += [api.get(watched.path) for _ in range(2)]
    asked_again = len(vdocipher_set.asked)
    vdocipher_set.hang_ups = 0
    with clock.stopped_at(now + timedelta(seconds=32)):
        recovered = [api.get(watched.path) for _ in range(2)]

    assert [(answer.status_code, answer.json) for answer in answers] == [(403, NOT_NOW)] * 6
    # Two tries for each of three requests, none for the fourth; after the rest one request more.
    assert (asked, asked_again) == (6, 8)
    assert [answer.status_code for answer in recovered] == [302, 302]


def test_single_failures_leave_vdocipher_in_use(api, vdocipher_set):
    watched = watched_on_vdocipher(api)
    statuses = []

    for hang_ups in (2, 2, 0, 2, 2, 0):
        vdocipher_set.hang_ups = hang_ups
        statuses.append(api.get(watched.path).status_code)

    assert statuses == [403, 403, 302, 403, 403, 302]


def test_a_vdocipher_video_whose_key_was_taken_away_plays_nothing(api, app, vdocipher_set, monkeypatch):
    watched = watched_on_vdocipher(api)
    monkeypatch.setitem(app.config, "VDOCIPHER_API_SECRET", "")

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NOT_NOW)
    assert vdocipher_set.asked == []


def test_a_dead_link_asks_vdocipher_nothing(api, vdocipher_set):
    watched = watched_on_vdocipher(api)
    watched.student.status = "suspended_temporary"
    db.session.commit()

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)
    assert vdocipher_set.asked == []


def test_a_secret_that_no_header_can_carry_only_keeps_videos_from_playing(api, app, vdocipher_set, monkeypatch):
    watched = watched_on_vdocipher(api)
    answers = []

    for secret in ("two\nlines", "سر"):
        monkeypatch.setitem(app.config, "VDOCIPHER_API_SECRET", secret)
        answers.append(api.get(watched.path).status_code)

    assert answers == [403, 302]


def test_students_are_shown_no_source(api, bunny_set, vdocipher_set):
    for platform, source in (("bunny", GUID), ("vdocipher", VDOCIPHER_ID)):
        watched = Watched(api, platform=platform, source=source)

        response = api.as_(watched.student).get(f"/api/lectures/{watched.video.lecture_id}/watch/")

        assert response.status_code == 200
        assert source not in response.get_data(as_text=True)


@pytest.mark.concurrency
def test_no_database_connection_is_held_while_vdocipher_takes_its_time(committing_app, stand_in):
    # Set here and not by a fixture: this application is another one.
    committing_app.config |= {"VDOCIPHER_API_SECRET": SECRET, "VDOCIPHER_API_URL": stand_in.url}
    api = Api(committing_app)
    watched = watched_on_vdocipher(api)
    db.session.remove()
    held = []
    stand_in.before_answer = lambda: held.append(db._app_engines[committing_app][None].pool.checkedout())

    with counted_statements() as statements:
        response = api.get(watched.path)

    assert (response.status_code, len(statements)) == (302, 1)
    assert held == [0]


# --- Settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.concurrency
def test_the_environment_says_where_videos_play(committing_app, test_environment, stand_in):
    app = create_app(
        {
            **test_environment,
            "DATABASE_URL": committing_app.config["DATABASE_URL"],
            "BUNNY_LIBRARY_ID": " 759 ",
            "BUNNY_TOKEN_KEY": "the-key",
            "VDOCIPHER_API_SECRET": SECRET,
            "VDOCIPHER_API_URL": stand_in.url,
            "VDOCIPHER_PLAYER_URL": "https://player.example/v3/",
        }
    )
    lecture = create_lecture()
    with app.app_context():
        api = Api(app)
        teacher = api.as_(db.session.merge(lecture.topic.course.teacher))
        made = [
            teacher.post("/api/videos/", body(lecture, "bunny", GUID)),
            teacher.post("/api/videos/", body(lecture, "vdocipher", VDOCIPHER_ID)),
        ]
        student = create_student()
        create_purchase(student, db.session.merge(lecture))
        videos = api.as_(student).get(f"/api/lectures/{lecture.id}/watch/").json["videos"]
        leads_to = [api.get(video["playback_url"]).headers["Location"] for video in videos]
        db.session.remove()
        db.engine.dispose()

    assert [response.status_code for response in made] == [201, 201]
    assert leads_to[0].startswith(f"https://iframe.mediadelivery.net/embed/759/{GUID}?token=")
    assert leads_to[1] == f"https://player.example/v3/?otp={TOKEN['otp']}&playbackInfo=eyJ2aWRlb0lkIjoi%3D%3D"
    assert stand_in.asked[0]["headers"]["Authorization"] == f"Apisecret {SECRET}"


def test_the_list_of_settings_warns_of_half_of_them_and_shows_no_key(app, bunny_set, monkeypatch):
    monkeypatch.setitem(app.config, "BUNNY_LIBRARY_ID", "")

    finished = app.test_cli_runner().invoke(cli, ["settings"])

    assert finished.exit_code == 0
    assert "BUNNY_TOKEN_KEY=(secret)\n" in finished.stdout
    assert finished.stderr == ("Warning: BUNNY_LIBRARY_ID is missing, so these count for nothing: BUNNY_TOKEN_KEY.\n")
