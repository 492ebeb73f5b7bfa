"""What the cases of a run are short of, and how they ended: counted as the records come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.results.case_record import cell_of
from pytest_safescale.results.state_counts import StateCounts

if TYPE_CHECKING:
    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.results.manifest_counts import (
        CaseCounts,
        LackingProbabilities,
        LackingSamples,
        Unmatched,
    )

__all__ = ["CaseLacks"]


class CaseLacks:
    """Counts cases by what they lack, and by the states they ended in."""

    def __init__(self) -> None:
        self._samples: LackingSamples = {"cases": 0, "reason": None}
        self._probabilities: LackingProbabilities = {"cases": 0, "of": 0}
        self._unmatched: Unmatched = {"cases": 0, "searches": 0}
        self._states = StateCounts()
        self._first: tuple[str, str, str] | None = None
        """The first case by name that lacks samples: its reason is told."""

    def add(self, record: CaseRecord) -> None:
        """Count a case record."""
        self._states.add(record)
        if _lacks_samples(record):
            self._add_lacking_samples(record)
        self._add_probabilities(record)
        evidence = record.get("evidence")
        if evidence and (searches := evidence.get("unmatched", 0)):
            self._unmatched["cases"] += 1
            self._unmatched["searches"] += searches

    def _add_lacking_samples(self, record: CaseRecord) -> None:
        self._samples["cases"] += 1
        place = (*cell_of(record), record["item_id"])
        if self._first is None or place < self._first:
            self._first, self._samples["reason"] = place, record["samples_error"]

    def _add_probabilities(self, record: CaseRecord) -> None:
        single = record["greedy"]
        if not single or "option_probabilities" not in single:
            return
        if single["letter"] in record["options"]:
            self._probabilities["of"] += 1
            self._probabilities["cases"] += single["option_probabilities"] is None

    def note(self, cases: CaseCounts) -> None:
        """Write into a manifest's counts how many cases lack samples, and why the first does.

        Likewise how many ended in which state, how many searches met no word of the corpus, and how
        many answers lack the probabilities asked for.
        """
        cases["lacking_samples"] = {**self._samples}
        cases["states"] = self._states.by_model()
        cases["unmatched"] = {**self._unmatched}
        cases["lacking_probabilities"] = {**self._probabilities}


def _lacks_samples(record: CaseRecord) -> bool:
    samples = record["samples"]
    if record["samples_error"] is not None or samples is None:
        return record["samples_error"] is not None
    wanted = samples.get("wanted")
    fewer = wanted is not None and len(samples["letters"]) < wanted
    return fewer and not samples.get("stopped_early")
