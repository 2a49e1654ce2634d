"""Joins PDFs into one that is written while they come, so that only one of them is in memory."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
#: The first objects, written last: nobody knows the pages before they have come.
_CATALOG, _PAGES, _INFORMATION = 1, 2, 3


def joined(title: str, documents: Iterable[bytes]) -> Iterator[bytes]:
    """Yield, piece by piece, one PDF with the pages of all `documents` in their order."""
    writer = _Writer()
    yield _HEADER
    for document in documents:
        yield writer.pages_of(document)
    yield writer.ending(title)


class _Writer:
    """Numbers objects anew as they are written, and remembers where each of them stands."""

    def __init__(self) -> None:
        self._position = len(_HEADER)
        #: Position of each object by its number.
        self._positions: dict[int, int] = {}
        self._last_number = _INFORMATION
        self._pages: list[int] = []

    def pages_of(self, document: bytes) -> bytes:
        """Return the pages of a PDF with all that they refer to."""
        written = BytesIO()
        copied = _Copied(PdfReader(BytesIO(document)), self._next_number)
        for page in copied.reader.pages:
            copied.stand_for(page.raw_get("/Parent"), _PAGES)
            self._pages.append(copied.number_of(page.indirect_reference))
        for number, found in copied.objects():
            self._write(written, number, found)
        return written.getvalue()

    def ending(self, title: str) -> bytes:
        """Return what closes the PDF: the list of pages, the title, and where everything stands."""
        written = BytesIO()
        kids = ArrayObject(_reference(number) for number in self._pages)
        count = NumberObject(len(self._pages))
        self._write(written, _PAGES, _dictionary(Type=NameObject("/Pages"), Kids=kids, Count=count))
        self._write(written, _CATALOG, _dictionary(Type=NameObject("/Catalog"), Pages=_reference(_PAGES)))
        self._write(written, _INFORMATION, _dictionary(Title=TextStringObject(title)))
        table = self._position
        size = self._last_number + 1
        written.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        for number in range(1, size):
            written.write(b"%010d 00000 n \n" % self._positions[number])
        written.write(b"trailer\n")
        _dictionary(Size=NumberObject(size), Root=_reference(_CATALOG), Info=_reference(_INFORMATION)).write_to_stream(
            written
        )
        written.write(b"\nstartxref\n%d\n%%%%EOF\n" % table)
        return written.getvalue()

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _write(self, written: BytesIO, number: int, found: PdfObject) -> None:
        self._positions[number] = self._position
        start = written.tell()
        written.write(b"%d 0 obj\n" % number)
        found.write_to_stream(written)
        written.write(b"\nendobj\n")
        self._position += written.tell() - start


class _Copied:
    """The objects of one PDF that its pages lead to, under new numbers."""

    def __init__(self, reader: PdfReader, next_number: Callable[[], int]) -> None:
        self.reader = reader
        self._next_number = next_number
        self._numbers: dict[int, int] = {}
        self._waiting: list[tuple[int, PdfObject]] = []

    def stand_for(self, reference: Any, number: int) -> None:
        """Let `number`, which is written elsewhere, take the place of an object."""
        self._numbers[reference.idnum] = number

    def number_of(self, reference: Any) -> int:
        """Return the new number of an object, which is copied for being asked for."""
        if reference.idnum not in self._numbers:
            number = self._numbers[reference.idnum] = self._next_number()
            self._waiting.append((number, self.reader.get_object(reference) or NullObject()))
        return self._numbers[reference.idnum]

    def objects(self) -> Iterator[tuple[int, PdfObject]]:
        """Yield every object that was asked for, and all that those refer to, with its new number."""
        while self._waiting:
            number, found = self._waiting.pop()
            self._renumber(found)
            yield number, found

    def _renumber(self, found: PdfObject) -> None:
        # In place: nobody else uses this reader's objects.
        entries: list[tuple[Any, Any]] = []
        if isinstance(found, DictionaryObject):
            entries = [(name, found.raw_get(name)) for name in found]
        elif isinstance(found, ArrayObject):
            entries = [(index, list.__getitem__(found, index)) for index in range(len(found))]
        container: Any = found
        for key, value in entries:
            if isinstance(value, IndirectObject):
                container[key] = _reference(self.number_of(value))
            else:
                self._renumber(value)


def _reference(number: int) -> IndirectObject:
    return IndirectObject(number, 0, None)


def _dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})
