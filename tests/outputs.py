"""Everything that a run leaves behind, as text: files, terminal, and what the page has packed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.report.pages import Cases, Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


def outputs(folder: Path, *results: pytest.RunResult) -> dict[str, str]:
    """Return what every file in the folder and every run's terminal holds, by name.

    Bytes that are no text, such as those of the store, are taken for Latin-1.
    """
    found = {
        str(path.relative_to(folder)): _text(path) for path in _files(folder) if path.is_file()
    }
    for number, result in enumerate(results):
        found[f"stdout {number}"] = "\n".join(result.outlines)
        found[f"stderr {number}"] = "\n".join(result.errlines)
    return found


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*") if "__pycache__" not in path.parts)


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
    return text + "".join(page_texts(text)) if path.suffix == ".html" else text


def page_texts(source: str) -> Iterator[str]:
    """Give every text that a report's page has packed; none for another page."""
    page = Page(source)
    if any(attributes.get("id") == "data" for attributes, _ in page.scripts):
        cases = Cases(page.data)
        yield from strings([cases.index, cases.details, cases.pieces])


def strings(value: Any) -> Iterator[str]:
    """Give every string of JSON data, names of objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in strings(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in strings(part))


def lines_of(path: Path) -> list[Any]:
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
