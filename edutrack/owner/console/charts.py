"""Charts as inline SVG, drawn on the server: no script, and colours from the console's stylesheet."""

import sys
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pygal
from markupsafe import Markup

# Its hook for map plugins, which nothing here uses, warns of every optional module that any library misses.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

_SVG = "{http://www.w3.org/2000/svg}"


def bar_chart(labels: Sequence[str], values: Sequence[float], *, every: int, title: str) -> Markup:
    """Return bars over labels, to stand in a left-to-right figure.

    Every `every`th label is written out, counted from the last.
    """
    chart = pygal.Bar(
        width=960,
        height=280,
        js=[],
        css=[],
        show_legend=False,
        x_labels=labels,
        x_labels_major=list(labels[::-1][::every]),
        show_minor_x_labels=False,
        truncate_label=-1,
        min_scale=3,
        max_scale=5,
        include_x_axis=True,
        spacing=8,
        margin=4,
        rounded_bars=2,
        formatter=lambda value: f"{value:,.0f}",
        disable_xml_declaration=True,
        no_prefix=True,
    )
    chart.add(None, [float(value) for value in values])
    drawing = chart.render_tree()
    _strip(drawing)
    drawing.set("role", "img")
    drawing.set("aria-label", title)
    return Markup(ElementTree.tostring(drawing, encoding="unicode"))  # noqa: S704 - pygal escapes what it draws


def _strip(drawing: Any) -> None:
    """Take out what a strict Content-Security-Policy refuses: pygal's script and its style element."""
    for parent in list(drawing.iter()):
        for child in list(parent):
            if str(child.tag).removeprefix(_SVG) in ("script", "style"):
                parent.remove(child)
        parent.attrib.pop("style", None)
