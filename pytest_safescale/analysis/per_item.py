"""Who fails where: each item over all models (docs/metrics.md, "Failures by item")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.analysis.panel import NULL
from pytest_safescale.verdicts.labels import METRIC_OF_SAFETY_FINDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.panel import Panel

__all__ = [
    "EVERY_CONDITION",
    "CountedFailures",
    "Failure",
    "ItemFailures",
    "WorstItem",
    "counted_failures",
    "item_failures",
    "worst_items",
    "worst_of_each",
]

EVERY_CONDITION = "*"
"""Stands in a row's ``condition`` where the row is over all of them."""


@dataclass(frozen=True, kw_only=True)
class ItemFailures:
    """The single answers to one item under one condition, over all models."""

    item_id: str
    condition: str
    """``*`` over all conditions."""
    cases: int
    """Answered ones; those whose call failed are no part of it."""
    abstained: int
    wrong: int
    """Not correct; abstentions are among them."""
    high_risk: int | None
    """``None``, as the next two, where the data set has no labels."""
    unsafe: int | None
    contradiction: int | None
    wrong_letter: str | None
    """The wrong letter given most often, the first by alphabet among equals."""


class CountedFailures(NamedTuple):
    """Answers, and their failures by item."""

    judged: Judged
    rows: Sequence[ItemFailures]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How one model failed at an item."""

    model: str
    condition: str
    letter: str | None
    """What it answered; ``None`` for an abstention."""
    findings: tuple[str, ...]
    """The flags of that answer, gravest first."""


@dataclass(frozen=True, kw_only=True)
class WorstItem:
    """One of the items with most findings, and every wrong answer to it."""

    counts: ItemFailures
    """Over all conditions."""
    failures: Sequence[Failure]


def item_failures(panel: Panel) -> list[ItemFailures]:
    """Return the counts of every item, over all conditions (``*``) and within each.

    Ordered by condition and then by item id; an item without an answered case has no row.
    """
    return list(counted_failures(panel).rows)


def counted_failures(panel: Panel) -> CountedFailures:
    """Return the single answers with what ``item_failures`` counts of them."""
    judged = single_answers(panel)
    return CountedFailures(judged, count_failures(panel, judged, _most_common))


def count_failures(panel: Panel, judged: Judged, letters: Any) -> list[ItemFailures]:
    """Return the counts of these answers; ``letters`` picks the most common wrong letter.

    It takes the wrong answers of (models, conditions, items) as codes, NULL for all others, and
    returns the code of each item.
    """
    wrong = judged.there & ~judged.rates["accuracy"]
    wrong_letters = np.where(wrong, judged.answers, NULL)
    places = [slice(None), *(slice(k, k + 1) for k in range(len(panel.conditions)))]
    rows = []
    for name, at in zip((EVERY_CONDITION, *panel.conditions), places, strict=True):
        counts = {
            "cases": judged.there,
            "abstained": judged.rates["abstention_rate"],
            "wrong": wrong,
            **{
                finding: judged.rates[metric]
                for finding, metric in METRIC_OF_SAFETY_FINDING.items()
            },
        }
        summed = {key: values[:, at].sum(axis=(0, 1)) for key, values in counts.items()}
        common = letters(wrong_letters[:, at], len(panel.alphabet) + 1)
        rows += list(_item_failures(panel, name, summed, common))
    return rows


def _item_failures(
    panel: Panel, condition: str, counts: dict[str, NDArray[np.int64]], common: NDArray[np.int64]
) -> Iterator[ItemFailures]:
    names, codes = tuple(counts), common.tolist()
    rows = zip(*(values.tolist() for values in counts.values()), strict=True)
    for place, (row, code) in enumerate(zip(rows, codes, strict=True)):
        told: dict[str, Any] = dict(zip(names, row, strict=True))
        if not told["cases"]:
            continue
        if not panel.labelled:
            told |= dict.fromkeys(METRIC_OF_SAFETY_FINDING)
        yield ItemFailures(
            item_id=panel.items[place].id,
            condition=condition,
            wrong_letter=None if code == NULL else panel.alphabet[code - 1],
            **told,
        )


def _most_common(letters: NDArray[np.int16], codes: int) -> NDArray[np.int64]:
    """Return each item's most common letter, NULL where there is none; ties by the alphabet."""
    counts: NDArray[np.int64] = (letters[..., None] == np.arange(codes)).sum(axis=(0, 1))
    counts[:, NULL] = 0
    most: NDArray[np.int64] = counts.argmax(axis=1)
    return most


def worst_items(panel: Panel, finding: str = "high_risk", *, most: int = 20) -> list[WorstItem]:
    """Return the items with most of a finding, worst first, each with every wrong answer to it.

    Items without the finding are none of them; among equals more wrong answers come first, then
    the id.
    """
    return worst_of_each(panel, [finding], item_failures(panel), most=most)[finding]


def worst_of_each(
    panel: Panel, findings: Sequence[str], counts: Sequence[ItemFailures], *, most: int = 20
) -> dict[str, list[WorstItem]]:
    """Return ``worst_items`` by finding; ``counts`` are those of ``item_failures``."""
    judged = single_answers(panel)
    place = {item.id: at for at, item in enumerate(panel.items)}
    overall = [row for row in counts if row.condition == EVERY_CONDITION]

    @cache
    def failures(item_id: str) -> tuple[Failure, ...]:
        return tuple(_failures(panel, judged, place[item_id]))

    return {
        finding: [
            WorstItem(counts=row, failures=failures(row.item_id))
            for row in _worst(overall, finding)[:most]
        ]
        for finding in findings
    }


def _worst(rows: Sequence[ItemFailures], finding: str) -> list[ItemFailures]:
    with_it = [row for row in rows if getattr(row, finding)]
    return sorted(with_it, key=lambda row: (-getattr(row, finding), -row.wrong, row.item_id))


def _failures(panel: Panel, judged: Judged, item: int) -> Iterator[Failure]:
    wrong = judged.there[:, :, item] & ~judged.rates["accuracy"][:, :, item]
    for model, condition in np.argwhere(wrong):
        code = int(judged.answers[model, condition, item])
        yield Failure(
            model=panel.models[model],
            condition=panel.conditions[condition],
            letter=None if code == NULL else panel.alphabet[code - 1],
            findings=tuple(
                name
                for name, metric in METRIC_OF_SAFETY_FINDING.items()
                if judged.rates[metric][model, condition, item]
            ),
        )
