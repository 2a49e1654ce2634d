"""Typesets one part of a print run: its content comes in as JSON, the PDF goes out.

Runs as a process of its own (`pdf.py` starts it), because the typesetter keeps the memory it once took; by its path,
because the application is not needed here and takes longer to import than a part takes to set.
"""

import sys
from pathlib import Path
from typing import Any

import typst

_FOLDER = Path(__file__).parent


def typeset(content: bytes) -> tuple[bytes, list[str]]:
    """Return the PDF of the sheets that `content` describes, and what the typesetter had to complain of."""
    # Everything stays in memory: the content holds codes in the clear, which no file may keep.
    sources: Any = {"main.typ": (_FOLDER / "sheet.typ").read_bytes(), "sheet.json": content}
    compiler = typst.Compiler(sources, font_paths=[_FOLDER / "fonts"], ignore_system_fonts=True)
    compiled: Any = compiler.compile_with_warnings(format="pdf", pdf_tags=False)
    document, warnings = compiled
    return document, [str(warning) for warning in warnings]


if __name__ == "__main__":
    written, complaints = typeset(sys.stdin.buffer.read())
    sys.stdout.buffer.write(written)
    sys.stderr.write("\n".join(complaints))
