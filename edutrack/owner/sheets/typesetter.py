"""Typesets one part of a print run: its content comes in as JSON, the PDF goes out.

Runs as a process of its own (`pdf.py` starts it), because the typesetter keeps the memory it once took; by its path,
because the application is not needed here and takes longer to import than a part takes to set. Called with `fits` it
says instead, as JSON, which words fit the card in which size.
"""

import sys
from pathlib import Path
from typing import Any

import typst

_FOLDER = Path(__file__).parent


def compiler_of(content: bytes) -> typst.Compiler:
    """Return the typesetter with the sheets that `content` describes.

    Everything stays in memory: the content holds codes in the clear, which no file may keep.
    """
    sources: Any = {"main.typ": (_FOLDER / "sheet.typ").read_bytes(), "sheet.json": content}
    return typst.Compiler(sources, font_paths=[_FOLDER / "fonts"], ignore_system_fonts=True)


def typeset(content: bytes) -> tuple[bytes, list[str]]:
    """Return the PDF of the sheets that `content` describes, and what the typesetter had to complain of."""
    compiled: Any = compiler_of(content).compile_with_warnings(format="pdf", pdf_tags=False)
    document, warnings = compiled
    return document, [str(warning) for warning in warnings]


def fits(content: bytes) -> bytes:
    """Return the words and sizes that fit the card, as JSON."""
    found: Any = compiler_of(content).query("<fits>", field="value", one=True)
    return str(found).encode()


if __name__ == "__main__":
    if sys.argv[1:] == ["fits"]:
        sys.stdout.buffer.write(fits(sys.stdin.buffer.read()))
    else:
        written, complaints = typeset(sys.stdin.buffer.read())
        sys.stdout.buffer.write(written)
        sys.stderr.write("\n".join(complaints))
