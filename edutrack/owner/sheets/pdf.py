"""Print sheets as one PDF of any length, a few pages at a time: memory does not grow with the cards."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog

from edutrack.core.json import compact
from edutrack.core.turns import stepping_aside
from edutrack.owner.sheets.cards import SERIAL_WORDS, Card, Face
from edutrack.owner.sheets.joining import joined
from edutrack.owner.sheets.layout import Layout
from edutrack.owner.sheets.qr import qr_svg

#: Cards that one process typesets: so few that it stays small, so many that starting it does not count.
_CARDS_PER_PART = 480
TYPESETTER = Path(__file__).with_name("typesetter.py")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Fit:
    """Words of a card's face in the size in which they fit it."""

    words: str
    #: In points.
    size: float


def fits_of(face: Face, layout: Layout) -> dict[str, Fit]:
    """Return, by its name in the face, how each part of the writing fits a card of `layout`.

    The typesetter itself says it, so that browsers and PDF agree. A logo has no fit, nor the name that it stands for.
    """
    with stepping_aside():
        found = orjson.loads(_result(_start(_content("", face, layout, []), "fits")))
    return {name: Fit(**fit) for name, fit in found.items()}


def pdf_of(title: str, face: Face, layout: Layout, pages: Iterable[list[Card]]) -> Iterator[bytes]:
    """Yield a PDF with the cards of `pages`, page by page as they come, as `layout` has them."""
    return joined(title, _parts(title, face, layout, pages))


def _parts(title: str, face: Face, layout: Layout, pages: Iterable[list[Card]]) -> Iterator[bytes]:
    """Yield PDFs of some pages each; while one is typeset, the QR codes of the next are drawn."""
    running: subprocess.Popen[bytes] | None = None
    try:
        for cards in _chunks(pages, max(1, _CARDS_PER_PART // layout.cards_per_page)):
            content = _content(title, face, layout, cards)
            document = None if running is None else _result(running)
            running = _start(content)
            if document is not None:
                yield document
        if running is not None:
            yield _result(running)
    finally:
        # Whoever asked may be gone before the last page.
        if running is not None and running.returncode is None:
            running.kill()
            running.communicate()


def _chunks(pages: Iterable[list[Card]], pages_per_part: int) -> Iterator[list[Card]]:
    cards: list[Card] = []
    for number, page in enumerate(pages, start=1):
        cards += page
        if number % pages_per_part == 0:
            yield cards
            cards = []
    if cards:
        yield cards


def _content(title: str, face: Face, layout: Layout, cards: list[Card]) -> bytes:
    margins = {"side_margin": layout.side_margin, "top_margin": layout.top_margin}
    sheet = {
        "title": title,
        "layout": asdict(layout) | margins,
        "face": asdict(face) | {"logo": face.logo is not None},
        "serial_words": SERIAL_WORDS,
        "cards": [_printed(card) for card in cards],
    }
    logo = b"" if face.logo is None else b64encode(face.logo.content)
    return logo + b"\n" + compact(sheet)


def _printed(card: Card) -> dict[str, Any]:
    return {"serial": card.serial, "groups": list(card.groups), "wide": card.is_wide, "qr": qr_svg(card.link)}


def _start(content: bytes, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own command, no shell
        [sys.executable, "-I", str(TYPESETTER), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if process.stdin is None:
        raise RuntimeError("unreachable: the process was started with a pipe")
    try:
        with process.stdin:
            process.stdin.write(content)
    except BrokenPipeError:
        # It has ended already; `_result` says why.
        _log.warning("typesetter_ended_early")
    # Closed by now, and not for `communicate` to flush again.
    process.stdin = None
    return process


def _result(process: subprocess.Popen[bytes]) -> bytes:
    document, complaints = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"The typesetter failed: {complaints.decode(errors='replace')[-2000:]}")
    if complaints:
        _log.warning("typesetter_complained", complaints=complaints.decode(errors="replace")[-2000:])
    return document
