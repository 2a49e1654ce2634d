"""Restoring a school from a backup, into an empty database only (rules.md, "Backups")."""

import shutil
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import text

from edutrack.core import audit
from edutrack.core.extensions import db, migrate
from edutrack.core.sealing import check_key, key_fingerprints
from edutrack.core.transaction import in_transaction, release_connection
from edutrack.operations.archive import ArchiveReader, Manifest, open_archive
from edutrack.operations.checks import require_sound
from edutrack.operations.contents import table_contents
from edutrack.operations.errors import OperationError
from edutrack.operations.programs import restoring_program, run_on_database

_RELATIONS = text("""
    SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
""")


def restore(source: Path) -> Manifest:
    """Fill the empty database and the empty MEDIA_DIR from a backup, and prove that all of it is there.

    Nothing is written before the archive has been read whole and CODE_KEY found to be the one it was sealed with. The
    database comes last, in one transaction: where it has tables, its files are there, too. Then every table is
    compared with the manifest, the schema brought up to date, and the invariants checked. Raises OperationError.
    """
    media = Path(current_app.config["MEDIA_DIR"])
    with open_archive(source) as archive:
        manifest = archive.manifest
        _require_key(manifest)
        newest = _require_known_migration(manifest)
        _require_empty(media)
        archive.require_whole()
        _fill(archive, media)
    _require_same(manifest)
    if manifest.migration != newest:
        upgrade()
    in_transaction(check_key)
    in_transaction(lambda: audit.record(None, "backup.restored", None, taken_at=manifest.taken_at, rows=manifest.rows))
    require_sound()
    # Without statistics the first requests after a restore would be planned as if every table were empty.
    in_transaction(lambda: db.session.execute(text("ANALYZE")))
    return manifest


def _fill(archive: ArchiveReader, media: Path) -> None:
    try:
        archive.extract_media(media)
        program = restoring_program(_server_major(), archive.manifest.dumped_by)
        run_on_database(
            program, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", sent=archive.dump()
        )
    except BaseException:
        # Whatever the folder holds now came from this archive, and without its database it is nobody's.
        for child in media.iterdir() if media.is_dir() else ():
            shutil.rmtree(child) if child.is_dir() else child.unlink()
        raise


def _require_key(manifest: Manifest) -> None:
    here = key_fingerprints()
    missing = [needed for needed in manifest.key_fingerprints if needed not in here]
    if missing:
        raise OperationError(
            "CODE_KEY is not the key that this backup was sealed with "
            f"(its fingerprint is {', '.join(missing)}, here it is {', '.join(here)}): "
            "without that key no unsold code and no national id can ever be read."
        )


def _require_known_migration(manifest: Manifest) -> str:
    """Return the newest migration; raises OperationError where the backup's is none of ours."""
    known = [revision.revision for revision in ScriptDirectory.from_config(migrate.get_config()).walk_revisions()]
    if manifest.migration not in known:
        raise OperationError(
            f"This backup has the schema {manifest.migration} of EduTrack {manifest.edutrack}, which is not known "
            "here: restore it with that version or a later one."
        )
    return known[0]


def _require_empty(media: Path) -> None:
    relations = db.session.scalar(_RELATIONS)
    release_connection()
    if relations:
        raise OperationError("The database is not empty: a backup is only restored into an empty one.")
    if media.is_dir() and any(media.iterdir()):
        raise OperationError(f"The folder {media} is not empty: a backup is only restored into an empty one.")


def _require_same(manifest: Manifest) -> None:
    with db.engine.connect() as connection:
        found = table_contents(connection)
    differing = sorted(
        name for name in found.keys() | manifest.tables.keys() if found.get(name) != manifest.tables.get(name)
    )
    if differing:
        raise OperationError(f"These tables are not what the backup's manifest says: {', '.join(differing)}.")


def _server_major() -> int:
    major = db.session.scalar(text("SELECT current_setting('server_version_num')::integer / 10000"))
    release_connection()
    return int(major or 0)
