"""Runs the tests through PgBouncer in transaction mode, on a throwaway PostgreSQL; arguments go to pytest.

A connection to the server is used for one transaction and then closed (`server_lifetime = 0`), which is worse than any
real pooler: whatever a session were to keep beyond its transaction is gone at once. A database that was not there a
moment ago is asked for again at once (`server_login_retry = 0`): tests make theirs anew by the same name. PREPARED=true
leaves prepared statements on, which takes a PgBouncer of 1.21 or later.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from sqlalchemy.engine import make_url

from edutrack.core.embedded import temporary_cluster

_PORT = 6432
#: It ends connections of the application; behind a pooler those that it sees are the pooler's.
_NOT_POOLED = "--deselect=tests/core/test_connections.py"
_SETTINGS = """\
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {pooler_port}
auth_type = any
pool_mode = transaction
max_client_conn = 2000
default_pool_size = 60
server_lifetime = {lifetime}
server_idle_timeout = 1
server_login_retry = 0
max_db_connections = 60
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
ignore_startup_parameters = extra_float_digits
{more}
"""


def main() -> int:
    """Run pytest and return its status."""
    pgbouncer = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if pgbouncer is None:
        sys.exit("pgbouncer is missing: install it (apt-get install pgbouncer).")
    prepares = os.environ.get("PREPARED") == "true"
    with temporary_cluster() as direct, tempfile.TemporaryDirectory(prefix="edutrack-pooled-") as name:
        folder = Path(name)
        write_settings(folder, direct, prepares, pgbouncer)
        with subprocess.Popen([*_prefix(folder), pgbouncer, "-q", str(folder / "pgbouncer.ini")]) as pooler:
            try:
                url = f"postgresql+psycopg://edutrack@/postgres?host={quote(name)}&port={_PORT}"
                wait_for(folder)
                environment = {
                    **os.environ,
                    "TEST_DATABASE_URL": url,
                    "DATABASE_PREPARED_STATEMENTS": str(prepares).lower(),
                }
                command = [sys.executable, "-m", "pytest", _NOT_POOLED, *(sys.argv[1:] or ["-n", "2"])]
                return subprocess.run(command, env=environment, check=False).returncode
            finally:
                pooler.terminate()


def write_settings(folder: Path, direct: str, prepares: bool, pgbouncer: str) -> None:
    """Write pgbouncer.ini for the server behind a URL."""
    url = make_url(direct)
    said = subprocess.run([pgbouncer, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if prepares and version < (1, 21):
        sys.exit("PREPARED=true takes a PgBouncer of 1.21 or later.")
    (folder / "pgbouncer.ini").write_text(
        _SETTINGS.format(
            host=url.query["host"],
            port=url.query["port"],
            user=url.username,
            folder=folder,
            pooler_port=_PORT,
            lifetime=60 if prepares else 0,
            more="max_prepared_statements = 200" if prepares else "",
        )
    )


def wait_for(folder: Path) -> None:
    """Wait until the pooler answers."""
    for _ in range(100):
        try:
            psycopg.connect(f"host={folder} port={_PORT} user=edutrack dbname=postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    sys.exit("PgBouncer did not start.")


def _prefix(folder: Path) -> list[str]:
    """Return what a command begins with to end with this process, and not to run as root but reach root's sockets."""
    command = ["setpriv", "--pdeathsig", "TERM"]
    if os.geteuid() != 0:
        return command
    folder.chmod(0o755)
    os.chown(folder, 65534, 65534)
    capabilities = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*command, "--reuid=65534", "--regid=65534", "--clear-groups", *capabilities]


if __name__ == "__main__":
    sys.exit(main())
