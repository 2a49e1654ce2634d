"""The client's own journal: what it began and what was confirmed to it, on disk before it goes on."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from attacks.deeds import Deed


class Confirmed(NamedTuple):
    """What the server said was done."""

    kind: str
    name: str
    id: int


class Journal:
    """A file that is only appended to; a confirmation counts once it is on disk."""

    def __init__(self, path: Path) -> None:
        """Open the file, which may have lines already."""
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def begin(self, deed: Deed) -> None:
        """Note that a deed is about to be asked for."""
        self._write({"begun": deed.name, "kind": deed.kind, "key": deed.request.key})

    def confirm(self, deed: Deed, made: int) -> Confirmed:
        """Note what was confirmed, and return only when that is on disk."""
        self._write({"confirmed": deed.name, "kind": deed.kind, "id": made})
        os.fdatasync(self._file)
        return Confirmed(deed.kind, deed.name, made)

    def confirmed(self) -> list[Confirmed]:
        """Return every confirmation, read back from disk."""
        return [Confirmed(line["kind"], line["confirmed"], line["id"]) for line in self._lines() if "confirmed" in line]

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            for line in file:
                yield orjson.loads(line)

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, orjson.dumps(line) + b"\n")
