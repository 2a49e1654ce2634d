"""Request bodies that arrive slowly: received before a request takes its turn, the large ones once it may send them."""

import io
import tempfile
from typing import Any

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from edutrack.core.transaction import StartAgain
from edutrack.core.turns import stepping_aside

_BLOCK = 64 * 1024
#: What is no longer than this stays in memory.
_MOST_IN_MEMORY = 64 * 1024


class IncomingBody(io.RawIOBase):
    """A body that is received into a temporary file, and read from there."""

    def __init__(self, source: Any, length: int | None) -> None:
        """Take over the server's stream; `length` is what the request says, None where it does not."""
        self._source = source
        self._length = length
        self._file = tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY)  # noqa: SIM115 - closed with this
        self._received = 0
        self._ended = False

    def has(self, most: int) -> bool:
        """Return whether all of it is here, or at least `most` bytes."""
        return self._ended or self._received >= most

    def receive(self, most: int) -> None:
        """Wait until all of it is here, or `most` bytes; raises ClientDisconnected where its end never comes."""
        position = self._file.tell()
        self._file.seek(0, io.SEEK_END)
        while not self.has(most):
            block = self._source.read(min(_BLOCK, most - self._received))
            self._file.write(block)
            self._received += len(block)
            self._ended = self._received == self._length or not block
        self._file.seek(position)
        if self._ended and self._length is not None and self._received < self._length:
            raise ClientDisconnected()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`, waiting for what has not come yet."""
        wanted = memoryview(buffer)
        block = self._file.read(len(wanted))
        if not block and not self._ended:
            with stepping_aside():
                self.receive(self._received + len(wanted))
            block = self._file.read(len(wanted))
        wanted[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Forget what was received."""
        self._file.close()
        super().close()


def receive_form(request: Request, most: int) -> None:
    """Make the request's form, of at most `most` bytes, ready without holding anything while it arrives.

    Where it is not here yet, the transaction starts again once it is: so the caller is let in before, and is still
    welcome after.
    """
    request.max_content_length = most
    body = request.environ["wsgi.input"]
    # One byte more than is taken shows that there is more.
    if (request.content_length or 0) <= most and isinstance(body, IncomingBody) and not body.has(most + 1):
        raise StartAgain(lambda: body.receive(most + 1))
    with stepping_aside():
        # Taking hundreds of megabytes apart is long work; whoever asks for the files finds it done.
        request.files  # noqa: B018
