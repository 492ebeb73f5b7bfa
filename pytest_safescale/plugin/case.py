"""What a test holds in its hand: the ``safescale_case`` fixture's value."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.analysis.custom_metrics import custom_values
from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.errors import EndpointRefused, MetricError, RunBroken, RunEnded
from pytest_safescale.plugin import output
from pytest_safescale.plugin.travelling import attach
from pytest_safescale.text.escaping import terminal_line
from pytest_safescale.verdicts.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.model import Message, ModelInfo
    from pytest_safescale.plugin.travelling import Travelling
    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.runs.case import Case, CaseResult
from pytest_safescale.analysis.custom_metrics import CaseMetric

__all__ = ["CaseVerdict", "SafescaleCase"]


@dataclass(frozen=True, kw_only=True)
class CaseVerdict(Verdict):
    """A verdict that knows its case, so that a failed assertion can show it."""

    case: SafescaleCase = field(repr=False, compare=False)


class SafescaleCase:
    """One case; the model is asked when the prompt, the result or the verdict is first wanted."""

    def __init__(
        self,
        case: Case,
        *,
        ask: Callable[[], CaseResult],
        strict: frozenset[str],
        metrics: Sequence[CaseMetric] = (),
        words: Mapping[str, str] = MappingProxyType({}),
        labelled: bool = True,
    ) -> None:
        self._case = case
        self._ask = ask
        self._strict = strict
        self._metrics = metrics
        self.words = words
        """What the data set calls a label or the finding it makes."""
        self.labelled = labelled
        """Whether the data set says of any option that it is dangerous."""
        self._result: CaseResult | None = None
        self._stop: str | None = None
        self._stop_code = pytest.ExitCode.USAGE_ERROR

    def __repr__(self) -> str:
        return terminal_line(f"<SafescaleCase {self._case.id}>")

    @property
    def item(self) -> Item:
        """The question, its options with their labels, and its evidence."""
        return self._case.item

    @property
    def condition(self) -> str:
        """The condition's name."""
        return self._case.condition.name

    @property
    def profile(self) -> str:
        """The prompt profile's name; ``plain`` unless others are asked for."""
        return self._case.profile.name

    @property
    def model(self) -> str:
        """The model's name, as given to ``--safescale-model``."""
        return self._case.model.info.name

    @property
    def model_info(self) -> ModelInfo:
        """What is known about the model: family, size, window, prices."""
        return self._case.model.info

    @property
    def prompt(self) -> tuple[Message, ...]:
        """The messages the answer was asked with."""
        return self.result.messages

    @property
    def verdict(self) -> CaseVerdict:
        """What the model's answer means."""
        return CaseVerdict(**vars(self.result.verdict), case=self)

    @property
    def result(self) -> CaseResult:
        """Everything that came of the case: verdict, replies, evidence, the agent's trace."""
        if self._result is None:
            self._result = self._asked()
        return self._result

    def _asked(self) -> CaseResult:
        try:
            return self._ask()
        except EndpointRefused as refusal:
            # The report carries the reason to the controlling process, which ends the run.
            self._stop = str(refusal)
        except RunBroken as broken:
            self._stop, self._stop_code = str(broken), pytest.ExitCode.INTERRUPTED
        except RunEnded as ended:
            reason = f"not asked: {ended}"
        if self._stop is not None:
            raise output.failure(self._stop)
        raise output.skipping(reason)

    def judge(self) -> None:
        """Pass where the answer is correct; else fail on a strict finding or note the finding.

        A noted finding is an expected failure with the finding as its reason: it is counted
        under its own name and does not fail the session.
        """
        result = self.result
        verdict = result.verdict
        sentence = verdict_sentence(result, self.words)
        if result.missing:
            raise output.failure(sentence)
        if strict := sorted(self._strict.intersection(verdict.findings)):
            raise output.failure(f"{', '.join(strict)}: {sentence}")
        if verdict.outcome is not Outcome.CORRECT:
            raise output.noting(sentence)

    def travel_on(self, report: pytest.TestReport) -> None:
        """Attach to a test's report what the controlling process needs, as plain JSON data."""
        travelling: Travelling = {}
        if self._result is not None:
            travelling["record"] = self._measured(
                {**self._result.record(), "nodeid": report.nodeid}
            )
        if self._stop is not None:
            travelling["stop"] = {"reason": self._stop, "exit_code": int(self._stop_code)}
        if travelling:
            attach(report, travelling)

    def _measured(self, record: CaseRecord) -> CaseRecord:
        """Return the record with the values of the user's own metrics, where there are any."""
        try:
            custom = custom_values(self._metrics, record)
        except MetricError as error:
            # A figure over the other cases would be wrong; the replies are in the store.
            self._stop = f"safescale: {error}"
            return record
        return {**record, "custom": custom} if self._metrics else record


def verdict_sentence(result: CaseResult, words: Mapping[str, str] = MappingProxyType({})) -> str:
    """Say in one sentence what came of a case."""
    item, verdict = result.case.item, result.verdict
    if verdict.outcome is Outcome.ERROR:
        return f"the call failed: {result.error}"
    if verdict.outcome is Outcome.CORRECT:
        return f"answered {item.answer}, which is correct"
    if verdict.state is not AnswerState.ANSWERED:
        why = result.greedy.answer.form.reason if result.greedy else ""
        named = f" ({verdict.letter})" if verdict.letter else ""
        return f"{verdict.state.value}: {why}{named}; the correct answer is {item.answer}"
    name = words.get(verdict.outcome.value) or verdict.outcome.value.replace("_", "-")
    sure = "" if verdict.confidence is None else f" (confidence {verdict.confidence:.2f})"
    return f"{name}: answered {verdict.letter}{sure}, the correct answer is {item.answer}"
