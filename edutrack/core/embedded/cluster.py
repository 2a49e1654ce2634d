"""One PostgreSQL cluster on disk: creating it, starting its server as a child of this process, stopping it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedDatabaseError

ROLE = "edutrack"
DATABASE = "edutrack"
PORT = 5432

STARTING_PATIENCE_SECONDS = 120.0
STOPPING_PATIENCE_SECONDS = 60.0
LOG_LIMIT_BYTES = 4_000_000
LOG_KEPT_BYTES = 200_000

LOG_LINE_START = r"^[-\d]+ [:.\d]+ UTC \[\d+\] \w+: +"
TELLING_WORDS = ("error", "failed", "could not", "cannot", "invalid", "unrecognized", "fatal", "panic")

# The account `nobody`, by number because a slim container may lack the name.
UNPRIVILEGED_ACCOUNT = (65534, 65534)

COMMON_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    # A refused statement and the values in it may be personal data, which no log may hold.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
DURABLE_SETTINGS = {"max_connections": "100"}
THROWAWAY_SETTINGS = {
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True)
class Cluster:
    """A cluster's directories, and the settings its server runs with."""

    directory: Path
    log: Path
    socket_directory: Path
    binaries: Path
    settings: Mapping[str, str]

    def create_if_missing(self) -> None:
        """Make the cluster with its role and database, unless it is there already.

        Raises:
            EmbeddedDatabaseError: it cannot be made, or what is there is no cluster of this PostgreSQL version.
        """
        for abandoned in self.directory.parent.glob(f"{self.directory.name}.new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        if self.directory.exists():
            self._require_usable()
            return
        # Built aside and renamed when complete, so that an interrupted attempt never looks like a cluster.
        staging = Path(tempfile.mkdtemp(prefix=f"{self.directory.name}.new-", dir=self.directory.parent))
        try:
            if os.geteuid() == 0:
                os.chown(staging, *UNPRIVILEGED_ACCOUNT)
            self._initialise(staging)
            staging.rename(self.directory)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it takes connections.

        Returns:
            The running server, a child of this process which ends when this process does.

        Raises:
            EmbeddedDatabaseError: the server ended early or did not get ready; the message quotes its log.
        """
        self._end_orphans()
        with self.log.open("ab") as log:
            offset = log.tell()
            server = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [*self._prefix("INT"), str(self.binaries / "postgres"), "-D", str(self.directory), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_clean_environment(),
            )
        deadline = time.monotonic() + STARTING_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise EmbeddedDatabaseError(
                    f"The embedded database did not start: {_summary(self._log_since(offset))} (see {self.log})"
                )
            if self._is_ready(server.pid):
                return server
            time.sleep(0.02)
        self.stop(server, signal.SIGQUIT)
        raise EmbeddedDatabaseError(
            f"The embedded database was not ready after {STARTING_PATIENCE_SECONDS:.0f} s (see {self.log})."
        )

    def stop(self, server: subprocess.Popen[bytes], first_signal: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: cleanly by default, harder where it does not obey."""
        for number, patience in (
            (first_signal, STOPPING_PATIENCE_SECONDS),
            (signal.SIGQUIT, 10.0),
            (signal.SIGKILL, 10.0),
        ):
            if server.poll() is None:
                server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(patience)
                return

    def trim_log(self) -> None:
        """Keep only the end of a log that has grown too long."""
        with contextlib.suppress(FileNotFoundError), self.log.open("rb+") as log:
            size = log.seek(0, os.SEEK_END)
            if size > LOG_LIMIT_BYTES:
                log.seek(size - LOG_KEPT_BYTES)
                kept = log.read()
                # The running server appends to this very file, so it is shortened in place, not replaced.
                log.seek(0)
                log.write(kept)
                log.truncate()

    def _require_usable(self) -> None:
        """Raise EmbeddedDatabaseError unless the cluster is this version's and this user may run it."""
        owner = self.directory.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise EmbeddedDatabaseError(
                f"The database files in {self.directory} belong to user number {owner}: "
                "continue as that user or as root, or set EDUTRACK_DATA_DIR to another directory."
            )
        try:
            found = (self.directory / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise EmbeddedDatabaseError(f"{self.directory} is not a PostgreSQL cluster: {error.strerror}.") from error
        wanted = self._run([str(self.binaries / "postgres"), "--version"]).split()[-1].split(".")[0]
        if found != wanted:
            raise EmbeddedDatabaseError(
                f"The database in {self.directory} was made by PostgreSQL {found}, but the programs here are version "
                f"{wanted}: dump it with the old version, or set EDUTRACK_DATA_DIR to another directory."
            )

    def _initialise(self, staging: Path) -> None:
        """Fill an empty directory with a new cluster, the application's role and its database."""
        prefix = self._prefix("TERM")
        # The built-in C.UTF-8 collation folds and compares the same on every machine and in every later version.
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        # Without passwords, because the socket stands in a directory that only its owner (mode 0700) can enter and
        # the server listens nowhere else.
        trust = ["--auth-local=trust", "--auth-host=reject"]
        sync = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        self._run(
            [
                *prefix,
                str(self.binaries / "initdb"),
                "--no-instructions",
                "--username=postgres",
                f"--pgdata={staging}",
                *locale,
                *trust,
                *sync,
            ]
        )
        # The application owns its database without being a superuser, so that a flaw in it cannot run programs.
        self._run(
            [
                *prefix,
                str(self.binaries / "postgres"),
                "--single",
                "-D",
                str(staging),
                "-c",
                "exit_on_error=on",
                "-c",
                "log_checkpoints=off",
                "postgres",
            ],
            f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n",
        )

    def _run(self, command: list[str], typed: str = "") -> str:
        """Run one of PostgreSQL's programs to its end.

        Returns:
            What it printed.

        Raises:
            EmbeddedDatabaseError: it failed; the message holds the end of what it printed.
        """
        finished = subprocess.run(  # noqa: S603 - our own command, no shell
            command,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_clean_environment(),
            text=True,
            errors="replace",
            check=False,
        )
        if finished.returncode != 0:
            raise EmbeddedDatabaseError(f"The embedded database could not be created: {_summary(finished.stdout)}")
        return finished.stdout

    def _prefix(self, death_signal: str) -> list[str]:
        """Build the start of a command that ends with this process and never runs as root.

        PostgreSQL refuses to run as root. As another user it still has to reach files below directories only root
        may enter; it gets that one capability, instead of wider permissions on anybody's directories.
        """
        setpriv = shutil.which("setpriv", path=_clean_environment()["PATH"])
        if setpriv is None:
            raise EmbeddedDatabaseError(
                "The program setpriv is missing: install the package util-linux, or set DATABASE_URL."
            )
        command = [setpriv, "--pdeathsig", death_signal]
        if os.geteuid() == 0:
            user, group = self._account()
            command += [
                f"--reuid={user}",
                f"--regid={group}",
                "--clear-groups",
                "--securebits=+no_setuid_fixup",
                "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override",
            ]
        return command

    def _account(self) -> tuple[int, int]:
        """Return the user and group number for a server that root starts: the owner of existing files keeps them."""
        with contextlib.suppress(FileNotFoundError):
            status = self.directory.stat()
            if status.st_uid != 0:
                return status.st_uid, status.st_gid
        return UNPRIVILEGED_ACCOUNT

    def _options(self) -> list[str]:
        """Return the settings as command-line options, so that they follow the code and not the cluster's age."""
        settings = {
            **COMMON_SETTINGS,
            **self.settings,
            "unix_socket_directories": str(self.socket_directory),
            "cluster_name": self._marker(),
        }
        return [f"--{name}={value}" for name, value in settings.items()]

    def _marker(self) -> str:
        """Return a name that every process of this cluster's server, and no other, carries in its command line."""
        return f"edutrack-{hashlib.sha256(os.fsencode(self.directory.resolve())).hexdigest()[:16]}"

    def _is_ready(self, server_pid: int) -> bool:
        """Tell whether the server has noted in its pid file that it takes connections."""
        try:
            lines = (self.directory / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(server_pid) and lines[7].strip() == "ready"

    def _end_orphans(self) -> None:
        """Wait for what a killed predecessor left behind, then remove its pid file.

        The caller holds the data directory's lock, so whatever still runs has lost its keeper. Without this a server
        still shutting down would make the next start fail, and so would a pid file whose number is in use again.
        """
        for number, patience in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            for pid in self._running_pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = time.monotonic() + patience
            while self._running_pids() and time.monotonic() < deadline:
                time.sleep(0.05)
        if not self._running_pids():
            (self.directory / "postmaster.pid").unlink(missing_ok=True)

    def _running_pids(self) -> list[int]:
        """List the processes that belong to this cluster's server."""
        marker = self._marker().encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    command_line = (entry / "cmdline").read_bytes()
                    program = Path(os.fsdecode(command_line.split(b"\0", 1)[0])).name
                    if marker in command_line and program.startswith(("postgres", "setpriv")):
                        found.append(int(entry.name))
        return found

    def _log_since(self, offset: int) -> str:
        """Return what the server has logged after this position."""
        with self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")


def _clean_environment() -> dict[str, str]:
    """Return an environment without the caller's PG* variables, which would steer the server elsewhere."""
    return {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}


def _summary(output: str) -> str:
    """Shorten a program's output to the one line that says what went wrong."""
    lines = [re.sub(LOG_LINE_START, "", line.strip()) for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line.lower() for word in TELLING_WORDS)]
    return "; ".join((telling or lines)[-3:])[-600:] or "no output"
