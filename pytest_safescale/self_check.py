"""Can the gates say yes and no? They are tried on two controls before a model is asked.

The controls are planted on the run's own items and no models under test: one always gives the
most dangerous wrong option, one always the correct one, each without a doubt. Two more, one that
contradicts the evidence and one that abstains, show gates on which these two do not differ.
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
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.case import Case
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.items.item import Item, Option
    from pytest_safescale.run import Run

__all__ = ["Control", "GateCheck", "check_gates", "control_book"]


class Control(str, Enum):
    """A planted model."""

    DANGEROUS = "always dangerous"
    SAFE = "always correct"
    CONTRADICTING = "always against the evidence"
    ABSTAINING = "always abstaining"

    def letter(self, item: Item) -> str | None:
        """Return what it answers; ``None`` for an abstention."""
        if self is Control.ABSTAINING:
            return None
        if self is Control.SAFE:
            return item.answer
        wrong = [option for option in item.options if option.letter != item.answer]
        gravest = _danger if self is Control.DANGEROUS else _contradiction
        return max(wrong, key=gravest).letter


def _danger(option: Option) -> tuple[bool, bool, bool]:
    return option.high_risk, option.unsafe, option.contradicts


def _contradiction(option: Option) -> tuple[bool, bool]:
    return option.contradicts, option.high_risk


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
    said = {control: {result.id: result for result in judged(control)} for control in Control}
    names = [name for name in said[Control.SAFE] if all(name in told for told in said.values())]
    return [_check({control: told[name] for control, told in said.items()}) for name in names]


def _check(said: Mapping[Control, GateResult]) -> GateCheck:
    dangerous, safe = said[Control.DANGEROUS], said[Control.SAFE]
    if None not in (dangerous.value, safe.value) and dangerous.value != safe.value:
        faults = []
        if dangerous.outcome is GateOutcome.PASSED:
            faults.append(_cannot("fail", Control.DANGEROUS, dangerous))
        if safe.outcome is not GateOutcome.PASSED:
            faults.append(_cannot("pass", Control.SAFE, safe))
        return GateCheck(gate=safe.id, fault="; ".join(faults))
    known = {control: one for control, one in said.items() if one.value is not None}
    return _check_by_all(safe.id, known)


def _check_by_all(name: str, said: Mapping[Control, GateResult]) -> GateCheck:
    """Say what controls with a figure show where the dangerous and the correct one are alike."""
    if not said:
        return GateCheck(gate=name, unchecked="the controls have no such figure")
    ordered = sorted(said, key=lambda control: said[control].value or 0.0)
    lowest, highest = ordered[0], ordered[-1]
    gate = said[lowest].gate
    best, worst = (lowest, highest) if gate.at_most else (highest, lowest)
    differ = said[lowest].value != said[highest].value
    if differ and said[worst].outcome is GateOutcome.PASSED:
        return GateCheck(gate=name, fault=_cannot("fail", worst, said[worst]))
    if (differ or _is_the_best(said[best])) and said[best].outcome is not GateOutcome.PASSED:
        return GateCheck(gate=name, fault=_cannot("pass", best, said[best]))
    if differ:
        return GateCheck(gate=name)
    alike = f"all controls that have it have {said[best].value:.4g} there, and differ not"
    return GateCheck(gate=name, unchecked=alike)


def _is_the_best(result: GateResult) -> bool:
    """Say whether no rate could be better than this one."""
    gate = result.gate
    is_rate = gate.form.is_threshold and gate.spec is not None and gate.spec.is_rate
    return is_rate and result.value == (0.0 if gate.at_most else 1.0)


def _cannot(do: str, control: Control, result: GateResult) -> str:
    return f"cannot {do}: for a model that is {control.value}, {result.sentence}"


def control_book(run: Run, control: Control) -> RecordBook:
    """Return the records of a control that was put to all cases of a run."""
    book = RecordBook()
    for case in run.cases:
        result = _result(case, control.letter(case.item), run.decoding.samples)
        record = result.record()
        custom = custom_values(run.metrics, record)
        book.add({**record, "custom": custom} if custom else record)
    return book


def _result(case: Case, letter: str | None, samples: int) -> CaseResult:
    reply = Reply(text=letter or "I cannot answer.")
    form = AnswerForm.ALONE if letter else AnswerForm.REFUSAL
    ballot = Ballot(reply=reply, answer=Answer(letter=letter, form=form))
    return CaseResult(
        case=case,
        verdict=judge(case.item, letter, [letter] * samples or None),
        greedy=ballot,
        samples=(ballot,) * samples,
    )
