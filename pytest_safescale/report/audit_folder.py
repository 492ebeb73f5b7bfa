"""The folder of an audit: audit.json for programs, audit.csv for a spreadsheet, a page to read."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import DatasetError, SettingsError
from pytest_safescale.report.page.audit_page import audit_page
from pytest_safescale.report.staged_folder import staged_folder
from pytest_safescale.text.escaping import csv_cell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["write_audit"]

_FILES = ("audit.json", "audit.csv", "audit.html")
_COLUMNS = (
    "finding",
    "kind",
    "sentence",
    "item",
    "passage",
    "line",
    "field",
    "words",
    "other_passage",
    "other_line",
    "other_words",
    "letter",
    "by",
    "judgement",
)
_OWN = ("finding", "kind", "sentence", "item", "letter", "by", "judgement")
"""Columns that a finding has itself, and not one of its places."""


def write_audit(
    content: Mapping[str, Any],
    out: Path,
    repair: tuple[Path, Mapping[str, Any]] | None = None,
) -> None:
    """Write an audit's files whole or not at all; raises UsageError where that cannot be.

    ``content`` is what audit.json holds; ``repair`` a plan and the file that it goes to.
    """
    with staged_folder(out, _FILES) as stage:
        try:
            _write(content, stage)
        except OSError as error:
            raise DatasetError(f"--out: {out} cannot be written: {error.strerror}") from error
        if repair is not None:
            _write_plan(*repair)


def _write_plan(path: Path, plan: Mapping[str, Any]) -> None:
    text = json.dumps(plan, indent=1, allow_nan=False)
    try:
        path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(f"--repair: {path} cannot be written: {error.strerror}") from error


def _write(content: Mapping[str, Any], stage: Path) -> None:
    text = json.dumps(content, indent=1, allow_nan=False)
    (stage / "audit.json").write_text(f"{text}\n", encoding="utf-8", newline="\n")
    (stage / "audit.html").write_text(audit_page(content), encoding="utf-8", newline="\n")
    with (stage / "audit.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(_row, content["findings"]))


def _row(finding: Mapping[str, Any]) -> dict[str, Any]:
    place, other = finding["place"] or {}, finding["other"] or {}
    row = {name: finding[name] for name in _OWN}
    row |= {name: place.get(name) for name in ("passage", "line", "field", "words")}
    row |= {f"other_{name}": other.get(name) for name in ("passage", "line", "words")}
    return {name: csv_cell(value) for name, value in row.items()}
