"""Results that exist already become a report folder, as a run would have written it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_safescale.conclude import ensemble_rows, facts_in, marked_as_adaptive
from pytest_safescale.conditions.catalogue import RELEASE_NAMES
from pytest_safescale.report.conclusion import Conclusion
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.report.staging import check_apart, staged
from pytest_safescale.score_manifest import (
    Scored,
    ScoreOptions,
    earlier_manifests,
    filled_in,
    score_manifest,
)
from pytest_safescale.scoring.analyses import analyses, complete_ensembles
from pytest_safescale.scoring.figures import all_metrics
from pytest_safescale.scoring.intervals import SEED
from pytest_safescale.scoring.paired import condition_comparisons
from pytest_safescale.scoring.panel import PanelBuilder, case_of_record, item_of_record
from pytest_safescale.scoring.release import (
    release_comparisons,
    release_ensemble_metrics,
    release_item_failures,
    release_metrics,
)
from pytest_safescale.scoring.results import ResultsReader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_safescale.items.item import Dataset

__all__ = ["score_results"]


@dataclass(kw_only=True)
class _Taken:
    """What one pass over the records leaves."""

    builder: PanelBuilder = field(default_factory=PanelBuilder)
    natures: dict[str, str] = field(default_factory=dict)
    cases: int = 0
    errors: int = 0
    adaptive: bool = False

    def add(self, record: Mapping[str, Any]) -> None:
        self.builder.add_item(item_of_record(record))
        self.builder.add(case_of_record(record))
        self.natures[record["model"]] = record.get("nature") or "model"
        self.cases += 1
        self.errors += record["error"] is not None
        self.adaptive |= bool((record["samples"] or {}).get("stopped_early"))


def score_results(
    folder: Path, dataset: Dataset, out: Path, options: ScoreOptions | None = None
) -> Conclusion:
    """Score a folder of results and write the report folder ``out``; returns what it says.

    Raises DatasetError with every problem of the results; ``out`` is then as it was.
    """
    options = options or ScoreOptions()
    check_apart(folder, out)
    start = datetime.now(timezone.utc)
    reader = ResultsReader(
        folder,
        dataset,
        names=RELEASE_NAMES,
        answers=options.answers,
        release=options.definitions == "release",
    )
    with staged(out) as stage:
        report, taken = ReportFolder(stage), _Taken()
        try:
            for record in reader.records():
                report.add(record)
                taken.add(record)
            reader.check(allow_partial=options.allow_partial)
            if reader.is_partial:
                report.mark_partial()
            conclusion = _conclude(reader, taken, dataset, options, start)
            report.finish(conclusion)
        finally:
            report.close()
    return conclusion


def _conclude(
    reader: ResultsReader,
    taken: _Taken,
    dataset: Dataset,
    options: ScoreOptions,
    start: datetime,
) -> Conclusion:
    for model, item_id in reader.recorded:
        taken.builder.add_record(model, item_id)
    panel = taken.builder.build(labelled=dataset.labelled)
    earlier = earlier_manifests(reader)
    options = filled_in(options, reader, earlier)
    seed = SEED if options.seed is None else options.seed
    voting = complete_ensembles(panel, options.ensembles)
    # A run that was free to stop early says so, whether it did or not.
    decodings = [manifest.get("decoding") or {} for manifest in earlier]
    adaptive = taken.adaptive or any(decoding.get("adaptive") for decoding in decodings)
    released = options.definitions == "release"
    metrics = (release_metrics if released else all_metrics)(panel, seed=seed)
    if adaptive:
        metrics = [marked_as_adaptive(row) for row in metrics]
    if released:
        metrics += release_ensemble_metrics(panel, voting)
        comparisons = release_comparisons(panel, seed=seed)
    else:
        metrics += ensemble_rows(panel, voting, adaptive=adaptive)
        comparisons = condition_comparisons(panel, seed=seed)
    manifest = score_manifest(
        Scored(
            reader=reader,
            panel=panel,
            dataset=dataset,
            options=options,
            earlier=earlier,
            ensembles=voting,
            natures=taken.natures,
            cases=taken.cases,
            errors=taken.errors,
            adaptive=adaptive,
            start=start,
        )
    )
    return Conclusion(
        manifest=manifest,
        metrics=metrics,
        comparisons=comparisons,
        analyses=analyses(
            panel,
            ensembles=voting,
            facts=facts_in(manifest),
            failures=release_item_failures(panel) if released else None,
            adaptive=adaptive,
            seed=seed,
        ),
    )
