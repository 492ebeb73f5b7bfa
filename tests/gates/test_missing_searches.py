"""Searches that lack variants, or were not made: what a gate says holds whatever they had shown.

By relation an item has the letter of its own answer and then those of its variants. ``!`` is a call
that failed, ``?`` a reply that nobody can read, and an empty word a search that was not made.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import given, note
from hypothesis import strategies as st

from pytest_safescale.analysis.robustness import robustness_metrics
from pytest_safescale.analysis.searched_items import Searches
from tests.gates import oracle
from tests.gates.cases import judged, make_inputs
from tests.gates.test_completions import MOST, SURE, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Item = tuple[str, ...]
    """A word a relation."""

RELATIONS = ("first", "second")
VARIANTS = 2
ANSWERS = "ABC-"
WHOLE = ["".join(letters) for letters in product(ANSWERS, repeat=VARIANTS)]
CELL = {"model": "m", "condition": "c"}


def items() -> st.SearchStrategy[list[Item]]:
    made = st.tuples(
        st.sampled_from("AABB?"), *[st.text("AAB-?!", min_size=VARIANTS, max_size=VARIANTS)] * 2
    ).map(lambda parts: tuple(parts[0] + variants for variants in parts[1:]))
    lacking = made.map(lambda words: (words[0], ""))
    failed = st.just(("!", "!"))
    return st.lists(st.one_of(made, made, made, lacking, failed), min_size=1, max_size=3)


def record(item: str, relation: str, word: str) -> Any:
    """Return the line of robustness.jsonl of one search."""
    failed = word[0] == "!"
    own, marks = _letter(word[0]), [mark for mark in word[1:] if mark != "!"]
    unread = [word[0] == "?" or mark == "?" for mark in marks]
    letters = [_letter(mark) for mark in marks]
    events = {
        "flips": [letter != own for letter in letters],
        "high_risk_flips": [letter == "B" != own for letter in letters],
    }
    return {
        **CELL,
        "item_id": item,
        "relation": relation,
        "keeps_meaning": True,
        "instructs": False,
        "tried": len(marks),
        "errors": len(word) - 1 - len(marks),
        "followed": None,
        "lack": "not_answered" if failed else None,
        "error": "no reply" if failed else None,
        **{name: sum(found) for name, found in events.items()},
        "own_high_risk": None if failed else own == "B",
        "own_unread": word[0] == "?",
        "unread": sum(unread),
        **{
            f"unread_{name}": sum(a and b for a, b in zip(found, unread, strict=True))
            for name, found in events.items()
        },
    }


def _letter(mark: str) -> str | None:
    return None if mark in "-?" else mark


def completions(found: Sequence[Item]) -> Iterable[Sequence[Item]]:
    """Give ways in which what is missing could have come; all, or many at random."""
    choices = [_ways(words) for words in found]
    if prod(map(len, choices)) <= MOST:
        return product(*choices)
    random = Random(1)
    return [[random.choice(ways) for ways in choices] for _ in range(MOST)]


def _ways(words: Item) -> list[Item]:
    own = next((word[0] for word in words if word), "?")
    return [
        tuple(first + variants for variants in rest)
        for first in (ANSWERS if own in "?!" else own)
        for rest in product(*[_variants(word) for word in words])
    ]


def _variants(word: str) -> list[str]:
    if len(word) <= 1:
        return WHOLE
    places = [ANSWERS if mark in "?!" else mark for mark in word[1:]]
    return ["".join(letters) for letters in product(*places)]


def counts(metric: str, words: Item) -> bool:
    """Say whether an item that lacks nothing is an event."""
    if metric == "flip_rate":
        return any(mark != word[0] for word in words for mark in word[1:])
    if metric == "worst_case_high_risk_rate":
        return any("B" in word for word in words)
    return any(mark == "B" != word[0] for word in words for mark in word[1:])


@given(
    found=items(),
    family=st.sampled_from(["", *RELATIONS]),
    gate=tables(
        "max",
        "min",
        metric=st.sampled_from(["flip_rate", "high_risk_flip_rate", "worst_case_high_risk_rate"]),
        confidence=SURE,
    ),
)
def test_rates_over_searches(found: list[Item], family: str, gate: dict[str, Any]) -> None:
    names = [f"i{place}" for place in range(len(found))]
    records = [
        record(name, relation, word)
        for name, words in zip(names, found, strict=True)
        for relation, word in zip(RELATIONS, words, strict=True)
        if word
    ]
    inputs = replace(
        make_inputs({"c": ["A"] * len(found)}),
        metrics=robustness_metrics(records),
        searches=Searches(records=records, relations=RELATIONS, cases={("m", "c"): names}),
    )
    (result,) = judged(inputs, {**gate, **({"family": family} if family else {})})
    note(result.sentence)
    if result.decision.value == "inconclusive":
        return
    chosen = [RELATIONS.index(family)] if family else range(len(RELATIONS))
    for way in completions(found):
        parts = [tuple(words[at] for at in chosen) for words in way]
        count = sum(counts(gate["metric"], words) for words in parts)
        assert oracle.of_rate(gate, count, len(way)) == result.decision.value, way


PAIRS = st.lists(
    st.tuples(st.sampled_from("AAB?!"), st.text("AAB-?!", min_size=2, max_size=2)).map("".join),
    min_size=1,
    max_size=3,
)
"""An item's own answer, that to its one variant, and that to its one repeat."""


def control(item: str, word: str) -> Any:
    """Return the line of an item that was asked again once."""
    made = record(item, "repeat", word[0] + word[2])
    counts = {name: made[name] for name in ("tried", "errors", "flips", "unread", "unread_flips")}
    return {**made, "keeps_meaning": False, "repeats": {"first": counts}}


@given(words=PAIRS, asked_again=st.booleans(), limit=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]))
def test_excess_of_flips_over_repeats(words: list[str], asked_again: bool, limit: float) -> None:
    names = [f"i{place}" for place in range(len(words))]
    pairs = list(zip(names, words, strict=True))
    records = [record(name, "first", word[:2]) for name, word in pairs]
    records += [control(name, word) for name, word in pairs[: None if asked_again else 1]]
    inputs = replace(
        make_inputs({"c": ["A"] * len(words)}),
        metrics=robustness_metrics(records),
        searches=Searches(
            records=records, relations=["first", "repeat"], cases={("m", "c"): names}
        ),
    )
    table = {"metric": "excess_flip_rate", "max": limit, "max_error_rate": 1.0}
    (result,) = judged(inputs, table)
    note(result.sentence)
    if result.decision.value == "inconclusive":
        return
    known = [word if asked_again or not at else f"{word[:2]}?" for at, word in enumerate(words)]
    places = [[ANSWERS if mark in "?!" else mark for mark in word] for word in known]
    for way in product(*[list(product(*marks)) for marks in places]):
        excess = sum((edit != own) - (repeat != own) for own, edit, repeat in way) / len(way)
        assert (excess <= limit) == (result.decision.value == "passed"), way
