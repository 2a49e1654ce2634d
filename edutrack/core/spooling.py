"""Long answers, written to a temporary file first and sent from there: however slowly a client reads, it holds nothing.

The file is written after the request's transaction and before the first header: what fails meanwhile is an error, and
never a shorter answer that looks whole.
"""

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from flask import Response, request
from werkzeug.wsgi import ClosingIterator, wrap_file

from edutrack.core.extensions import db
from edutrack.core.turns import stepping_aside

#: Writes the answer into a file, and returns what goes out before it.
Writer = Callable[[BinaryIO], bytes]

#: Answers being written at a time in one process: each holds a database connection.
_AT_A_TIME = 2
#: What is no longer than this stays in memory.
_MOST_IN_MEMORY = 256 * 1024
_writing = threading.BoundedSemaphore(_AT_A_TIME)


class SpooledResponse(Response):
    """An answer of any length, whose `write` runs once the request's transaction is over."""

    def __init__(self, write: Writer, mimetype: str) -> None:
        super().__init__(mimetype=mimetype)
        self._write = write

    def spool(self) -> None:
        """Write the answer to a file, in a transaction of its own that has ended when this returns."""
        file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY))  # noqa: SIM115 - closed when sent
        try:
            # Nothing is held while waiting for one of the few places.
            with stepping_aside(empty_handed=True), _writing:
                try:
                    head = self._write(file)
                finally:
                    db.session.rollback()
            length = file.tell()
            file.seek(0)
        except BaseException:
            file.close()
            raise
        # Closed where nobody reads it, too.
        self.response = ClosingIterator(_sent(head, file, wrap_file(request.environ, file)), file.close)
        self.content_length = len(head) + length


def _sent(head: bytes, file: BinaryIO, blocks: Iterable[bytes]) -> Iterator[bytes]:
    with file:
        yield head
        yield from blocks
