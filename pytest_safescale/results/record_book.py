"""The cases and searches of a run as they come in; records stay in the files they go to."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from pytest_safescale.analysis.panel import PanelBuilder
from pytest_safescale.results.call_columns import TOKENS, CallColumns
from pytest_safescale.results.case_lacks import CaseLacks
from pytest_safescale.results.case_record import cell_of
from pytest_safescale.results.layer_cases import LayerBook
from pytest_safescale.results.manifest import RobustnessSettings
from pytest_safescale.results.panel_records import case_of_record, item_of_record
from pytest_safescale.results.repeats_record import kept_repeats
from pytest_safescale.results.second_readings import SecondReadings
from pytest_safescale.verdicts.labels import FINDINGS
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.perturb.search.counterexample import CounterexampleRecord
    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.results.manifest import GateCheckRow, Manifest
    from pytest_safescale.results.manifest_counts import (
        BehindFigures,
        CaseCounts,
        FailedTest,
        FailedTests,
    )
    from pytest_safescale.results.manifest_models import Served, TokenCounts
    from pytest_safescale.results.manifest_repeat import RepeatOfRun
    from pytest_safescale.results.repeats_record import RepeatsRecord
    from pytest_safescale.results.same_replies import Case, Times
    from pytest_safescale.results.search_record import CounterexampleRow, SearchRecord
    from pytest_safescale.verdicts.severity import Severity

__all__ = ["ANSWERED", "RecordBook", "SearchBook", "failed_tests_named"]

ANSWERED = "safescale::run[answered]"
"""The test that fails where no case at all was answered."""
FAILED_NAMED = 20
"""How many failed tests the manifest names."""


@dataclass(kw_only=True)
class SearchBook:
    """The searches of a run as they come in; the evidence stays in the file they go to."""

    records: list[SearchRecord] = field(default_factory=list)
    """One per case and relation; condition and profile go as one name (``cells.py``)."""
    settings: RobustnessSettings = field(default_factory=RobustnessSettings)
    """What the searches were made with, as the manifest states it."""
    _seen: set[tuple[str, str, str, str]] = field(default_factory=set)

    def add(self, record: SearchRecord) -> bool:
        """Take a search in; ``False`` where it is there already, from another test."""
        key = (*cell_of(record), record["item_id"], record["relation"])
        if key in self._seen:
            return False
        self._seen.add(key)
        self.records.append(_without_evidence({**record, "condition": key[1]}))
        return True

    def counterexamples(self) -> list[CounterexampleRow]:
        """Return the counterexamples as ``run.json`` lists them, the gravest first."""
        found = [
            _row(record, record["finding"])
            for record in self.records
            if record["finding"] is not None
        ]
        return sorted(found, key=_rank)


def _without_evidence(record: SearchRecord) -> SearchRecord:
    if record["finding"] is None:
        return record
    finding = record["finding"].copy()
    finding.pop("evidence", None)
    return {**record, "finding": finding}


def _row(record: SearchRecord, counterexample: CounterexampleRecord) -> CounterexampleRow:
    return {
        "family": record["relation"],
        "item_id": record["item_id"],
        "model": record["model"],
        "condition": record["condition"],
        "edit": counterexample["description"],
        "diff": counterexample["diff"],
        "before": counterexample["before"],
        "after": counterexample["after"],
        "after_in_item": counterexample["after_in_item"],
        "sentence": counterexample["sentence"],
        "edits": counterexample["edits"],
        "calls": counterexample["calls"],
        "shrunk": counterexample["shrunk"],
        "findings": record["findings"],
        "reproduce": record.get("reproduce"),
    }


def _rank(counterexample: CounterexampleRow) -> tuple[int, str, str, str, str]:
    gravity = next(
        (place for place, one in enumerate(FINDINGS) if one.name in counterexample["findings"]),
        len(FINDINGS),
    )
    return (
        gravity,
        counterexample["model"],
        counterexample["condition"],
        counterexample["family"],
        counterexample["item_id"],
    )


@dataclass(kw_only=True)
class RecordBook:
    """The cases of a run as they come in, as counts and columns; no record is held."""

    recorded: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cases by (model, condition)."""
    searches: SearchBook = field(default_factory=SearchBook)
    """Cases that were put to relations."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why each test failed that is no gate, by its id, in one line."""
    checks: list[GateCheckRow] = field(default_factory=list)
    """What the controls showed of the gates, where they were tried."""
    passed_unanswered: list[str] = field(default_factory=list)
    """Which sets of gates the control passes that never answers, in sentences."""
    repeat: RepeatOfRun | None = None
    """How one of the cases is repeated."""
    attempt: Manifest = field(default_factory=lambda: cast("Manifest", {}))
    """The lock and the ledger of the run, as its manifest has them."""
    second_readings: SecondReadings = field(default_factory=SecondReadings)
    """What the second reader made of the replies."""
    layers: LayerBook = field(default_factory=LayerBook)
    """The cases of models with layers."""
    repeats: defaultdict[tuple[str, str], dict[str, RepeatsRecord]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """The answers of cases that were asked again, by cell and item."""
    contents: set[tuple[str, str | None]] = field(default_factory=set)
    """The items that were asked about, each with the hash of its content."""
    errors: int = 0
    """Cases without a single answer."""
    _names: dict[str, str] = field(default_factory=dict)
    _cases: dict[Case, bool] = field(default_factory=dict)
    """Whether each case has a single answer, in the order in which they came."""
    _builder: PanelBuilder = field(default_factory=PanelBuilder)
    _calls: CallColumns = field(default_factory=CallColumns)
    _lacks: CaseLacks = field(default_factory=CaseLacks)
    _first_error: str | None = None

    def add(self, record: CaseRecord) -> bool:
        """Take a case in; ``False`` where it is there already, from another test."""
        cell = cell_of(record)
        # A name that every record brings anew is held once.
        model, condition, item = (
            self._names.setdefault(name, name) for name in (*cell, record["item_id"])
        )
        key, error = (model, condition, item), record["error"]
        if key in self._cases:
            return False
        if not self._cases:
            self._first_error = error
        self._cases[key] = error is None
        self.errors += error is not None
        self.recorded[model, condition] += 1
        self.contents.add((item, record.get("item_sha256")))
        self._builder.add_item(item_of_record(record))
        self._builder.add(case_of_record(record))
        self._calls.add_case(record["calls"], record["model"])
        self._lacks.add(record)
        self.layers.add(record)
        self.second_readings.add(record)
        if again := record.get("repeats"):
            self.repeats[model, condition][item] = kept_repeats(again)
        return True

    def __len__(self) -> int:
        """Return how many cases came to an end."""
        return len(self._cases)

    def has(self, model: str, condition: str, item_id: str) -> bool:
        """Say whether a case came to an end."""
        return (model, condition, item_id) in self._cases

    def panel(self, severity: Severity = DEFAULT_SEVERITY) -> Panel:
        """Return the panel of the cases that are there."""
        return self._builder.build(severity=severity)

    def replies_by_case(self, items: Collection[str]) -> dict[Case, Times]:
        """Return when the replies behind each case of these items were stored.

        A case that failed is compared with nothing, and left out.
        """
        each = zip(self._cases.items(), self._calls.times_by_case(), strict=True)
        return {case: times for (case, answered), times in each if answered and case[2] in items}

    def failed_tests(self) -> FailedTests | None:
        """Return how many tests failed and the first of them, as the manifest states them."""
        return failed_tests_named(self.failed, len(self.failed)) if self.failed else None

    @property
    def unanswered(self) -> str | None:
        """Why no case at all was answered; ``None`` where one was."""
        if self.errors < len(self):
            return None
        return f"no case was answered; the first: {self._first_error}"

    def note_lacks(self, cases: CaseCounts) -> None:
        """Write into a manifest's counts what the cases are short of, and their states."""
        self._lacks.note(cases)

    def served_as(self, model: str) -> list[Served]:
        """Return the names and fingerprints a model answered under."""
        return self._calls.served_as(model)

    def behind_figures(self) -> BehindFigures:
        """Return what the replies behind the figures cost, whichever run they were made in."""
        calls, searches = self._calls, self.searches.records
        money = chain(calls.money, (search["money"] for search in searches))
        return {
            "replies": calls.replies + sum(search["replies"] for search in searches),
            "tokens": _tokens([*calls.tokens.values(), *searches]),
            "money": sum(money),
        }

    def from_store(self) -> dict[str, int]:
        """Return how many of them earlier runs made, by the day on which they were stored."""
        days = self._calls.days.copy()
        for search in self.searches.records:
            days.update(search["from_store"])
        return dict(sorted(days.items()))

    def tokens_of(self, model: str) -> TokenCounts:
        """Return the tokens behind a model's figures, and how many of them are estimates."""
        searches = [one for one in self.searches.records if one["model"] == model]
        return _tokens([self._calls.tokens[model], *searches])


def failed_tests_named(reasons: Mapping[str, str], tests: int) -> FailedTests:
    """Return so many failed tests as a manifest states them; ``reasons`` by id, in one line."""
    first: list[FailedTest] = [
        {"test": name, "reason": reasons[name]} for name in sorted(reasons)[:FAILED_NAMED]
    ]
    return {"tests": tests, "first": first}


def _tokens(parts: Iterable[Mapping[str, Any]]) -> TokenCounts:
    counts = dict.fromkeys(TOKENS, 0)
    for part in parts:
        for name in TOKENS:
            counts[name] += part[name]
    return cast("TokenCounts", counts)
