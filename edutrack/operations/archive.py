"""The archive of a backup: one tar file of the database's dump, the uploaded files, and a manifest as its end.

The manifest comes last because it says what everything before it has to be: an archive that broke off has none.
"""

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from os import SEEK_END
from pathlib import Path, PurePosixPath
from typing import IO

import orjson

from edutrack.operations.contents import TableContents
from edutrack.operations.errors import OperationError

FORMAT = 1
_DUMP = "database.dump"
_MANIFEST = "manifest.json"
_MEDIA = "media/"
_BLOCK = 1024 * 1024

#: A file's name, length and SHA-256.
_File = tuple[str, int, str]


@dataclass(frozen=True)
class Part:
    """Some of an archive's content: how many files and bytes, and the SHA-256 of it."""

    files: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup is of and what it holds."""

    taken_at: str
    #: Version of the application, of the schema, of the server and of the pg_dump that wrote the dump.
    edutrack: str
    migration: str
    postgresql: int
    dumped_by: int
    #: Of the CODE_KEY that codes and national ids are sealed with; of two where it is just being replaced.
    key_fingerprints: list[str]
    database: Part
    media: Part
    tables: dict[str, TableContents]
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """Return how many rows there are in all tables."""
        return sum(table.rows for table in self.tables.values())


class ArchiveWriter:
    """Writes an archive: the dump, the files, then the manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """Write to an open tar file."""
        self._tar = tar

    def add_dump(self, path: Path) -> Part:
        """Add the database's dump, and return what it is."""
        with path.open("rb") as file:
            return _sum_of([self._add(_DUMP, file)])

    def add_media(self, folder: Path) -> Part:
        """Add every file under a folder, and return what they are; those removed meanwhile are left out."""
        return _sum_of(self._files(folder))

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, which makes the archive whole."""
        content = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2)
        self._add(_MANIFEST, BytesIO(content))

    def _files(self, folder: Path) -> Iterator[_File]:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            with file:
                yield self._add(_MEDIA + path.relative_to(folder).as_posix(), file)

    def _add(self, name: str, file: IO[bytes]) -> _File:
        information = tarfile.TarInfo(name)
        information.mode = 0o600
        information.size = file.seek(0, SEEK_END)
        file.seek(0)
        reading = _Hashing(file)
        self._tar.addfile(information, reading)
        return name, information.size, reading.digest.hexdigest()


class ArchiveReader:
    """Reads an archive that has its manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """Read from an open tar file; raises OperationError where its manifest is missing or of a later format."""
        self._tar = tar
        try:
            self.manifest = _parsed(self._content(_MANIFEST).read())
        except OperationError:
            raise OperationError("This is not a whole backup: its manifest is missing or cannot be read.") from None
        if self.manifest.format != FORMAT:
            raise OperationError("This backup was made by a later version of EduTrack: restore it with that one.")

    def require_whole(self) -> None:
        """Read all of it; raises OperationError where anything is not what the manifest says."""
        dump: list[_File] = []
        media: list[_File] = []
        try:
            for member in self._tar:
                if member.name != _MANIFEST:
                    content = _Hashing(self._content(member))
                    while content.read(_BLOCK):
                        continue
                    part = dump if member.name == _DUMP else media
                    part.append((member.name, member.size, content.digest.hexdigest()))
        except (OSError, tarfile.TarError) as error:
            raise OperationError(f"The backup is damaged: {error}") from error
        if (_sum_of(dump), _sum_of(media)) != (self.manifest.database, self.manifest.media):
            raise OperationError("The backup is damaged: what it holds is not what its manifest says.")

    def dump(self) -> IO[bytes]:
        """Return the database's dump."""
        return self._content(_DUMP)

    def extract_media(self, folder: Path) -> None:
        """Write the uploaded files under `folder`."""
        for member in self._tar:
            if member.name.startswith(_MEDIA):
                path = folder / _inside(member.name.removeprefix(_MEDIA))
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as target, self._content(member) as content:
                    while block := content.read(_BLOCK):
                        target.write(block)

    def _content(self, member: tarfile.TarInfo | str) -> IO[bytes]:
        name = member if isinstance(member, str) else member.name
        try:
            content = self._tar.extractfile(member)
        except (KeyError, OSError, tarfile.TarError) as error:
            raise OperationError(f"The backup lacks {name}.") from error
        if content is None:
            raise OperationError(f"The backup holds {name}, which is not a plain file.")
        return content


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive for reading; raises OperationError where it is none or is not whole."""
    try:
        tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed below; what its content fails at is said elsewhere
    except (OSError, tarfile.TarError) as error:
        raise OperationError(f"{path} cannot be read as a backup: {error}") from error
    with tar:
        yield ArchiveReader(tar)


class _Hashing:
    """A file that is read to be copied, and hashed on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.digest.update(content)
        return content


def _sum_of(files: Iterable[_File]) -> Part:
    count, size, digest = 0, 0, hashlib.sha256()
    for name, length, content in files:
        count, size = count + 1, size + length
        digest.update(f"{name}\0{length}\0{content}\n".encode())
    return Part(count, size, digest.hexdigest())


def _parsed(content: bytes) -> Manifest:
    try:
        values = orjson.loads(content)
        tables = {name: TableContents(**table) for name, table in values.pop("tables").items()}
        return Manifest(
            **{**values, "database": Part(**values["database"]), "media": Part(**values["media"])}, tables=tables
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OperationError("The manifest cannot be read.") from error


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise OperationError(f"The backup holds a file of an impossible name: {name!r}.")
    return path
