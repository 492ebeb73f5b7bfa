"""The report folder: cases.jsonl while a run goes on, the rest when it has ended."""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager, suppress
from errno import EISDIR
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, TextIO

from pytest_safescale.errors import ReportError, SettingsError
from pytest_safescale.report.markdown import render_summary, run_verdict_line
from pytest_safescale.results.cases_parquet import CASES_PARQUET, write_cases
from pytest_safescale.results.conclusion import SCHEMA_VERSION
from pytest_safescale.results.manifest_facts import SUPERSEDED
from pytest_safescale.results.profile_rows import apart, has_profiles
from pytest_safescale.results.record_lines import CASES, SEARCHES
from pytest_safescale.results.run_tables import TellingRows
from pytest_safescale.text.escaping import csv_cell, json_line, markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.report.page.page_cases import PageCases
    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.search_record import SearchRecord
    from pytest_safescale.results.written_record import WrittenRecord

__all__ = ["REPORT_FILES", "ReportFolder"]

_WRITTEN_LAST = ("run.json", "metrics.csv", "summary.md", "report.html")
REPORT_FILES = (CASES, CASES_PARQUET, SEARCHES, SUPERSEDED, *_WRITTEN_LAST)
"""Every file that a report may have, the charts as files apart."""
_UNFINISHED = "this run has not come to its end"
_GOES_ON = "It goes on, or it was ended before its gates were judged."


class ReportFolder:
    """Writes one report. Nothing is touched before a run begins, a first case or the end.

    What cannot be written while the run goes on, or at its end, is a ReportError.
    """

    def __init__(self, path: Path, *, run_id: str, page_cases: PageCases | None = None) -> None:
        """``run_id`` is of the run that is reported: each line names it, as run.json does.

        ``page_cases`` takes the cases in for the page as they come, where nobody waits for calls
        meanwhile; else the page reads them back.
        """
        self.path = path
        self._run_id = run_id
        self._page_cases = page_cases
        self._cases: TextIO | None = None
        self._searches: TextIO | None = None

    def add(self, record: CaseRecord) -> None:
        """Append a case to ``cases.jsonl``."""
        with self._raising_report_error():
            self._append(self._open(), record)
        if self._page_cases is not None:
            self._page_cases.add(record)

    def add_written(self, cases: Sequence[WrittenRecord]) -> None:
        """Append cases whose lines may be put together already."""
        with self._raising_report_error():
            file = self._open()
            file.writelines(f"{case.line(self._run_id)}\n" for case in cases)
            file.flush()
        if self._page_cases is not None:
            for case in cases:
                self._page_cases.add(case.record)

    def add_search(self, record: SearchRecord) -> None:
        """Append a case under a relation to ``robustness.jsonl``."""
        with self._raising_report_error():
            self._open()  # what an earlier run left there goes first
            if self._searches is None:
                self._searches = _lines_to(self.path / SEARCHES)
            self._append(self._searches, record)

    @contextmanager
    def _raising_report_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ReportError(
                f"the report {self.path} cannot be written: {error.strerror or error}"
            ) from error

    def _append(self, file: TextIO, record: CaseRecord | SearchRecord) -> None:
        file.write(json_line({**record, "run_id": self._run_id}) + "\n")
        file.flush()

    def _open(self) -> TextIO:
        if self._cases is None:
            self.path.mkdir(parents=True, exist_ok=True)
            # Nothing of an earlier run must stand beside the cases of this one.
            for name in REPORT_FILES:
                (self.path / name).unlink(missing_ok=True)
            self._cases = _lines_to(self.path / CASES)
        return self._cases

    def finish(
        self,
        conclusion: Conclusion,
        *,
        charts: Path | None = None,
        page: bool = True,
        parquet: bool = False,
    ) -> None:
        """Write everything that sums up the cases; the charts as files too, where wanted.

        ``page`` says whether somebody looks at report.html, which takes most of the time;
        ``parquet`` whether the cases are wanted as a table too.
        """
        with self._raising_report_error():
            self._open()
            self.close()
            self._write("run.json", _json(_run(conclusion)))
            self._write("summary.md", render_summary(conclusion))
            self._write_metrics(conclusion)
            if parquet:
                from pytest_safescale.results.loaded_run import load_run

                write_cases(load_run(self.path), self.path / CASES_PARQUET)
            if page:
                self._draw(charts)

    def _draw(self, charts: Path | None) -> None:
        # What draws takes long to load, and only a page that is written needs it.
        from pytest_safescale.report.page.all_charts import write_charts
        from pytest_safescale.report.page.run_page import write_html

        write_html(self.path, own=True, cases=self._page_cases)
        if charts is not None:
            write_charts(self.path, charts, own=True)

    def begin(self, charts: Path | None = None) -> None:
        """Take an earlier run verdict away and say that this run has none yet.

        The earlier run's cases stay until this one has its first, with its figures beside them.
        Raises SettingsError for a folder of the report or the charts that cannot be written to.
        """
        with _usable("--safescale-figures", charts):
            if charts is not None:
                charts.mkdir(parents=True, exist_ok=True)
                TemporaryFile(dir=charts).close()
        with _usable("--safescale-report", self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            for name in REPORT_FILES:
                if (self.path / name).is_dir():
                    raise IsADirectoryError(EISDIR, f"{name} is a folder")
            self._say(f"No verdict: {_UNFINISHED}", [_GOES_ON])

    def block(self, why: str, reasons: Sequence[str] = ()) -> None:
        """Say why a run without a case blocks."""
        self._say(f"Blocked: {why}", [f"- {markdown(reason)}" for reason in reasons])

    def end_early(self, reason: str) -> None:
        """Say why a run ended before its first case."""
        self.tell_no_run_verdict("this run ended before its first case", markdown(reason))

    def tell_no_run_verdict(self, why: str, *lines: str) -> None:
        """Say that a run has none, where that can be written."""
        with suppress(OSError):
            self._say(f"No verdict: {why}", lines)

    def refuse(self, reason: str) -> None:
        """Take an earlier run verdict away for one that could not begin; else write nothing."""
        with suppress(OSError, ValueError):  # a folder that cannot be has no run verdict
            if any((self.path / name).is_file() for name in _WRITTEN_LAST):
                self.end_early(reason)

    def _say(self, why: str, lines: Sequence[str]) -> None:
        """Leave a summary alone, and of an earlier run what is no run verdict."""
        if (self.path / "run.json").is_file():
            (self.path / "run.json").replace(self.path / SUPERSEDED)
        for name in _WRITTEN_LAST:
            (self.path / name).unlink(missing_ok=True)
        kept = (self.path / SUPERSEDED).exists()
        before = [f"{SUPERSEDED} and cases.jsonl are of the run before it.", ""] if kept else []
        self._write("summary.md", "\n".join([f"## {why}.", "", *lines, "", *before]))

    def close(self) -> None:
        """Close the files of lines where the run ended early."""
        for file in (self._cases, self._searches):
            if file is not None:
                with suppress(OSError):  # a line that could not be written was told of then
                    file.close()

    def mark_partial(self) -> None:
        """Mark every case as one of a part: what belongs to it could not be scored."""
        self._open().close()
        cases, marked = self.path / CASES, self.path / "cases.jsonl.marked"
        with cases.open("rb") as file, marked.open("wb") as target:
            target.writelines(map(_marked, file))
        marked.replace(cases)

    def _write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8", newline="\n")

    def _write_metrics(self, conclusion: Conclusion) -> None:
        partial = _is_partial(conclusion.manifest)
        told = [{**vars(metric), "partial": partial} for metric in conclusion.metrics]
        rows = [
            # Merged shards write the same figures as the whole run, whose id is another.
            {name: csv_cell(value) for name, value in row.items() if name != "run_id"}
            for row in TellingRows(conclusion.manifest).all_of(
                apart(told) if has_profiles(conclusion.manifest) else told
            )
        ]
        if not rows:
            return
        with (self.path / "metrics.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


@contextmanager
def _usable(option: str, folder: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"{option}: found {folder}, which cannot be written to: {error.strerror or error}; "
            "allowed: a folder"
        ) from error


def _lines_to(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


def _run(conclusion: Conclusion) -> dict[str, Any]:
    parts = {
        "metrics": [dict(vars(metric)) for metric in conclusion.metrics],
        "gates": [gate.record() for gate in conclusion.gates],
        "comparisons": [dict(vars(comparison)) for comparison in conclusion.comparisons],
        "analyses": conclusion.analyses,
        "findings": list(conclusion.counterexamples),
    }
    return {
        "verdict": run_verdict_line(conclusion),
        "schema_version": SCHEMA_VERSION,
        "manifest": conclusion.manifest,
        **(apart(parts) if has_profiles(conclusion.manifest) else parts),
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


def _is_partial(manifest: Manifest) -> bool:
    """Say whether cases are missing that the figures should be over."""
    cases, scored = manifest.get("cases") or {}, manifest.get("scored")
    partial = scored is not None and scored["partial"]
    return partial or cases.get("recorded") != cases.get("of_the_run")


def _marked(line: bytes) -> bytes:
    # A quotation mark within a text is escaped: this one can only be the key.
    return line if b'"partial": true' in line else line[:-2] + b', "partial": true}\n'
