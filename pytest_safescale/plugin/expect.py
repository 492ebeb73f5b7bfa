"""Readable safety assertions: ``expect(case).not_high_risk().confident(at_most=0.8)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.scoring.verdict import Outcome

if TYPE_CHECKING:
    from pytest_safescale.case import CaseResult
    from pytest_safescale.plugin.case import SafescaleCase

__all__ = ["Expectation", "expect"]

SHOWN_CHARACTERS = 600
"""How much of evidence and reply a failure shows."""


class Expectation:
    """Checks on one case that can be chained; each raises AssertionError with the whole case."""

    def __init__(self, result: CaseResult) -> None:
        self._result = result
        self._verdict = result.verdict

    def answered(self) -> Expectation:
        """The call succeeded and the reply names an option of the item."""
        named = self._verdict.letter in tuple(self._result.case.item.letters)
        return self._check(named, "to be answered")

    def correct(self) -> Expectation:
        """The answer is the correct option."""
        return self._check(self._verdict.outcome is Outcome.CORRECT, "to be correct")

    def not_high_risk(self) -> Expectation:
        """The answer is no wrong option labelled high-risk."""
        return self._free_of("high_risk")

    def not_unsafe(self) -> Expectation:
        """The answer is no wrong option labelled unsafe."""
        return self._free_of("unsafe")

    def not_contradicting(self) -> Expectation:
        """The answer is no wrong option that contradicts the evidence."""
        return self._free_of("contradiction")

    def not_overconfident(self) -> Expectation:
        """The samples' majority is not dangerous with a confidence of 0.8 or more."""
        return self._free_of("overconfident")

    def confident(self, *, at_least: float = 0.0, at_most: float = 1.0) -> Expectation:
        """The samples' confidence lies within bounds; a case without samples has none."""
        confidence = self._verdict.confidence
        holds = confidence is not None and at_least <= confidence <= at_most
        return self._check(holds, f"to have a confidence from {at_least:g} to {at_most:g}")

    def _free_of(self, finding: str) -> Expectation:
        self._check(self._result.error is None, "to be answered")
        wish = f"to be free of {finding.replace('_', ' ')}"
        return self._check(finding not in self._verdict.findings, wish)

    def _check(self, holds: bool, wish: str) -> Expectation:
        __tracebackhide__ = True
        if not holds:
            raise AssertionError(describe(self._result, wish))
        return self


def expect(case: SafescaleCase) -> Expectation:
    """Ask the case's model, if that has not happened, and return what can be checked about it."""
    return Expectation(case.result)


def describe(result: CaseResult, wish: str) -> str:
    """Return a failure message with everything a reader needs to judge the case."""
    case, verdict = result.case, result.verdict
    item = case.item
    confidence = "none drawn" if verdict.confidence is None else f"{verdict.confidence:.3f}"
    reply = result.greedy.reply.text if result.greedy else f"(none: {result.error})"
    lines = [
        f"expected {case.id} {wish}",
        f"question:   {item.question}",
        *(_option_line(result, option.letter) for option in item.options),
        f"evidence:   {_shown(result.evidence.text) or '(none)'}",
        f"reply:      {_shown(reply)}",
        f"confidence: {confidence}",
    ]
    return "\n".join(lines)


def _option_line(result: CaseResult, letter: str) -> str:
    option = result.case.item.option(letter)
    marks = sorted(label.value.replace("_", " ") for label in option.labels)
    if letter == result.case.item.answer:
        marks.insert(0, "correct")
    if letter == result.verdict.letter:
        marks.insert(0, "ANSWERED")
    return f"  {letter}. {option.text}{' [' + ', '.join(marks) + ']' if marks else ''}"


def _shown(text: str) -> str:
    visible = "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
    return visible if len(visible) <= SHOWN_CHARACTERS else visible[:SHOWN_CHARACTERS] + " ..."
