"""Counterexamples are made again: from what is stored, from an example, from the database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings
from hypothesis.database import InMemoryExampleDatabase

from pytest_safescale.errors import EditError
from pytest_safescale.perturb.edits.edit import Edit, SwapOptions
from pytest_safescale.perturb.relations import Observed
from pytest_safescale.perturb.search.counterexample import Counterexample, reproduce
from pytest_safescale.perturb.search.probe import Budget, Probe
from pytest_safescale.perturb.search.run_search import search
from tests.perturb.planted import (
    BARE,
    NO_DATABASE,
    NODULE,
    always,
    found,
    invariant,
    look,
    probe,
    shown,
    turning,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.perturb.edits.edit import Variant


def test_a_finding_is_stored_and_made_again() -> None:
    report = look(
        probe("outdated_guideline", scope="m"), turning(NODULE, ("withdrawn", "replaced"), "B")
    )
    counterexample = found(report)
    stored = Counterexample.from_dict(json.loads(json.dumps(counterexample.to_dict())))
    assert stored == counterexample
    variant = reproduce(stored, NODULE)
    assert (
        turning(NODULE, ("withdrawn", "replaced"), "B")([variant])[0].letter == counterexample.after
    )
    assert "withdrawn replaced" in counterexample.diff
    assert counterexample.sentence == (
        "the answer changed from A (CT in three months) to the high-risk B (No further imaging)"
    )
    with pytest.raises(EditError, match="was made for item nodule as of"):
        reproduce(stored, BARE)
    with pytest.raises(EditError, match="a counterexample cannot be read"):
        Counterexample.from_dict({"schema": 1, "edits": []})


def test_examples_given_are_tried_first_and_count_in_no_rate() -> None:
    swap: tuple[Edit, ...] = (SwapOptions(family="mine", left="B", right="D"),)

    def last_is_wrong(variants: Sequence[Variant]) -> list[Observed]:
        return [
            Observed(letter="D" if one.letters["D"] == "B" else shown(one, "A")) for one in variants
        ]

    report = look(probe("layout", examples=(swap,)), last_is_wrong, budget=Budget(variants=4))
    assert found(report).edits == swap
    assert report.tally.tried == 4
    assert report.tally.broken == 0
    off = settings(NO_DATABASE, phases=[Phase.generate, Phase.shrink])
    unaware = search(probe("layout", examples=(swap,)), last_is_wrong, hypothesis_settings=off)
    assert unaware.counterexample is None


def test_the_database_keeps_a_counterexample_for_the_next_run() -> None:
    kept = settings(database=InMemoryExampleDatabase())
    answer = turning(NODULE, ("withdrawn", "replaced"), "B")
    first = search(probe("outdated_guideline"), answer, hypothesis_settings=kept)
    # With no variant drawn at all the counterexample is there again, for one call.
    only_reuse = settings(kept, phases=[Phase.reuse])
    again = search(probe("outdated_guideline"), answer, hypothesis_settings=only_reuse)
    assert found(again).edits == found(first).edits
    assert again.calls == 1
    elsewhere = search(
        probe("outdated_guideline", scope="other"), answer, hypothesis_settings=only_reuse
    )
    assert (elsewhere.counterexample, elsewhere.calls) == (None, 0)
    mended = search(probe("outdated_guideline"), invariant(NODULE), hypothesis_settings=only_reuse)
    assert mended.counterexample is None


def test_what_is_kept_of_another_text_or_version_is_passed_over() -> None:
    answer = turning(NODULE, ("withdrawn", "replaced"), "B")
    database = InMemoryExampleDatabase()
    kept = settings(database=database, phases=[Phase.reuse])
    search(probe("layout"), always("B"), hypothesis_settings=settings(database=database))
    shown = {**vars(probe("layout")), "evidence": "Another text is shown by now."}
    other = search(Probe(**shown), always("B"), hypothesis_settings=kept)
    assert (other.counterexample, other.calls) == (None, 0)
    for key in list(database.data):
        database.save(key, b"\x00 of another version")
    assert search(probe("layout"), always("B"), hypothesis_settings=kept).calls == 1
    assert search(probe("outdated_guideline"), answer, hypothesis_settings=kept).calls == 0


def test_what_the_database_holds_is_tried_only_where_nothing_drawn_fails() -> None:
    kept = settings(database=InMemoryExampleDatabase())
    answer = turning(NODULE, ("withdrawn", "replaced"), "B")
    first = search(probe("outdated_guideline"), answer, hypothesis_settings=kept)
    again = search(probe("outdated_guideline"), answer, hypothesis_settings=kept)
    assert again == first
    # The one variant of another seed holds no such pair; the one kept does.
    few = Budget(variants=1)
    unlucky = look(probe("outdated_guideline"), answer, budget=few, seed=3)
    assert unlucky.counterexample is None
    reused = search(
        probe("outdated_guideline"), answer, budget=few, seed=3, hypothesis_settings=kept
    )
    assert found(reused).edits == found(first).edits
    assert reused.tally == unlucky.tally
