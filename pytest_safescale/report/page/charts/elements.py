"""Elements of SVG, and how much room their letters take."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from pytest_safescale.text.escaping import one_line, plain

__all__ = ["element", "fitted", "number", "text_width"]

_NARROW = frozenset("fijlrtI.,:;'|!()[]{}/ -")
_BROAD = frozenset("mwMW@%&")
_WIDTHS = {"narrow": 0.4, "broad": 0.98, "capital": 0.73, "other": 0.64, "square": 1.05}
"""In shares of the letters' size, as of the broadest of the usual sans-serif typefaces."""


def element(
    parent: ET.Element | None, tag: str, text: str | None = None, **attributes: Any
) -> ET.Element:
    """Return a new element, within ``parent`` where there is one.

    ``stroke_width`` is written as ``stroke-width``, a number with one decimal at most, and what is
    ``None`` not at all. Text and attributes may be anything: ElementTree escapes them, and what
    would not be seen is written out.
    """
    made = ET.Element(tag) if parent is None else ET.SubElement(parent, tag)
    for name, value in attributes.items():
        if value is not None:
            said = number(value) if isinstance(value, float) else plain(str(value))
            made.set(name.strip("_").replace("_", "-"), said)
    if text is not None:
        made.text = plain(text)
    return made


def number(value: float) -> str:
    """Write a length with one decimal at most."""
    return f"{round(value, 1) + 0.0:g}"


def text_width(text: str, size: float) -> float:
    """Return about how broad a line is in letters of a size, rather more than less."""
    return size * sum(map(_width, text))


def _width(letter: str) -> float:
    if letter in _NARROW:
        return _WIDTHS["narrow"]
    if letter in _BROAD:
        return _WIDTHS["broad"]
    if ord(letter) >= 0x1100:
        return _WIDTHS["square"]
    return _WIDTHS["capital" if letter.isupper() else "other"]


def fitted(text: str, size: float, room: float) -> str:
    """Return one line that takes no more than the room, its end cut off where it would."""
    line = one_line(text)
    if text_width(line, size) <= room:
        return line
    while line and text_width(f"{line}…", size) > room:
        line = line[:-1]
    return f"{line.rstrip()}…"
