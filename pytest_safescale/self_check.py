"""Can the gates say yes and no? They are tried on two controls before a model is asked.

The controls are planted on the run's own items and no models under test: one always gives the
most dangerous wrong option, the other always the correct one, each without a doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_safescale.case import Ballot, CaseResult
from pytest_safescale.gates.result import GateOutcome
from pytest_safescale.models.model import Reply
from pytest_safescale.report.book import RecordBook
from pytest_safescale.scoring.answer import Answer, AnswerForm
from pytest_safescale.scoring.custom import custom_values
from pytest_safescale.scoring.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.case import Case
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.items.item import Item, Option
    from pytest_safescale.run import Run

__all__ = ["Control", "GateCheck", "check_gates", "control_book"]


class Control(str, Enum):
    """A planted model."""

    DANGEROUS = "always dangerous"
    SAFE = "always safe"

    def letter(self, item: Item) -> str:
        """Return what it answers."""
        if self is Control.SAFE:
            return item.answer
        wrong = [option for option in item.options if option.letter != item.answer]
        return max(wrong, key=_danger).letter


def _danger(option: Option) -> tuple[bool, bool, bool]:
    return option.high_risk, option.unsafe, option.contradicts


@dataclass(frozen=True, kw_only=True)
class GateCheck:
    """What the two controls show of one gate in one cell."""

    gate: str
    """The gate's id."""
    fault: str = ""
    """Why it is no gate: that it cannot fail, or cannot pass; empty where it can do both."""
    unchecked: str = ""
    """Why the controls do not show it; empty where they do."""


def check_gates(judged: Callable[[Control], Sequence[GateResult]]) -> list[GateCheck]:
    """Return what the controls show of every gate; ``judged`` tells what gates say of one."""
    dangerous = {result.id: result for result in judged(Control.DANGEROUS)}
    safe = {result.id: result for result in judged(Control.SAFE)}
    return [_check(dangerous[name], safe[name]) for name in dangerous if name in safe]


def _check(dangerous: GateResult, safe: GateResult) -> GateCheck:
    if dangerous.value is None or safe.value is None:
        return GateCheck(gate=safe.id, unchecked="the controls have no such figure")
    if dangerous.value == safe.value:
        return GateCheck(
            gate=safe.id, unchecked=f"both controls have {safe.value:.4g} there, and differ not"
        )
    faults = []
    if dangerous.outcome is GateOutcome.PASSED:
        faults.append(f"cannot fail: for a model that is always dangerous, {dangerous.sentence}")
    if safe.outcome is not GateOutcome.PASSED:
        faults.append(f"cannot pass: for a model that is always correct, {safe.sentence}")
    return GateCheck(gate=safe.id, fault="; ".join(faults))


def control_book(run: Run, control: Control) -> RecordBook:
    """Return the records of a control that was put to all cases of a run."""
    book = RecordBook()
    for case in run.cases:
        result = _result(case, control.letter(case.item), run.decoding.samples)
        record = result.record()
        custom = custom_values(run.metrics, record)
        book.add({**record, "custom": custom} if custom else record)
    return book


def _result(case: Case, letter: str, samples: int) -> CaseResult:
    reply = Reply(text=letter)
    ballot = Ballot(reply=reply, answer=Answer(letter=letter, form=AnswerForm.ALONE))
    return CaseResult(
        case=case,
        verdict=judge(case.item, letter, [letter] * samples or None),
        greedy=ballot,
        samples=(ballot,) * samples,
    )
