"""The report folder: cases.jsonl while a run goes on, the rest when it has ended."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, TextIO

from pytest_safescale.report.conclusion import SCHEMA_VERSION
from pytest_safescale.report.markdown import escape, render_summary
from pytest_safescale.report.page_process import write_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.report.conclusion import Conclusion

__all__ = ["SEARCHES", "ReportFolder"]

SEARCHES = "robustness.jsonl"
"""The file of searches for counterexamples, one line each."""
_WRITTEN_LAST = ("run.json", "metrics.csv", "summary.md", "report.html")


class ReportFolder:
    """Writes one report. Nothing is touched before the first case or the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._cases: TextIO | None = None
        self._searches: TextIO | None = None

    def add(self, record: Mapping[str, Any]) -> None:
        """Append a case to ``cases.jsonl``."""
        _append(self._open(), record)

    def add_search(self, record: Mapping[str, Any]) -> None:
        """Append a case under a relation to ``robustness.jsonl``."""
        self._open()  # what an earlier run left there goes first
        if self._searches is None:
            self._searches = _lines_to(self.path / SEARCHES)
        _append(self._searches, record)

    def _open(self) -> TextIO:
        if self._cases is None:
            self.path.mkdir(parents=True, exist_ok=True)
            # A verdict of an earlier run must not stand beside the cases of this one.
            for name in (*_WRITTEN_LAST, SEARCHES):
                (self.path / name).unlink(missing_ok=True)
            self._cases = _lines_to(self.path / "cases.jsonl")
        return self._cases

    def finish(
        self,
        conclusion: Conclusion,
        *,
        figures: Path | None = None,
        page: Callable[..., None] = write_page,
    ) -> None:
        """Write everything that sums up the cases; the charts as files too, where wanted.

        ``page`` writes report.html once the files it is made of are there.
        """
        self._open()
        self.close()
        self._write("run.json", _json(_run(conclusion)))
        self._write("summary.md", render_summary(conclusion))
        self._write_metrics(conclusion)
        page(self.path, figures=figures)

    def block(self, reasons: Sequence[str]) -> None:
        """Write a summary of a run that asked nothing, and leave no verdict of an earlier one."""
        self._open()
        self.close()
        lines = [f"- {escape(reason)}" for reason in reasons]
        head = "## Blocked: the self-check found gates that cannot fail or cannot pass."
        self._write("summary.md", "\n".join([head, "", *lines, ""]))

    def close(self) -> None:
        """Close the files of lines where the run ended early."""
        for file in (self._cases, self._searches):
            if file is not None:
                file.close()

    def mark_partial(self) -> None:
        """Mark every case as one of a part: what belongs to it could not be scored."""
        self._open().close()
        cases, marked = self.path / "cases.jsonl", self.path / "cases.jsonl.marked"
        with cases.open("rb") as file, marked.open("wb") as target:
            target.writelines(map(_marked, file))
        marked.replace(cases)

    def _write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8", newline="\n")

    def _write_metrics(self, conclusion: Conclusion) -> None:
        partial = _is_partial(conclusion.manifest)
        rows = [{**vars(metric), "partial": partial} for metric in conclusion.metrics]
        if not rows:
            return
        with (self.path / "metrics.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _lines_to(path: Path) -> TextIO:
    # Replies may hold half of a surrogate pair; it is written as an escape.
    return path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")


def _append(file: TextIO, record: Mapping[str, Any]) -> None:
    file.write(json.dumps(record, ensure_ascii=False) + "\n")
    file.flush()


def _run(conclusion: Conclusion) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "manifest": conclusion.manifest,
        "metrics": [dict(vars(metric)) for metric in conclusion.metrics],
        "gates": [gate.record() for gate in conclusion.gates],
        "comparisons": [dict(vars(comparison)) for comparison in conclusion.comparisons],
        "analyses": conclusion.analyses,
        "findings": list(conclusion.findings),
    }


def _json(run: Mapping[str, Any]) -> str:
    """Return the object with a figure a line; the manifest, which people read, is indented."""
    parts = (f"{json.dumps(name)}: {_value(name, value)}" for name, value in run.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(name: str, value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value, indent=1 if name == "manifest" else None, allow_nan=False)
    rows = (json.dumps(row, allow_nan=False) for row in value)
    return "[\n" + ",\n".join(rows) + "\n]"


def _is_partial(manifest: Mapping[str, Any]) -> bool:
    """Say whether cases are missing that the figures should be over."""
    cases, scored = manifest.get("cases") or {}, manifest.get("scored") or {}
    return bool(scored.get("partial")) or cases.get("recorded") != cases.get("of_the_run")


def _marked(line: bytes) -> bytes:
    # A quotation mark within a text is escaped: this one can only be the key.
    return line if b'"partial": true' in line else line[:-2] + b', "partial": true}\n'
