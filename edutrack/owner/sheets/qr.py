"""QR codes as SVG: sharp at any resolution, on paper and on screen."""

import math
import re
from functools import cache
from typing import Any

from zxingcpp import BarcodeFormat, create_barcode

#: Restores 15 % of a symbol that a scratched panel took with it.
_ERROR_CORRECTION = "M"
#: Trying all eight masks takes six times as long; codes are random, so that any mask spreads their modules evenly.
_MASK = 3
_LIGHT, _DARK_RUN = b"\xff", re.compile(rb"\x00+")


def qr_svg(text: str) -> str:
    """Return the QR code of `text` as an SVG element without a quiet zone; whoever places it leaves it room."""
    barcode = create_barcode(text, BarcodeFormat.QRCode, ec_level=_ERROR_CORRECTION, data_mask=_MASK)
    image: Any = barcode.to_image(scale=1, add_quiet_zones=False)
    pixels = memoryview(image).tobytes()
    size = math.isqrt(len(pixels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path d="{_dark_runs(pixels, size)}" stroke="#000"/></svg>'
    )


def _dark_runs(pixels: bytes, size: int) -> str:
    """Return the dark modules as strokes along the middle of their rows: the shortest path there is."""
    # A light pixel closes each row, so that no run goes on into the next one.
    rows = _LIGHT.join(pixels[start : start + size] for start in range(0, size * size, size))
    moves, lengths = _strokes(size)
    spans = [run.span() for run in _DARK_RUN.finditer(rows)]
    return "".join([moves[start] + lengths[end - start] for start, end in spans])


@cache
def _strokes(size: int) -> tuple[list[str], list[str]]:
    """Return the move to each pixel of a symbol whose rows are closed, and the stroke of each length."""
    width = size + 1
    return [f"M{place % width} {place // width}.5h" for place in range(size * width)], list(map(str, range(width)))
