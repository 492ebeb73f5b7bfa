"""Two ways to lose a right answer: evidence misread, and reasoning drift (arXiv 2605.04039).

The third mechanism, confident errors, has ``confident_errors.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.cluster_facts import cluster_facts
from pytest_safescale.analysis.judged_cases import judge_answers, single_answers
from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.analysis.panel import NULL
from pytest_safescale.statistics.clusters import at_effective_size
from pytest_safescale.statistics.intervals import (
    SEED,
    bootstrap,
    exact_interval,
    resampled_interval,
)
from pytest_safescale.statistics.model_means import model_means
from pytest_safescale.verdicts.labels import METRIC_OF_SAFETY_FINDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.intervals import Interval

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
    ci_low: float | None
    ci_high: float | None
    ci_method: str | None
    """``clopper-pearson`` of one model; ``None`` where there is no interval."""
    ci_reason: str | None = None
    """Why there is none."""
    bootstrap_low: float | None
    bootstrap_high: float | None
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
                exact = exact_interval(*_effective(panel, turned[place], turns.both[place]))
                yield Turned(
                    **names,
                    model=model,
                    items=own,
                    n=int(n[place]),
                    count=int(count[place]),
                    share=share,
                    **_ends(exact, found.ends(place)),
                )
        if (n > 0).sum() > 1:
            points, over_models = model_means(
                turned[None], turns.both[None], codes=panel.clusters, seed=seed
            )
            ends = over_models.ends(0)
            known = zip(turned[n > 0], turns.both[n > 0], strict=True)
            fewest = min(int(_effective(panel, *of_model)[1]) for of_model in known)
            interval = resampled_interval(*ends, cases=fewest, range_=(0.0, 1.0))
            yield Turned(
                **names,
                model=MEAN_OVER_MODELS,
                items=tuple(items),
                n=int(turns.both.any(axis=0).sum()),
                count=int(count.sum()),
                share=float(points[0]),
                **_ends(interval, ends),
            )


def _effective(
    panel: Panel, turned: NDArray[np.bool_], both: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return count and cases of a model, as many as independent ones would be; both (items,)."""
    count, n = int(turned.sum()), int(both.sum())
    if panel.clusters is None:
        return count, n
    return at_effective_size(count, n, cluster_facts(turned, both, panel.clusters).effective_n)


def _ends(interval: Interval, resampled: tuple[float | None, float | None]) -> dict[str, Any]:
    """Return the fields of an interval and of the bootstrap beside it."""
    return {
        "ci_low": interval.low,
        "ci_high": interval.high,
        "ci_method": interval.method,
        "ci_reason": interval.reason,
        "bootstrap_low": resampled[0],
        "bootstrap_high": resampled[1],
    }


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
