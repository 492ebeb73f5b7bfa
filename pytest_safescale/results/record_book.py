"""The records of a run as they come in; long texts stay in the files they are written to."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from pytest_safescale.results.case_record import cell_of, kept_case
from pytest_safescale.results.manifest import RobustnessSettings
from pytest_safescale.results.second_readings import SecondReadings
from pytest_safescale.results.state_counts import StateCounts
from pytest_safescale.verdicts.labels import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.perturb.search.counterexample import CounterexampleRecord
    from pytest_safescale.results.case_record import CallRecord, CaseRecord, KeptCase
    from pytest_safescale.results.manifest import GateCheckRow, Manifest
    from pytest_safescale.results.manifest_counts import (
        BehindFigures,
        FailedTest,
        FailedTests,
        LackingProbabilities,
        LackingSamples,
        Unmatched,
    )
    from pytest_safescale.results.manifest_models import Served, TokenCounts
    from pytest_safescale.results.search_record import CounterexampleRow, SearchRecord
    from pytest_safescale.results.state_counts import StatesOfModel

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
    """The records of a run as they come in; long texts stay in the file they are written to."""

    records: list[KeptCase] = field(default_factory=list)
    """One per case, without replies, evidence and question."""
    recorded: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cases by (model, condition)."""
    served: defaultdict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """The names and fingerprints each model answered under."""
    searches: SearchBook = field(default_factory=SearchBook)
    """Cases that were put to relations."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why each test failed that is no gate, by its id, in one line."""
    checks: list[GateCheckRow] = field(default_factory=list)
    """What the controls showed of the gates, where they were tried."""
    passed_unanswered: list[str] = field(default_factory=list)
    """Which sets of gates the control passes that never answers, in sentences."""
    attempt: Manifest = field(default_factory=lambda: cast("Manifest", {}))
    """The lock and the ledger of the run, as its manifest has them."""
    second_readings: SecondReadings = field(default_factory=SecondReadings)
    """What the second reader made of the replies."""
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _calls: dict[str, tuple[str, CallRecord]] = field(default_factory=dict)
    """The calls by their keys, each with the model that was asked."""

    def add(self, record: CaseRecord) -> bool:
        """Take a case in; ``False`` where it is there already, from another test."""
        cell = cell_of(record)
        key = (*cell, record["item_id"])
        if key in self._seen:
            return False
        self._seen.add(key)
        self.recorded[cell] += 1
        self.records.append(kept_case(record))
        for call in record["calls"]:
            asked = call.get("model", record["model"])  # the second reader's calls name it
            self._calls.setdefault(call["key"], (asked, call))
            self.served[asked].update((name, mark) for name, mark in call["served"])
        self.second_readings.add(record)
        return True

    def has(self, model: str, condition: str, item_id: str) -> bool:
        """Say whether a case came to an end."""
        return (model, condition, item_id) in self._seen

    def failed_tests(self) -> FailedTests | None:
        """Return how many tests failed and the first of them, as the manifest states them."""
        return failed_tests_named(self.failed, len(self.failed)) if self.failed else None

    @property
    def unanswered(self) -> str | None:
        """Why no case at all was answered; ``None`` where one was."""
        if self.errors < len(self.records):
            return None
        return f"no case was answered; the first: {self.records[0]['error']}"

    @property
    def errors(self) -> int:
        """Cases without a single answer."""
        return sum(record["error"] is not None for record in self.records)

    def unmatched(self) -> Unmatched:
        """Return in how many cases a search met no word of the corpus, and how many searches."""
        found = [record["unmatched"] for record in self.records if record["unmatched"]]
        return {"cases": len(found), "searches": sum(found)}

    def states(self) -> dict[str, StatesOfModel]:
        """Return how many cases of each model ended in which state."""
        counts = StateCounts()
        for record in self.records:
            counts.add(record)
        return counts.by_model()

    def lacking_samples(self) -> LackingSamples:
        """Return how many cases lack samples they were to have, and why the first of them does."""
        lacking = [record for record in self.records if _lacks_samples(record)]
        if not lacking:
            return {"cases": 0, "reason": None}
        first = min(lacking, key=_place)
        return {"cases": len(lacking), "reason": first["samples_error"]}

    def lacking_probabilities(self) -> LackingProbabilities:
        """Return how many answers lack the probabilities asked for, of how many."""
        asked = [
            single["option_probabilities"]
            for record in self.records
            if (single := record["greedy"])
            and "option_probabilities" in single
            and single["letter"] in record["options"]
        ]
        return {"cases": sum(found is None for found in asked), "of": len(asked)}

    def served_as(self, model: str) -> list[Served]:
        """Return the names and fingerprints a model answered under."""
        return [{"model": name, "fingerprint": mark} for name, mark in sorted(self.served[model])]

    def behind_figures(self) -> BehindFigures:
        """Return what the replies behind the figures cost, whichever run they were made in."""
        parts = [part for _, part in self._parts()]
        return {
            "replies": sum(part["replies"] for part in parts),
            "tokens": _tokens(parts),
            "money": sum(part["money"] for part in parts),
        }

    def _parts(self) -> Iterator[tuple[str, CallRecord | SearchRecord]]:
        """Give what something was asked for, with the model that was asked."""
        yield from self._calls.values()
        yield from ((search["model"], search) for search in self.searches.records)

    def from_store(self) -> dict[str, int]:
        """Return how many of them earlier runs made, by the day on which they were stored."""
        days: Counter[str] = Counter()
        for _, part in self._parts():
            days.update(part["from_store"])
        return dict(sorted(days.items()))

    def tokens_of(self, model: str) -> TokenCounts:
        """Return the tokens behind a model's figures, and how many of them are estimates."""
        return _tokens([part for asked, part in self._parts() if asked == model])


def failed_tests_named(reasons: Mapping[str, str], tests: int) -> FailedTests:
    """Return so many failed tests as a manifest states them; ``reasons`` by id, in one line."""
    first: list[FailedTest] = [
        {"test": name, "reason": reasons[name]} for name in sorted(reasons)[:FAILED_NAMED]
    ]
    return {"tests": tests, "first": first}


def _tokens(parts: Sequence[CallRecord | SearchRecord]) -> TokenCounts:
    return {
        "prompt_tokens": sum(part["prompt_tokens"] for part in parts),
        "completion_tokens": sum(part["completion_tokens"] for part in parts),
        "estimated_tokens": sum(part["estimated_tokens"] for part in parts),
    }


def _place(record: KeptCase) -> tuple[str, str, str]:
    return record["model"], record["condition"], record["item_id"]


def _lacks_samples(record: KeptCase) -> bool:
    samples = record["samples"]
    if record["samples_error"] is not None or samples is None:
        return record["samples_error"] is not None
    wanted = samples.get("wanted")
    fewer = wanted is not None and len(samples["letters"]) < wanted
    return fewer and not samples.get("stopped_early")
