"""Two ways to lose a right answer: evidence misread, and reasoning drift (arXiv 2605.04039).

The third mechanism, confident errors, has ``confident_errors.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.judged_cases import judge_answers, single_answers
from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.analysis.panel import NULL
from pytest_safescale.statistics.intervals import BOOTSTRAP, SEED, bootstrap
from pytest_safescale.statistics.model_means import model_means
from pytest_safescale.verdicts.labels import METRIC_OF_SAFETY_FINDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.intervals import Resampled

__all__ = ["EVIDENCE", "Turned", "TurnedItem", "evidence_misread", "reasoning_drift"]

EVIDENCE = ("closed_book", "clean_evidence")
"""The conditions before and after the evidence."""


@dataclass(frozen=True, kw_only=True)
class TurnedItem:
    """An item whose answer turned from right to wrong, or from wrong to right."""

    model: str
    item_id: str
    before: str | None
    """The answer first given; ``None`` for one without a letter."""
    after: str | None
    """The answer given in the end."""
    findings: tuple[str, ...]
    """The flags of the answer given in the end, gravest first."""


@dataclass(frozen=True, kw_only=True)
class Turned:
    """How often answers turned, in one model or (``*``) on average over models."""

    mechanism: str
    """``evidence_misread`` or ``reasoning_drift``."""
    direction: str
    """``lost``: right before and wrong after; ``gained``: wrong before and right after."""
    model: str
    condition: str
    """Where the answer after was given."""
    n: int
    """Items with both answers; over all models, items any model has."""
    count: int
    """Items that turned; over all models, cases."""
    share: float
    ci_low: float
    ci_high: float
    ci_method: str = BOOTSTRAP
    items: tuple[TurnedItem, ...]
    """Ordered by model and item."""


@dataclass(frozen=True, kw_only=True)
class _Turns:
    """Two answers per case as codes, all (models, items); where they are not both, NULL."""

    mechanism: str
    condition: str
    both: NDArray[np.bool_]
    turned: dict[str, tuple[NDArray[np.bool_], NDArray[np.int16]]]
    """By direction: which cases turned, and the answers before."""
    after: NDArray[np.int16]


def evidence_misread(panel: Panel, *, seed: int = SEED) -> list[Turned]:
    """Return what clean evidence turned against the closed book, per model and on average.

    Over the items a model answered under both; an abstention is wrong, as everywhere. Empty where
    the panel lacks one of the two conditions.
    """
    if not set(EVIDENCE) <= set(panel.conditions):
        return []
    judged = single_answers(panel)
    before, after = (panel.conditions.index(name) for name in EVIDENCE)
    both = judged.there[:, before] & judged.there[:, after]
    correct = judged.rates["accuracy"]
    first = judged.answers[:, before]
    turns = _Turns(
        mechanism="evidence_misread",
        condition=EVIDENCE[1],
        both=both,
        turned={
            "lost": (both & correct[:, before] & ~correct[:, after], first),
            "gained": (both & ~correct[:, before] & correct[:, after], first),
        },
        after=judged.answers[:, after],
    )
    return list(_turned_shares(panel, turns, seed))


def reasoning_drift(panel: Panel, *, seed: int = SEED) -> list[Turned]:
    """Return what an agent's own steps turned, per condition, per model and on average.

    Over the cases with a final answer and an earlier step that leans to a letter. Lost: some
    earlier step leans to the right letter and the answer is wrong; gained: some earlier step leans
    to a wrong letter and the answer is right. The letter told is the last such step's.
    """
    judged = single_answers(panel)
    spoken = panel.steps > NULL
    right = spoken & (panel.steps == panel.truth[:, None])
    answered = judged.there & spoken.any(axis=-1)
    correct = judged.rates["accuracy"]
    return [
        row
        for at, condition in enumerate(panel.conditions)
        if answered[:, at].any()
        for row in _turned_shares(
            panel,
            _Turns(
                mechanism="reasoning_drift",
                condition=condition,
                both=answered[:, at],
                turned={
                    "lost": _drifted(panel, at, right, answered & ~correct),
                    "gained": _drifted(panel, at, spoken & ~right, answered & correct),
                },
                after=judged.answers[:, at],
            ),
            seed,
        )
    ]


def _drifted(
    panel: Panel, condition: int, leaning: NDArray[np.bool_], ended: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.int16]]:
    """Return where some step leans so and the case ended so, and the last such step's letter."""
    steps, leaning = panel.steps[:, condition], leaning[:, condition]
    last = steps.shape[-1] - 1 - leaning[..., ::-1].argmax(axis=-1)
    letters = np.take_along_axis(steps, last[..., None], axis=-1)[..., 0]
    return leaning.any(axis=-1) & ended[:, condition], np.maximum(letters, NULL)


def _turned_shares(panel: Panel, turns: _Turns, seed: int) -> Iterator[Turned]:
    for direction, (turned, before) in turns.turned.items():
        items = list(_items(panel, turns, turned, before))
        found = bootstrap(turned, turns.both, codes=panel.clusters, seed=seed)
        n, count = turns.both.sum(axis=1), turned.sum(axis=1)
        names: dict[str, Any] = {
            "mechanism": turns.mechanism,
            "direction": direction,
            "condition": turns.condition,
        }
        for place, model in enumerate(panel.models):
            if n[place]:
                own = tuple(item for item in items if item.model == model)
                share = int(count[place]) / int(n[place])
                figures = _figures(int(n[place]), int(count[place]), share, found, place)
                yield Turned(**names, model=model, items=own, **figures)
        if (n > 0).sum() > 1:
            points, over_models = model_means(
                turned[None], turns.both[None], codes=panel.clusters, seed=seed
            )
            shared = int(turns.both.any(axis=0).sum())
            figures = _figures(shared, int(count.sum()), float(points[0]), over_models, 0)
            yield Turned(**names, model=MEAN_OVER_MODELS, items=tuple(items), **figures)


def _figures(n: int, count: int, share: float, found: Resampled, place: int) -> dict[str, Any]:
    low, high = float(found.low[place]), float(found.high[place])
    return {"n": n, "count": count, "share": share, "ci_low": low, "ci_high": high}


def _items(
    panel: Panel, turns: _Turns, turned: NDArray[np.bool_], before: NDArray[np.int16]
) -> Iterator[TurnedItem]:
    judged = judge_answers(panel, turns.after, there=turns.both, asked=turns.both)
    for model, item in np.argwhere(turned):
        yield TurnedItem(
            model=panel.models[model],
            item_id=panel.items[item].id,
            before=_letter(panel, int(before[model, item])),
            after=_letter(panel, int(turns.after[model, item])),
            findings=tuple(
                name
                for name, rate in METRIC_OF_SAFETY_FINDING.items()
                if judged.rates[rate][model, item]
            ),
        )


def _letter(panel: Panel, code: int) -> str | None:
    return None if code == NULL else panel.alphabet[code - 1]
