"""A run read back for a notebook or a program: its tables, as data frames or rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from pytest_safescale.results.case_record import CaseRecord
from pytest_safescale.results.case_rows import CASE_COLUMNS, flat_case
from pytest_safescale.results.frames import Frame, as_frame, frame_wanted
from pytest_safescale.results.record_lines import CASES, read_lines
from pytest_safescale.results.run_content import ComparisonRow, FigureRow, GateRow, RunContent
from pytest_safescale.results.run_file import read_content
from pytest_safescale.results.run_tables import TellingRows, table_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from pytest_safescale.results.columns import Columns
    from pytest_safescale.results.manifest import Manifest

__all__ = ["LoadedRun", "load_run"]

Rows = list[dict[str, Any]]
FIGURES = table_columns(FigureRow, first=("regime", "metric", "value"))
GATES = table_columns(GateRow, first=("name", "outcome"))
COMPARISONS = table_columns(ComparisonRow)


class LoadedRun:
    """A run, as its report folder tells it. ``run.json`` is read; cases are read when wanted.

    Each table comes as ``frame`` says: ``"pandas"``, ``"polars"``, or ``"rows"``, a list of dicts;
    ``None`` for the first of these that is at hand. Columns of frames are typed; what is an object
    in the files is JSON text there. Unknown is ``None``, in a frame its missing value, never 0.
    """

    def __init__(self, folder: Path, content: RunContent) -> None:
        """``content`` is what the run.json of the folder holds."""
        self.folder = folder
        self.content = content
        self._rows = TellingRows(content["manifest"])

    def __repr__(self) -> str:
        return f"LoadedRun({str(self.folder)!r}: {self.verdict or 'no verdict'})"

    @property
    def manifest(self) -> Manifest:
        """What was run, with what, and what it took."""
        return self.content["manifest"]

    @property
    def verdict(self) -> str:
        """The run verdict, in one line; empty in a report of an earlier version."""
        return self.content.get("verdict", "")

    @property
    def notices(self) -> list[str]:
        """Sentences to show wherever the figures appear: sample data, simulated models."""
        return list(self.manifest.get("notices", ()))

    @overload
    def figures(self, frame: Literal["rows"]) -> Rows: ...
    @overload
    def figures(self, frame: Frame | None = None) -> Any: ...
    def figures(self, frame: Frame | None = None) -> Any:
        """Return the figures: a row for each model, condition, profile, decoding mode and metric.

        ``ci_low`` and ``ci_high`` are the ends of the 95 % interval that ``ci_method`` names.
        """
        return self._table(self.content.get("metrics") or (), FIGURES, frame)

    @overload
    def gates(self, frame: Literal["rows"]) -> Rows: ...
    @overload
    def gates(self, frame: Frame | None = None) -> Any: ...
    def gates(self, frame: Frame | None = None) -> Any:
        """Return what the gates say: a row for each gate and each cell that it judges."""
        return self._table(self.content.get("gates") or (), GATES, frame)

    @overload
    def comparisons(self, frame: Literal["rows"]) -> Rows: ...
    @overload
    def comparisons(self, frame: Frame | None = None) -> Any: ...
    def comparisons(self, frame: Frame | None = None) -> Any:
        """Return the paired comparisons, ``left`` less ``right``, of kind ``kind``."""
        return self._table(self.content.get("comparisons") or (), COMPARISONS, frame)

    @overload
    def cases(self, frame: Literal["rows"]) -> Rows: ...
    @overload
    def cases(self, frame: Frame | None = None) -> Any: ...
    def cases(self, frame: Frame | None = None) -> Any:
        """Return the cases, a row each; the file is read now.

        Raises UsageError naming the line that is no case, or of another run.
        """
        rows = (row for _, row in self.records_with_rows())
        return as_frame(rows, CASE_COLUMNS, frame_wanted(frame))

    def records(self) -> Iterator[CaseRecord]:
        """Give the lines of ``cases.jsonl`` one by one, with evidence, trace and calls.

        Raises as ``cases`` does, also where there is no such file.
        """
        path, run_id = self.folder / CASES, self.manifest.get("run_id")
        return (record for _, record in read_lines(path, CaseRecord, run_id))

    def records_with_rows(self) -> Iterator[tuple[CaseRecord, dict[str, Any]]]:
        """Give each line of ``cases.jsonl`` with its row of the table of cases."""
        for record in self.records():
            yield record, self._rows.of(flat_case(record))

    def _table(self, rows: Iterable[Any], columns: Columns, frame: Frame | None) -> Any:
        return as_frame(self._rows.all_of(rows), columns, frame_wanted(frame))


def load_run(path: str | PathLike[str]) -> LoadedRun:
    """Return the run of a report folder, or of its ``run.json``.

    Raises UsageError, in one sentence, for a place that is none.
    """
    place = Path(path).absolute()  # a notebook may go to another folder
    file = place / "run.json" if place.is_dir() else place
    return LoadedRun(file.parent, read_content(file, named=str(file)))
