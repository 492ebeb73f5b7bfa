"""A report folder read back: run.json at once, cases.jsonl line by line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from pytest_safescale.analysis.earlier_intervals import with_intervals_of_today
from pytest_safescale.analysis.metrics import ENSEMBLE, MEAN_OVER_MODELS
from pytest_safescale.cells import base_profile, split_condition
from pytest_safescale.errors import DatasetError
from pytest_safescale.results.case_record import CaseRecord
from pytest_safescale.results.checked import checked
from pytest_safescale.results.label_words import label_words, metric_word
from pytest_safescale.results.profile_rows import (
    conditions_with_profiles,
    has_profiles,
    profile_names,
    together,
)
from pytest_safescale.results.record_lines import CASES, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.run_content import (
        ComparisonRow,
        FigureRow,
        GateRow,
        KnownFigure,
        RunContent,
    )
    from pytest_safescale.results.search_record import CounterexampleRow

__all__ = ["RunFile", "read_cases", "read_content", "read_run"]


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """The content of a ``run.json``."""

    content: RunContent

    @property
    def manifest(self) -> Manifest:
        """What was run."""
        return self.content["manifest"]

    def word(self, metric: str) -> str:
        """What a reader calls a metric of this run."""
        return metric_word(self.manifest, metric)

    @property
    def named(self) -> dict[str, str]:
        """The user's words by label and by the finding it makes."""
        return label_words(self.manifest)

    @property
    def metrics(self) -> Sequence[FigureRow]:
        """The figures, one object each."""
        return self.content.get("metrics") or ()

    @property
    def gates(self) -> Sequence[GateRow]:
        """The gates' results."""
        return self.content.get("gates") or ()

    @property
    def comparisons(self) -> Sequence[ComparisonRow]:
        """The paired comparisons."""
        return self.content.get("comparisons") or ()

    @property
    def analyses(self) -> Mapping[str, Any]:
        """Plain data by name; empty in a report of an earlier version."""
        return self.content.get("analyses") or {}

    @property
    def counterexamples(self) -> Sequence[CounterexampleRow]:
        """Counterexamples to robustness, where the run looked for any."""
        return self.content.get("findings") or ()

    @cached_property
    def by_cell(self) -> Mapping[tuple[str, str, str, str], FigureRow]:
        """The figures by model, condition, decoding mode and metric; of families, over all."""
        return {
            (row["model"], row["condition"], row["regime"], row["metric"]): row
            for row in self.metrics
            if not row.get("family")
        }

    @cached_property
    def all_names(self) -> list[str]:
        """Every name in the figures' ``model``, in their order."""
        return list(dict.fromkeys(row["model"] for row in self.metrics))

    @cached_property
    def models(self) -> list[str]:
        """The models: no ensemble, no mean."""
        return [
            name
            for name in self.all_names
            if name != MEAN_OVER_MODELS and not name.startswith(ENSEMBLE)
        ]

    @cached_property
    def ensembles(self) -> list[str]:
        """The ensembles, as they stand in ``model``."""
        return [name for name in self.all_names if name.startswith(ENSEMBLE)]

    @cached_property
    def conditions(self) -> list[str]:
        """The conditions with figures: in the manifest's order, further ones after them."""
        seen = dict.fromkeys(row["condition"] for row in self.metrics)
        named = conditions_with_profiles(self.manifest)
        return list(dict.fromkeys([*(name for name in named if name in seen), *seen]))

    @cached_property
    def base(self) -> RunFile:
        """The run as far as it is asked with the plain profile, or the first where it has none.

        Its conditions go by their own names.
        """
        profile = base_profile(profile_names(self.manifest))
        rows: list[FigureRow] = []
        for row in self.metrics:
            condition, own = split_condition(row["condition"])
            if own == profile:
                rows.append({**row, "condition": condition})
        return RunFile(content={**self.content, "metrics": rows})

    def row(
        self, model: str, condition: str, metric: str, regime: str = "single"
    ) -> KnownFigure | None:
        """Return the figure, or ``None`` where there is none or it is over no cases."""
        row = self.by_cell.get((model, condition, regime, metric))
        known = row is not None and row["value"] is not None
        return cast("KnownFigure", row) if known else None

    @property
    def average(self) -> str:
        """The name under which a condition's overall figures stand: the mean, or the only model."""
        if MEAN_OVER_MODELS in self.all_names or not self.models:
            return MEAN_OVER_MODELS
        return self.models[0]


def read_run(folder: Path, *, own: bool = False) -> RunFile:
    """Read ``run.json``; raises DatasetError where there is none or it is no report.

    Condition and prompt profile go as one name (``cells.py``). With ``own`` this process has
    written the file, and knows its shape.
    """
    path = folder / "run.json"
    content = read_content(path, named=str(path), own=own)
    if not has_profiles(content["manifest"]):
        return RunFile(content=content)
    manifest = content["manifest"]
    joined: RunContent = together({**content, "manifest": {}})
    joined["manifest"] = manifest
    return RunFile(content=joined)


def read_content(path: Path, *, named: str, own: bool = False) -> RunContent:
    """Read a ``run.json``, which errors call ``named``; raises DatasetError where it is none.

    ``own`` as in ``read_run``.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{named} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise DatasetError(f"{named} is not JSON: {error}") from error
    if not isinstance(content, dict) or "manifest" not in content:
        raise DatasetError(f"{named} is no report: allowed is an object with a manifest")
    shaped = content if own else _shaped(content, named)
    return cast("RunContent", with_intervals_of_today(shaped))


def _shaped(content: object, named: str) -> Mapping[str, Any]:
    # A run reads none but its own unless it is held against an earlier one.
    from pytest_safescale.results.run_content import RunContent

    return cast("Mapping[str, Any]", checked(content, RunContent, named))


def read_cases(
    folder: Path, run: RunFile | None = None, *, own: bool = False
) -> Iterator[CaseRecord]:
    """Give the cases one by one; none where the folder has no ``cases.jsonl``.

    Raises DatasetError naming the line that is no case, or of another run than the folder's
    ``run``. With ``own`` this process has written the file, and knows the shape of its lines.
    """
    path = folder / CASES
    if path.is_file():
        run_id = run.manifest.get("run_id") if run is not None else None
        shape: Any = dict[str, Any] if own else CaseRecord
        for _, record in read_lines(path, shape, run_id):
            yield record
