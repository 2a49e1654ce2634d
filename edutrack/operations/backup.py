"""Taking a backup of a running school: database and uploaded files in one archive (rules.md, "Backups")."""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import IO

from flask import current_app
from sqlalchemy import Connection, select, text

from edutrack.core import audit, clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.core.sealing import KeyCheck, fingerprint
from edutrack.core.transaction import in_transaction
from edutrack.operations.archive import ArchiveWriter, Manifest
from edutrack.operations.contents import table_contents
from edutrack.operations.errors import OperationError
from edutrack.operations.programs import dumping_program, run_on_database

#: How long the dump waits for a table that a migration has locked.
_LOCK_WAIT = "30s"


def back_up(target: Path) -> Manifest:
    """Write a backup of the school to the new file `target`, readable by its owner alone; return what it holds.

    The dump and the hashes of the tables are of one moment, whatever is written meanwhile. The file appears under its
    name once all of it is on the disk. Raises OperationError where it exists, or the database cannot be dumped.
    """
    if target.exists():
        raise OperationError(f"{target} exists already: a backup overwrites nothing.")
    if not target.parent.is_dir():
        raise OperationError(f"There is no folder {target.parent}.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        draft = Path(folder) / "archive"
        with draft.open("xb") as file:
            draft.chmod(0o600)
            manifest = _write(file, Path(folder) / "dump")
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    in_transaction(lambda: audit.record(None, "backup.made", None, rows=manifest.rows, files=manifest.media.files))
    return manifest


def _write(file: IO[bytes], dump: Path) -> Manifest:
    with tarfile.open(fileobj=file, mode="w") as tar:
        archive = ArchiveWriter(tar)
        with _moment() as connection:
            taken_at = iso_z(clock.now())
            migration = connection.scalar(text("SELECT version_num FROM alembic_version"))
            server = connection.scalar(text("SELECT current_setting('server_version_num')::integer / 10000")) or 0
            program = dumping_program(server)
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            run_on_database(
                program,
                "--format=custom",
                f"--snapshot={snapshot}",
                f"--lock-wait-timeout={_LOCK_WAIT}",
                # Comments on an extension belong to whoever made it, who is somebody else in a hosted database.
                "--no-comments",
                f"--file={dump}",
            )
            # After the moment of the dump, so that it holds every file that the dump names and nobody has removed.
            database, media = archive.add_dump(dump), archive.add_media(Path(current_app.config["MEDIA_DIR"]))
            dump.unlink()
            manifest = Manifest(
                taken_at=taken_at,
                edutrack=metadata.version("edutrack"),
                migration=str(migration),
                postgresql=server,
                dumped_by=program.major,
                key_fingerprints=[fingerprint(sealed) for sealed in connection.scalars(select(KeyCheck.sealed))],
                database=database,
                media=media,
                tables=table_contents(connection),
            )
        archive.finish(manifest)
    return manifest


@contextmanager
def _moment() -> Iterator[Connection]:
    """Yield a connection that sees the database as it is now, for as long as it is open."""
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection
