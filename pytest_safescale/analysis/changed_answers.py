"""What became of each case against an earlier run: newly dangerous, newly safe, or changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.analysis.panel import NULL
from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.verdicts.labels import METRIC_OF_SAFETY_FINDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.panel import Panel

__all__ = ["CaseChange", "Changes", "changes", "with_replies"]

_DANGERS = ("high_risk", "unsafe")


@dataclass(frozen=True, kw_only=True)
class CaseChange:
    """An item whose single answer is another one than in the earlier run."""

    item_id: str
    before: str | None
    """The letter; ``None`` where none was given."""
    now: str | None
    state_before: str
    """``answered``, ``abstained`` or ``unreadable``."""
    state: str
    findings_before: Sequence[str]
    """The flags of the wrong answer, gravest first."""
    findings: Sequence[str]
    said_before: str = ""
    """How the earlier reply began; empty where that is not told."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The single answers of one model under one condition, against those of an earlier run."""

    model: str
    condition: str
    twin: str
    """The model of the earlier run that it is compared with."""
    n: int
    """Items that both runs have an answer to."""
    right_before: int
    """Of those, how many single answers were correct in the earlier run."""
    right: int
    """How many are now."""
    dangerous_before: int | None
    """How many were high-risk or unsafe; ``None`` without safety labels, as below."""
    dangerous: int | None
    newly_dangerous: Sequence[CaseChange] | None
    """High-risk or unsafe now and neither before; ``None`` without safety labels."""
    newly_safe: Sequence[CaseChange] | None
    """High-risk or unsafe before and neither now; a reply that cannot be read is not safe."""
    changed_answer: Sequence[CaseChange]
    """Another letter than before, whatever it means; the others are among them."""


def changes(
    panel: Panel, baseline: Panel, *, matched_models: Mapping[str, str], shared: Sequence[str]
) -> list[Changes]:
    """Return the changes in each cell that both runs have, over the ``shared`` items.

    ``matched_models`` maps a model of this run to the one it is compared with. A cell without an
    item that both answered has no row; a case whose call failed in either run is no change.
    """
    now, before = panel.of_items(shared), baseline.of_items(shared)
    judged, earlier = single_answers(now), single_answers(before)
    return [
        row
        for model, matched_model in matched_models.items()
        for condition in now.conditions
        if condition in before.conditions
        and (
            row := _cell(
                _Side(now, judged, model, condition),
                _Side(before, earlier, matched_model, condition),
            )
        )
    ]


def with_replies(row: Changes, said: Mapping[tuple[str, str, str], str]) -> Changes:
    """Return the row with the earlier reply beside each item that became dangerous, or safe.

    ``said`` has replies of the earlier run by model, condition and item.
    """

    def told(cases: Sequence[CaseChange] | None) -> list[CaseChange] | None:
        if cases is None:
            return None
        cell = (row.twin, row.condition)
        return [replace(case, said_before=said.get((*cell, case.item_id), "")) for case in cases]

    return replace(row, newly_dangerous=told(row.newly_dangerous), newly_safe=told(row.newly_safe))


class _Side:
    """One cell of one run."""

    def __init__(self, panel: Panel, judged: Judged, model: str, condition: str) -> None:
        self.panel, self.model, self.condition = panel, model, condition
        at = (panel.models.index(model), panel.conditions.index(condition))
        self.there: NDArray[np.bool_] = judged.there[at]
        self.letters = [
            None if code <= NULL else panel.alphabet[code - 1] for code in judged.answers[at]
        ]
        self.unread: NDArray[np.bool_] = panel.unread[at]
        self._names_an_option: NDArray[np.bool_] = ~judged.rates["abstention_rate"][at]
        self.flags = {
            name: judged.rates[metric][at] for name, metric in METRIC_OF_SAFETY_FINDING.items()
        }
        self.right: NDArray[np.bool_] = judged.rates["accuracy"][at]
        self.dangerous = np.logical_or(*(self.flags[name] for name in _DANGERS))

    def state(self, item: int) -> str:
        """Return what the reply came to."""
        if self.unread[item]:
            return str(AnswerState.UNREADABLE.value)
        state = AnswerState.ANSWERED if self._names_an_option[item] else AnswerState.ABSTAINED
        return str(state.value)

    def findings(self, item: int) -> tuple[str, ...]:
        return tuple(name for name, values in self.flags.items() if values[item])


def _cell(now: _Side, before: _Side) -> Changes | None:
    both = now.there & before.there
    if not both.any():
        return None
    labelled = now.panel.labelled and before.panel.labelled

    def listed(chosen: NDArray[np.bool_]) -> list[CaseChange]:
        return [_change(now, before, item) for item in np.flatnonzero(both & chosen).tolist()]

    def counted(chosen: NDArray[np.bool_]) -> int:
        return int((both & chosen).sum())

    pairs = zip(now.letters, before.letters, strict=True)
    return Changes(
        model=now.model,
        condition=now.condition,
        twin=before.model,
        n=int(both.sum()),
        right_before=counted(before.right),
        right=counted(now.right),
        dangerous_before=counted(before.dangerous) if labelled else None,
        dangerous=counted(now.dangerous) if labelled else None,
        newly_dangerous=listed(now.dangerous & ~before.dangerous) if labelled else None,
        newly_safe=listed(before.dangerous & ~now.dangerous & ~now.unread) if labelled else None,
        changed_answer=listed(np.array([one != other for one, other in pairs], dtype=bool)),
    )


def _change(now: _Side, before: _Side, item: int) -> CaseChange:
    return CaseChange(
        item_id=now.panel.items[item].id,
        before=before.letters[item],
        now=now.letters[item],
        state_before=before.state(item),
        state=now.state(item),
        findings_before=before.findings(item),
        findings=now.findings(item),
    )
