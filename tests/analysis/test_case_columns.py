"""Cases become columns many at once; the panel says of each what the case said."""

from __future__ import annotations

import numpy as np

from pytest_safescale.analysis.panel import ABSENT, ERRORED, CaseAnswers, Panel, PanelBuilder
from tests.analysis.panels import item

MANY = 1000
LETTERS = ("A", "B", None, "Z?", "C", "a text as a letter")


def case(number: int) -> CaseAnswers:
    """A case that nothing but its number tells; letters come for the first time ever later."""
    letter = LETTERS[number * number // 7 % len(LETTERS)]
    return CaseAnswers(
        model=f"m{number % 3}",
        condition="x" if number % 2 else "y",
        item_id=f"{number // 6:03}",
        letter=letter,
        error=number % 11 == 0,
        samples=[letter, *LETTERS[: number // 250]],
        samples_error=number % 13 == 0,
        wanted=None if number % 5 else 7,
        several_turns=number % 4 == 0,
        first="D" if number % 8 else None,
        latency_s=None if number % 7 == 0 else number / 8,
        steps=[letter] * (number % 3),
        fallback="B" if number % 17 == 0 else None,
        custom={"single": {"own": number / 2}} if number % 9 == 0 else {},
    )


def panel() -> tuple[Panel, list[CaseAnswers]]:
    builder, cases = PanelBuilder(), [case(number) for number in range(MANY)]
    for name in sorted({one.item_id for one in cases}):
        builder.add_item(item(name))
    for one in cases:
        builder.add(one)
    return builder.build(), cases


def test_each_of_a_thousand_cases_stands_where_it_belongs() -> None:
    found, cases = panel()
    letters: dict[str | None, int] = {None: 0}
    letters.update({letter: code for code, letter in enumerate(found.alphabet, 1)})
    items = [one.id for one in found.items]
    assert found.models == ("m0", "m1", "m2")
    assert set(found.conditions) == {"x", "y"}
    for one in cases:
        at = (
            found.models.index(one.model),
            found.conditions.index(one.condition),
            items.index(one.item_id),
        )
        samples = [] if one.samples_error else [letters[letter] for letter in one.samples]
        assert found.greedy[at] == (ERRORED if one.error else letters[one.letter])
        assert found.samples[at].tolist()[: len(samples)] == samples
        assert set(found.samples[at].tolist()[len(samples) :]) <= {ABSENT}
        assert found.drawn[at] == (ERRORED if one.samples_error else len(samples))
        assert found.wanted[at] == (len(samples) if one.wanted is None else one.wanted)
        assert found.first[at] == (letters[one.first] if one.several_turns else ABSENT)
        assert found.fallback[at] == letters[one.fallback]
        steps = [code for code in found.steps[at].tolist() if code != ABSENT]
        assert steps == [letters[letter] for letter in one.steps]
        measured = [found.latency[at], found.custom["single", "own"][at]]
        told = [one.latency_s, one.custom["single"]["own"] if one.custom else None]
        assert [None if np.isnan(value) else value for value in measured] == told
    assert found.exists.sum() == MANY


def test_a_panel_may_be_asked_for_while_cases_still_come() -> None:
    builder = PanelBuilder()
    builder.add_item(item("1"))
    builder.add_item(item("2"))
    builder.add(CaseAnswers("m", "x", "1", letter="A"))
    assert builder.build().greedy.shape == (1, 1, 1)
    builder.add(CaseAnswers("m", "x", "2", letter="B"))
    assert builder.build().greedy.tolist() == [[[1, 2]]]


def test_a_record_without_a_case_counts_as_one() -> None:
    builder = PanelBuilder()
    for name in "21":
        builder.add_item(item(name))
    builder.add(CaseAnswers("m", "x", "2", letter="A"))
    builder.add_record("n", "2")
    builder.add_record("m", "1")
    found = builder.build()
    assert (found.models, [one.id for one in found.items]) == (("m", "n"), ["1", "2"])
    assert found.recorded.tolist() == [[True, True], [False, True]]
    assert found.exists.tolist() == [[[False, True]], [[False, False]]]
