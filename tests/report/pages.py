"""A page taken apart: what stands in its tables, scripts and data."""

from __future__ import annotations

import base64
import json
import zlib
from html.parser import HTMLParser
from typing import Any


class Page(HTMLParser):
    """Collects elements with their attributes and the text inside them."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.figures: list[tuple[dict[str, str | None], str]] = []
        """Each ``<data>`` element: attributes and text."""
        self.headings: list[tuple[str, str]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text: list[str] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"data", "script", "h1", "h2", "h3", "title", "desc"}:
            self._open.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            return
        _, attributes, parts = self._open.pop()
        if tag == "data":
            self.figures.append((attributes, "".join(parts)))
        elif tag == "script":
            self.scripts.append((attributes, "".join(parts)))
        elif tag.startswith("h"):
            self.headings.append((tag, "".join(parts).strip()))

    def handle_data(self, data: str) -> None:
        for _, _, parts in self._open:
            parts.append(data)
        if not self._open or self._open[-1][0] != "script":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def data(self) -> dict[str, Any]:
        """The JSON of the cases."""
        found: dict[str, Any] = json.loads(
            next(text for attributes, text in self.scripts if attributes.get("id") == "data")
        )
        return found


def inflate(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))


class Cases:
    """The packed cases, unpacked as the page does it."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.index = inflate(content["index"])
        self.details = [case for block in content["cases"] for case in inflate(block)]
        self.pieces = [piece for block in content["texts"] for piece in inflate(block)]

    def text(self, numbers: list[int] | None) -> str:
        return "\n\n".join(self.pieces[number] for number in numbers or ())

    def replies(self, detail: list[Any]) -> list[str | None]:
        """The samples' raw replies; ``None`` for one that was left out."""
        return [
            self.text(text) if isinstance(text, list) else (letter if text == 1 else None)
            for letter, text in zip(detail[5], detail[6], strict=True)
        ]
