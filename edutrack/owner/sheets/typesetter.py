"""Typesets one part of a print run: its content comes in, the PDF goes out.

Runs as a process of its own (`pdf.py` starts it), because the typesetter keeps the memory it once took; by its path,
because the application is not needed here and takes longer to import than a part takes to set. What comes in is the
logo in base 64, or nothing, on a line of its own, and then the sheet as JSON. Called with `fits` it says instead, as
JSON, which words fit the card in which size.
"""

import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

_FOLDER = Path(__file__).parent


@contextmanager
def compiler_of(content: bytes) -> Iterator[typst.Compiler]:
    """Yield the typesetter with the sheets that `content` describes.

    The sheets stay in memory, because they hold codes in the clear, which no file may keep; the logo is a file, because
    the typesetter takes nothing but texts from memory, and a picture within a text would be decoded for every card.
    """
    logo, _, sheet = content.partition(b"\n")
    sources: Any = {"main.typ": (_FOLDER / "sheet.typ").read_bytes(), "sheet.json": sheet}
    with TemporaryDirectory() as root:
        (Path(root) / "logo").write_bytes(b64decode(logo))
        yield typst.Compiler(sources, root=root, font_paths=[_FOLDER / "fonts"], ignore_system_fonts=True)


def typeset(content: bytes) -> tuple[bytes, list[str]]:
    """Return the PDF of the sheets that `content` describes, and what the typesetter had to complain of."""
    with compiler_of(content) as compiler:
        compiled: Any = compiler.compile_with_warnings(format="pdf", pdf_tags=False)
    document, warnings = compiled
    return document, [str(warning) for warning in warnings]


def fits(content: bytes) -> bytes:
    """Return the words and sizes that fit the card, as JSON."""
    with compiler_of(content) as compiler:
        found: Any = compiler.query("<fits>", field="value", one=True)
    return str(found).encode()


if __name__ == "__main__":
    if sys.argv[1:] == ["fits"]:
        sys.stdout.buffer.write(fits(sys.stdin.buffer.read()))
    else:
        written, complaints = typeset(sys.stdin.buffer.read())
        sys.stdout.buffer.write(written)
        sys.stderr.write("\n".join(complaints))
