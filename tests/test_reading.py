"""Reading: it changes nothing, whoever asks, and shows nobody what belongs to others; in the API and in the console."""

import re

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.owner.console.access import is_console_path
from edutrack.quizzes.models import QuizSubmission
from tests.api import Api
from tests.authorisation import ACTORS, ROUTES
from tests.deeds import Deeds
from tests.factories import create_site_owner
from tests.owner.console import Console
from tests.tables import table_states

READ = [rule for method, rule in ROUTES if method == "GET"]
QUERIES = ("", "?all=true")


def links_of(app, school):
    """Return the addresses of links that the student and the teacher are given."""
    student, teacher = (client_of(app, school, actor) for actor in ("student", "teacher"))
    lecture = student.get(f"/api/lectures/{school.ids['lecture_id']}/watch/").json
    given = [*(video["playback_url"] for video in lecture["videos"]), lecture["materials"][0]["file_url"]]
    given.append(teacher.get(f"/api/materials/{school.ids['material_id']}/").json["file_url"])
    return [url.removeprefix("http://localhost") for url in given]


def client_of(app, school, actor):
    client = Api(app)
    if token := school.tokens[actor]:
        client.headers["Authorization"] = f"Bearer {token}"
    return client


def read(app, school, actor, method="GET"):
    """Read everything as an actor, and yield what was asked and answered."""
    client = client_of(app, school, actor)
    for path in [school.path(rule) for rule in READ]:
        for query in QUERIES if method == "GET" else QUERIES[:1]:
            with client.request(method, path + query) as response:
                yield path + query, response.status_code, response.get_data(as_text=True)


@pytest.fixture
def school(app):
    return Deeds()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_nothing_changes_by_being_read(app, school, method):
    links = links_of(app, school)
    before = table_states()

    answered = {actor: list(read(app, school, actor, method)) for actor in ("student", "teacher", "site owner")}
    for link in links:
        Api(app).request(method, link).close()

    assert table_states() == before
    assert all(sum(status == 200 for _, status, _ in answers) > 15 for answers in answered.values())


def test_what_is_overdue_is_closed_by_being_looked_for_and_nothing_else_changes(app, school):
    """The one exception: an attempt whose time is over, when its student looks for it."""
    attempt = db.session.query(QuizSubmission).filter_by(status="in_progress").one()
    path = f"/api/quizzes/{attempt.quiz_id}/attempt/"
    student = client_of(app, school, "student")
    before = table_states()
    with clock.stopped_at(attempt.deadline_at.replace(year=attempt.deadline_at.year + 1)):
        student.get(path)

    after = table_states()

    changed = {table for table in after if after[table] != before[table]}
    assert changed <= {"quiz_submissions", "quiz_answers", "tally_changes", "tallies"}


@pytest.mark.parametrize("actor", [actor for actor in ACTORS if "other" in actor or "pending" in actor])
def test_no_answer_holds_what_belongs_to_others(app, actor):
    """Read everywhere, each with the ids of what is somebody else's, by whoever has nothing to do with it."""
    school = Deeds(hidden := "zqxsecret")
    # Anybody may look at what is on offer.
    on_offer = ("/by_subject/", "/preview/")

    shown = {
        asked for asked, _, text in read(app, school, actor) if hidden in text and not any(p in asked for p in on_offer)
    }

    assert shown == set()


def console_paths(app, school):
    rules = [rule.rule for rule in app.url_map.iter_rules() if is_console_path(rule.rule)]
    return [re.sub(r"<(?:\w+:)?(\w+)>", lambda name: str(school.ids.get(name[1], 1)), rule) for rule in rules]


def test_the_console_shows_its_canaries_to_nobody_but_the_site_owner(app):
    school = Deeds(hidden := "zqxsecret")
    paths = console_paths(app, school)

    for actor in ("student", "other teacher", "assistant", "site owner"):
        token = school.tokens[actor]
        headers = {"Cookie": f"access_token={token}; edutrack_console={token}", "Authorization": f"Bearer {token}"}
        answers = {path: app.test_client(use_cookies=False).get(path, headers=headers).data for path in paths}
        assert [path for path, body in answers.items() if hidden.encode() in body] == [], actor


def test_the_console_shows_them_to_the_site_owner(app):
    school = Deeds(hidden := "zqxsecret")
    console = Console(app)
    console.sign_in(create_site_owner())

    found = [path for path in console_paths(app, school) if hidden.encode() in console.get(path).data]

    assert len(found) >= 8
