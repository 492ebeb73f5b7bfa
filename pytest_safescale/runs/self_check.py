"""Can the gates say yes and no? They are tried on two controls before a model is asked.

The controls are planted on the run's own items and no models under test: one always gives the
most dangerous wrong option, one always the correct one, each without a doubt. Two more, one that
contradicts the evidence and one that abstains, show gates on which these two do not differ. The
last also shows whether gates let a model pass that never answers. Where a gate is about the worst
items, the dangerous one is dangerous on as many alone, and correct on all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING

from pytest_safescale.analysis.custom_metrics import custom_values
from pytest_safescale.answers.answer import Answer, AnswerForm
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.gates.gate_fields import MOST_REPEATS
from pytest_safescale.gates.result import Decision
from pytest_safescale.models.model import Reply
from pytest_safescale.results.record_book import RecordBook
from pytest_safescale.runs.case import CaseResult, ReadReply
from pytest_safescale.verdicts.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.dataset.item import Item, Option
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.results.manifest import GateCheckRow
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = ["Control", "GateCheck", "check_gates", "control_book", "passed_unanswered"]

NAMED = 5
"""How many gates a sentence names."""


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
    """What the controls show of one gate in one cell."""

    gate: str
    """The gate's id."""
    fault: str = ""
    """Why it is no gate: that it cannot fail, or cannot pass; empty where it can do both."""
    unchecked: str = ""
    """Why the controls do not show it; empty where they do."""
    model: str = ""
    """The one model that the gate is about; empty for one over several."""
    passes_unanswered: bool = False
    """Whether a model passes it that never answers."""

    def row(self) -> GateCheckRow:
        """Return the object of the manifest."""
        return {
            "gate": self.gate,
            "fault": self.fault,
            "unchecked": self.unchecked,
            "model": self.model,
            "passes_unanswered": self.passes_unanswered,
        }


def check_gates(judged: Callable[[Control, float], Sequence[GateResult]]) -> list[GateCheck]:
    """Return what the controls show of every gate.

    ``judged`` tells what gates say of a control on this share of the items, correct on the others.
    """

    def results(control: Control, share: float = 1.0) -> dict[str, GateResult]:
        return {result.id: result for result in judged(control, share)}

    said = {control: results(control) for control in Control}
    names = [name for name in said[Control.SAFE] if all(name in told for told in said.values())]
    gates = {name: said[Control.SAFE][name].gate for name in names}
    shares = {gate.worst for gate in gates.values() if _is_of_few(gate)}
    on_few = {share: results(Control.DANGEROUS, share) for share in sorted(shares)}
    return [
        _check_of(
            {
                **{control: told[name] for control, told in said.items()},
                **({Control.DANGEROUS: on_few[gate.worst][name]} if _is_of_few(gate) else {}),
            }
        )
        for name, gate in gates.items()
    ]


def _is_of_few(gate: Gate) -> bool:
    return gate.kind is CriterionKind.MAX_EXCESS_SHARE


def passed_unanswered(checks: Sequence[GateCheck]) -> list[str]:
    """Say which sets of gates let a model pass that never answers: all of them, or all of a model.

    That may be meant, for who never answers does nothing dangerous; it is never silent.
    """
    if checks and all(check.passes_unanswered for check in checks):
        return [_told_unanswered("", checks)]
    models = dict.fromkeys(check.model for check in checks if check.model)
    sets = ((model, [check for check in checks if check.model == model]) for model in models)
    return [
        _told_unanswered(f" on {model}", gates)
        for model, gates in sets
        if all(check.passes_unanswered for check in gates)
    ]


def _told_unanswered(which: str, gates: Sequence[GateCheck]) -> str:
    names = ", ".join(check.gate for check in gates[:NAMED])
    more = f" and {len(gates) - NAMED} more" if len(gates) > NAMED else ""
    count = "the only gate" if len(gates) == 1 else f"all {len(gates)} gates"
    return (
        f"a model that never answers passes {count}{which}: {names}{more}; a gate on accuracy or "
        "on refusal_rate would not let it"
    )


def _check_of(said: Mapping[Control, GateResult]) -> GateCheck:
    silent = said[Control.ABSTAINING]
    return replace(
        _check(said),
        model="" if _is_of_few(silent.gate) else silent.model,
        passes_unanswered=silent.decision is Decision.PASSED,
    )


def _check(said: Mapping[Control, GateResult]) -> GateCheck:
    dangerous, safe = said[Control.DANGEROUS], said[Control.SAFE]
    # Of a safe model nothing is concentrated: it has no such figure.
    of_few = _is_of_few(safe.gate) and dangerous.value is not None
    if of_few or (None not in (dangerous.value, safe.value) and dangerous.value != safe.value):
        faults = []
        if dangerous.decision is Decision.PASSED:
            faults.append(_cannot("fail", Control.DANGEROUS, dangerous))
        if safe.decision is not Decision.PASSED:
            faults.append(_cannot("pass", Control.SAFE, safe))
        return GateCheck(gate=safe.id, fault="; ".join(faults))
    known = {control: one for control, one in said.items() if one.value is not None}
    if _is_of_few(safe.gate) and safe.decision is not Decision.PASSED:
        return GateCheck(gate=safe.id, fault=_cannot("pass", Control.SAFE, safe))
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
    if differ and said[worst].decision is Decision.PASSED:
        return GateCheck(gate=name, fault=_cannot("fail", worst, said[worst]))
    if (differ or _is_the_best(said[best])) and said[best].decision is not Decision.PASSED:
        return GateCheck(gate=name, fault=_cannot("pass", best, said[best]))
    if differ:
        return GateCheck(gate=name)
    alike = f"all controls that have it have {said[best].value:.4g} there, and differ not"
    return GateCheck(gate=name, unchecked=alike)


def _is_the_best(result: GateResult) -> bool:
    """Say whether no rate could be better than this one."""
    gate = result.gate
    is_rate = gate.kind.is_threshold and gate.spec is not None and gate.spec.is_rate
    return is_rate and result.value == (0.0 if gate.at_most else 1.0)


def _cannot(do: str, control: Control, result: GateResult) -> str:
    who = control.value
    if control is Control.DANGEROUS and _is_of_few(result.gate):
        who = f"dangerous on {100 * result.gate.worst:g} % of the items alone"
    return f"cannot {do}: for a model that is {who}, {result.sentence}"


def control_book(run: Run, control: Control, share: float = 1.0) -> RecordBook:
    """Return the records of a control that was put to all cases of a run.

    With a ``share`` below 1 it is itself on so many of the items, rounded up, and correct on the
    others; they are the same in every cell.
    """
    book = RecordBook()
    ids = sorted({case.item.id for case in run.cases})
    own = set(ids[: ceil(round(share * len(ids), 9))])
    for case in run.cases:
        answering = control if case.item.id in own else Control.SAFE
        result = _result(case, answering.letter(case.item), run.decoding.samples)
        record, verdict = result.record(), result.verdict
        # It answers alike however often it is asked again.
        record["repeats"] = {
            "letters": [verdict.letter] * MOST_REPEATS,
            "states": [verdict.state.value] * MOST_REPEATS,
        }
        custom = custom_values(run.metrics, record)
        book.add({**record, "custom": custom} if custom else record)
    return book


def _result(case: Case, letter: str | None, samples: int) -> CaseResult:
    reply = Reply(text=letter or "I cannot answer.")
    form = AnswerForm.ALONE if letter else AnswerForm.REFUSAL
    read = ReadReply(reply=reply, answer=Answer(letter=letter, form=form))
    letters = [letter] * samples or None
    return CaseResult(
        case=case,
        verdict=judge(case.item, letter, letters, state=form.state),
        greedy=read,
        samples=(read,) * samples,
        wanted=samples,
    )
