"""Backups: taken under load, whole, and restored only where they belong."""

import os
import subprocess
import sys
import tarfile
import threading
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from edutrack.core.audit import AuditEntry
from edutrack.core.embedded import temporary_cluster
from edutrack.core.extensions import db
from edutrack.core.files import save_file
from edutrack.core.transaction import in_transaction
from edutrack.operations import programs
from edutrack.operations import restore as restoring
from edutrack.operations.archive import open_archive
from edutrack.operations.backup import back_up
from edutrack.operations.checks import violations
from edutrack.operations.contents import table_contents
from edutrack.operations.errors import OperationError
from edutrack.operations.restore import restore
from edutrack.wallet.models import BalanceTransaction, RechargeCode
from tests.api import Api
from tests.factories import PASSWORD, create_code, create_course, create_enrollment, create_site_owner, create_student
from tests.operations.conftest import empty_database_of

REDEEM = "/api/wallet/redeem/"


@pytest.fixture(scope="module")
def backup(make_database, application_on, tmp_path_factory):
    """A backup of a small school with one picture."""
    folder = tmp_path_factory.mktemp("backup")
    with application_on(make_database(), MEDIA_DIR=str(folder / "media")):
        create_code(create_course())
        in_transaction(lambda: save_file(BytesIO(b"a picture"), "public/pictures", "png"))
        back_up(folder / "school.tar")
    return folder / "school.tar"


@pytest.fixture
def empty_school(empty_database, application_on, tmp_path):
    """An application on an empty database with an empty folder for files."""
    with application_on(empty_database, MEDIA_DIR=str(tmp_path / "media")) as app:
        yield app


def command(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "edutrack", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def tables():
    db.session.rollback()
    return db.session.execute(
        text("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    ).scalar()


class TestDrill:
    """The whole of it, by the commands: dumped under load, restored into an empty cluster, and in use again."""

    @pytest.mark.concurrency
    def test_a_school_under_load_is_lost_and_comes_back(
        self, committing_app, application_on, test_environment, tmp_path
    ):
        api, course, students = Api(committing_app), create_course(), [create_student() for _ in range(4)]
        owner = create_site_owner(username="owner")
        for student in students:
            create_enrollment(student, course)
        codes = [create_code(course, value="5.00")[0] for _ in range(250)]
        unsold, before, codes = codes[0], codes[1:41], codes[41:]
        clients = [api.as_(student) for student in students]
        for number, code in enumerate(before):
            assert redeem(clients[number % 4], code, course) == 200
        environment = {**test_environment, "DATABASE_URL": committing_app.config["DATABASE_URL"]}
        archive = tmp_path / "school.tar"

        with under_load(clients, codes, course) as redeemed:
            taken = command({**environment, "MEDIA_DIR": str(tmp_path / "media")}, "backup", "--to", str(archive))

        assert (taken.returncode, taken.stderr) == (0, "")
        assert redeemed, "Nothing happened during the backup."
        with temporary_cluster() as elsewhere:
            database = empty_database_of(elsewhere)
            there = {**environment, "DATABASE_URL": database, "MEDIA_DIR": str(tmp_path / "restored")}
            restored = command(there, "restore", str(archive))
            assert (restored.returncode, restored.stderr) == (0, "")
            assert restored.stdout.endswith("Every table is as it was, and every invariant holds.\n")
            with application_on(database) as app:
                assert violations() == {}
                used = db.session.scalar(select(func.count(RechargeCode.used_at)))
                credited = db.session.scalar(select(func.sum(BalanceTransaction.amount)))
                assert len(before) <= used <= len(before) + len(redeemed)
                assert credited == 5 * used
                signed_in = Api(app).post("/api/accounts/login/", {"username": owner.username, "password": PASSWORD})
                assert (signed_in.status_code, signed_in.json["role"]) == (200, "siteowner")
                client = Api(app).as_(students[0])
                assert redeem(client, unsold, course) == 200
                assert redeem(client, unsold, course) == redeem(client, before[0], course) == 400


def redeem(client, code, course):
    return client.post(REDEEM, {"code": code, "course": course.id}).status_code


class under_load:  # noqa: N801 - reads as a phrase
    """Students who redeem codes until the context ends; yields the list of codes redeemed meanwhile."""

    def __init__(self, clients, codes, course):
        self.clients, self.course, self.codes = clients, course, iter(codes)
        self.redeemed, self.over, self.turn = [], threading.Event(), threading.Lock()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.redeem_on, args=(client,)) for client in self.clients]
        for thread in self.threads:
            thread.start()
        return self.redeemed

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def redeem_on(self, client):
        while not self.over.wait(0.02):
            with self.turn:
                code = next(self.codes, None)
            if code is None:
                return
            if redeem(client, code, self.course) == 200:
                self.redeemed.append(code)


def test_a_backup_says_what_it_holds(backup):
    with open_archive(backup) as archive:
        archive.require_whole()
        manifest = archive.manifest

    assert manifest.tables["recharge_codes"].rows == 1
    assert (manifest.media.files, manifest.media.bytes) == (1, 9)
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backup.parent.iterdir() if path.name != "media"] == ["school.tar"]


def test_a_backup_holds_no_key(backup, test_environment):
    content = backup.read_bytes()

    assert test_environment["CODE_KEY"].encode() not in content
    assert bytes.fromhex(test_environment["CODE_KEY"]) not in content


def test_a_backup_is_recorded_and_overwrites_nothing(committing_app, tmp_path):
    with committing_app.test_request_context():
        back_up(tmp_path / "one.tar")
        taken = (tmp_path / "one.tar").read_bytes()

        with pytest.raises(OperationError, match="overwrites nothing"):
            back_up(tmp_path / "one.tar")

        assert (tmp_path / "one.tar").read_bytes() == taken
        assert db.session.scalars(select(AuditEntry.verb)).all() == ["backup.made"]


def test_a_backup_that_fails_leaves_nothing(committing_app, tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "_installed", lambda name: iter(()))

    with committing_app.test_request_context(), pytest.raises(OperationError, match="No pg_dump of version"):
        back_up(tmp_path / "one.tar")

    assert list(tmp_path.iterdir()) == []


def test_what_was_restored_is_the_same_to_the_last_byte(backup, empty_school, tmp_path):
    manifest = restore(backup)

    (picture,) = (tmp_path / "media" / "public" / "pictures").iterdir()
    assert picture.read_bytes() == b"a picture"
    with db.engine.connect() as connection:
        found = table_contents(connection)
    assert {name for name in found if found[name] != manifest.tables[name]} == {"audit_entries"}
    assert db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id.desc())).first() == "backup.restored"
    # Numbers go on where they were.
    create_code(create_course())


@pytest.mark.parametrize("key", ["ab" * 32, "0123456789abcdef" * 3 + "0123456789abcdee"])
def test_another_code_key_restores_nothing(backup, empty_database, application_on, tmp_path, key):
    settings = {"CODE_KEY": key, "MEDIA_DIR": str(tmp_path / "media")}
    with application_on(empty_database, **settings), pytest.raises(OperationError) as refusal:
        restore(backup)

    assert str(refusal.value).startswith("CODE_KEY is not the key that this backup was sealed with (its fingerprint is")
    with application_on(empty_database):
        assert tables() == 0
    assert not (tmp_path / "media").exists()


def test_without_a_code_key_nothing_starts(backup, empty_database, test_environment):
    environment = {**test_environment, "DATABASE_URL": empty_database, "CODE_KEY": ""}

    refused = command(environment, "restore", str(backup))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Error: DATABASE_URL is set, so these must be set too: CODE_KEY.\n"


def test_a_database_with_tables_is_left_alone(backup, committing_app, tmp_path):
    committing_app.config["MEDIA_DIR"] = str(tmp_path / "media")
    with committing_app.test_request_context(), pytest.raises(OperationError, match="The database is not empty"):
        restore(backup)

    assert not (tmp_path / "media").exists()


@pytest.mark.usefixtures("empty_school")
class TestRefused:
    def test_a_folder_with_files_is_left_alone(self, backup, tmp_path):
        (tmp_path / "media").mkdir()
        (tmp_path / "media" / "here").write_text("first")

        with pytest.raises(OperationError, match="is not empty: a backup is only restored into an empty one"):
            restore(backup)

        assert tables() == 0
        assert (tmp_path / "media" / "here").read_text() == "first"

    @pytest.mark.parametrize("part", ["dump", "picture"])
    def test_one_changed_byte_is_found_before_anything_is_written(self, backup, tmp_path, part):
        content = bytearray(backup.read_bytes())
        place = content.index(b"a picture") if part == "picture" else content.index(b"PGDMP") + 5000
        content[place] ^= 1
        (tmp_path / "damaged.tar").write_bytes(content)

        with pytest.raises(OperationError, match="The backup is damaged"):
            restore(tmp_path / "damaged.tar")

        assert (tables(), (tmp_path / "media").exists()) == (0, False)

    @pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.9])
    def test_an_archive_that_broke_off_is_no_backup(self, backup, tmp_path, kept):
        content = backup.read_bytes()
        (tmp_path / "part.tar").write_bytes(content[: int(len(content) * kept)])

        with pytest.raises(OperationError, match=r"is not a whole backup|cannot be read as a backup"):
            restore(tmp_path / "part.tar")

        assert tables() == 0

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"migration": "9999"}, "This backup has the schema 9999 of EduTrack"),
            ({"format": 2}, "made by a later version"),
            ({"tables": None}, "its manifest is missing or cannot be read"),
        ],
    )
    def test_a_manifest_of_something_else_is_refused(self, backup, tmp_path, change, message):
        rewrite(backup, tmp_path / "other.tar", lambda manifest: manifest | change)

        with pytest.raises(OperationError, match=message):
            restore(tmp_path / "other.tar")

        assert tables() == 0

    def test_a_file_that_would_land_elsewhere_is_refused(self, backup, tmp_path):
        rewrite(backup, tmp_path / "evil.tar", lambda manifest: manifest, {"media/../../escaped": b"out"})

        with pytest.raises(OperationError, match=r"damaged|impossible name"):
            restore(tmp_path / "evil.tar")

        assert not (tmp_path.parent / "escaped").exists()
        assert tables() == 0

    def test_where_the_database_cannot_be_filled_the_files_go_again(self, backup, tmp_path, monkeypatch):
        monkeypatch.setattr(restoring, "restoring_program", lambda *_: programs.Program(Path("/bin/false"), 18))

        with pytest.raises(OperationError):
            restore(backup)

        assert (tables(), list((tmp_path / "media").iterdir())) == (0, [])

    def test_a_row_that_did_not_come_back_is_named(self, backup, monkeypatch):
        """The comparison itself works: where the programs lose something, it is found."""

        def lose_a_row(*arguments, **options):
            programs.run_on_database(*arguments, **options)
            db.session.execute(text("UPDATE recharge_codes SET value = value + 1"))
            db.session.commit()

        monkeypatch.setattr(restoring, "run_on_database", lose_a_row)

        with pytest.raises(OperationError, match="are not what the backup's manifest says: recharge_codes"):
            restore(backup)


def rewrite(source, target, change, more=()):
    """Write an archive again with a changed manifest, and with further files."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = old.extractfile(member).read()
            if member.name == "manifest.json":
                content = orjson.dumps(change(orjson.loads(content)))
            member.size = len(content)
            new.addfile(member, BytesIO(content))
        for name, content in dict(more).items():
            information = tarfile.TarInfo(name)
            information.size = len(content)
            new.addfile(information, BytesIO(content))


def test_programs_older_than_the_server_are_not_used(monkeypatch):
    found = [programs.Program(Path(f"/pg/{major}"), major) for major in (15, 17, 18)]
    monkeypatch.setattr(programs, "_installed", lambda name: iter(found))

    chosen = [programs.dumping_program(server).major for server in (15, 16, 17, 18)]
    restored = [programs.restoring_program(server, dumped).major for server, dumped in ((16, 15), (18, 17), (16, 18))]

    assert (chosen, restored) == ([15, 17, 17, 18], [17, 18, 18])
    with pytest.raises(OperationError, match="No pg_dump of version 19 or later is here"):
        programs.dumping_program(19)


def test_the_password_is_no_argument(committing_app, monkeypatch):
    url = make_url("postgresql+psycopg://app:se%27cret@db:5432/school?sslmode=require")
    monkeypatch.setattr(db.engine, "url", url)

    connection, environment = programs._how_to_connect()

    assert set(connection.split()) == {"user=app", "dbname=school", "host=db", "port=5432", "sslmode=require"}
    assert environment["PGPASSWORD"] == "se'cret"
