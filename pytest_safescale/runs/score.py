"""Results that exist already become a report folder, as a run would have written it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_safescale.analysis.all_analyses import analyses, complete_ensembles
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.panel import PanelBuilder
from pytest_safescale.analysis.profiles import comparisons_within, profile_comparisons
from pytest_safescale.conditions.catalogue import RELEASE_NAMES
from pytest_safescale.published.released_definitions import (
    release_comparisons,
    release_ensemble_metrics,
    release_item_failures,
    release_metrics,
)
from pytest_safescale.published.results import ResultsReader
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.report.page.page_cases import PageCases
from pytest_safescale.report.staged_folder import check_apart, staged_folder
from pytest_safescale.results.conclusion import Conclusion
from pytest_safescale.results.panel_records import case_of_record, item_of_record
from pytest_safescale.results.severity_facts import severity_in, weights_of
from pytest_safescale.results.state_counts import StateCounts
from pytest_safescale.runs.conclude import ensemble_rows, facts_in, marked_as_adaptive
from pytest_safescale.runs.score_manifest import (
    Scored,
    ScoreOptions,
    earlier_manifests,
    filled_in,
    run_of,
    score_manifest,
    severity_part,
)
from pytest_safescale.runs.score_reader import FoundReplies, ReadAgain, read_again
from pytest_safescale.statistics.intervals import SEED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.dataset.item import Dataset, Item
    from pytest_safescale.results.written_record import Part, WrittenRecord

__all__ = ["score_results"]


@dataclass(kw_only=True)
class Taken:
    """What one pass over the records leaves."""

    builder: PanelBuilder = field(default_factory=PanelBuilder)
    natures: dict[str, str] = field(default_factory=dict)
    cases: int = 0
    errors: int = 0
    adaptive: bool = False
    states: StateCounts = field(default_factory=StateCounts)
    items: dict[str, Part | None] = field(default_factory=dict)
    """What the last record of each item has in common with others of it."""

    def add(self, case: WrittenRecord) -> None:
        record = case.record
        if case.item is None or case.item is not self.items.get(record["item_id"]):
            self.items[record["item_id"]] = case.item
            self.builder.add_item(item_of_record(record))
        self.builder.add(case_of_record(record))
        self.natures[record["model"]] = record.get("nature") or "model"
        self.cases += 1
        self.states.add(record)
        self.errors += record["error"] is not None
        samples = record["samples"]
        self.adaptive |= samples is not None and bool(samples.get("stopped_early"))

    def add_lines(self, reader: ResultsReader) -> None:
        """Take in what the lines are of, those without a case too."""
        for model, item_id in reader.recorded:
            self.builder.add_record(model, item_id)
            if item_id not in self.items:
                self.builder.add_item(item_of_record(reader.part_of(item_id)))


def score_results(
    folder: Path, dataset: Dataset, out: Path, options: ScoreOptions | None = None
) -> Conclusion:
    """Score a folder of results and write the report folder ``out``; returns what it says.

    Raises DatasetError with every problem of the results; ``out`` is then as it was.
    """
    options = options or ScoreOptions()
    check_apart(folder, out)
    start, run_id = datetime.now(timezone.utc), secrets.token_hex(16)
    again = _read_again(folder, dataset, options, run_id)
    reader = _reader(folder, dataset, options, again)
    with staged_folder(out) as stage:
        page_cases = PageCases(severity_in(severity_part(dataset, options)))
        report = ReportFolder(stage, run_id=run_id, page_cases=page_cases)
        try:
            taken = _taken(reader, report, options)
            conclusion = _conclude(reader, taken, dataset, options, start, run_id, again)
            del reader, taken  # what the page needs stands in the folder
            report.finish(conclusion)
        finally:
            report.close()
    return conclusion


def _taken(reader: ResultsReader, report: ReportFolder, options: ScoreOptions) -> Taken:
    """Take all cases into the report and into columns."""
    taken = Taken()
    for cases in reader.by_line():
        report.add_written(cases)
        for case in cases:
            taken.add(case)
    reader.check(allow_partial=options.allow_partial)
    if reader.is_partial:
        report.mark_partial()
    return taken


def _reader(
    folder: Path,
    dataset: Dataset,
    options: ScoreOptions,
    second: Callable[[str, Item, Answer], Answer] | None,
) -> ResultsReader:
    return ResultsReader(
        folder,
        dataset,
        names=RELEASE_NAMES,
        answers=options.answers,
        release=options.definitions == "release",
        run_of=run_of,
        second=second,
    )


def _read_again(
    folder: Path, dataset: Dataset, options: ScoreOptions, run_id: str
) -> ReadAgain | None:
    """Return what the second reader makes of the results; ``None`` where there is none."""
    if options.second is None:
        return None
    found = FoundReplies(seed=SEED if options.seed is None else options.seed)
    first = _reader(folder, dataset, options, found)
    for _ in first.records():
        pass
    first.check(allow_partial=options.allow_partial)  # before anything is asked
    return read_again(found, options.second.model, options.second.settings, run_id)


def _conclude(
    reader: ResultsReader,
    taken: Taken,
    dataset: Dataset,
    options: ScoreOptions,
    start: datetime,
    run_id: str,
    again: ReadAgain | None,
) -> Conclusion:
    taken.add_lines(reader)
    panel = taken.builder.build(labelled=dataset.labelled, severity=weights_of(options.severity))
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
        comparisons = comparisons_within(panel, seed=seed)
        comparisons += profile_comparisons(panel, seed=seed)
    manifest = score_manifest(
        Scored(
            run_id=run_id,
            reader=reader,
            panel=panel,
            dataset=dataset,
            options=options,
            earlier=earlier,
            ensembles=voting,
            natures=taken.natures,
            cases=taken.cases,
            errors=taken.errors,
            states=taken.states.by_model(),
            adaptive=adaptive,
            start=start,
            again=again,
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
