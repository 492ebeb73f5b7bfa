"""An SVG drawing made fit for the page: no styles, no foreign names, colours from the page.

As an image (a data URI) it would need none of this, but have neither the page's colours, the dark
ones among them, nor its typeface, nor words that a reader can search; and take twice the room.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from pytest_safescale.text.escaping import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["clean_svg"]

_NUMBER = re.compile(r"-?\d+\.\d+")
_MEASURES = ("d", "x", "y", "width", "height", "transform", "stroke-width", "stroke-dasharray")
_DEFAULTS = {"opacity": "1", "stroke-linecap": "butt"}
_FONT = re.compile(r"([\d.]+)px")


def clean_svg(drawing: str, name: str, title: str, text: str, colours: Mapping[str, str]) -> str:
    """Return matplotlib's drawing as an ``<svg>`` element that can stand inside an HTML page.

    ``style`` attributes become presentation attributes (a strict policy refuses styles), ids get
    ``name`` as their prefix, ``title`` and ``text`` become its accessible name and description,
    and ``colours`` replaces fixed colours, as by the page's variables.
    """
    root = ET.fromstring(drawing)  # noqa: S314 - written by matplotlib a moment ago
    used = set(re.findall(r"(?:#|url\(#)([A-Za-z0-9_-]+)", drawing))
    for element in list(root.iter()):
        _clean(element, name, used, colours)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {"metadata", "style"} or (child.tag == "defs" and not len(child)):
                parent.remove(child)
    box = root.get("viewBox", "0 0 1 1")
    root.attrib.clear()
    root.attrib.update(
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": box,
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-text",
            "font-family": "system-ui, sans-serif",
            "stroke-linejoin": "round",
        }
    )
    for position, (tag, words) in enumerate((("title", title), ("desc", text))):
        element = ET.Element(tag, {"id": f"{name}-{'text' if position else 'title'}"})
        element.text = plain(words)
        root.insert(position, element)
    return ET.tostring(root, encoding="unicode")


def _clean(element: ET.Element, name: str, used: set[str], colours: Mapping[str, str]) -> None:
    element.tag = element.tag.rpartition("}")[2]
    given = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    given.update(_presentation(given.pop("style", "")))
    identity = given.pop("id", None)
    if identity in used:
        given["id"] = f"{name}-{identity}"
    for key, value in given.items():
        if key in {"href", "clip-path"}:
            given[key] = value.replace("#", f"#{name}-")
        elif key in {"fill", "stroke"}:
            given[key] = colours.get(value, value)
        elif key in _MEASURES:
            given[key] = _NUMBER.sub(_shorter, " ".join(value.split()))
    element.attrib.clear()
    element.attrib.update(given)
    if element.text is not None:
        element.text = plain(element.text) if element.text.strip() else None
    if element.tail is not None and not element.tail.strip():
        element.tail = None


def _presentation(style: str) -> dict[str, str]:
    """Return a style's properties as attributes; the typeface is the page's."""
    found: dict[str, str] = {}
    for part in style.split(";"):
        key, _, value = (word.strip() for word in part.partition(":"))
        if key == "font":
            size = _FONT.search(value)
            found.update({"font-size": size[1]} if size else {})
            found.update({"font-weight": "bold"} if "bold" in value else {})
        elif key and key != "font-family" and _DEFAULTS.get(key) != value:
            found[key] = value
    return found


def _shorter(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
