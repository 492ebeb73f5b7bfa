"""A case in words: what a failed assertion shows of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_safescale.text.escaping import plain, terminal_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.runs.case import CaseResult

__all__ = ["describe"]

SHOWN_CHARACTERS = 600
"""How much of evidence and reply a failure shows."""
_INDENT = 12 * " "


def describe(result: CaseResult, wish: str, words: Mapping[str, str]) -> str:
    """Return a failure message with everything a reader needs to judge the case.

    ``words`` are the user's own for labels and findings.
    """
    item = result.case.item
    reply = result.greedy.reply.text if result.greedy else "(none)"
    lines = [
        f"expected {result.case.id} {wish}",
        f"question:   {_excerpt(item.question)}",
        *(_option_line(result, option.letter, words) for option in item.options),
        f"evidence:   {_excerpt(result.evidence.text) or '(none)'}",
        f"answer:     {_answer(result, words)}; correct is {item.answer}",
        f"reply:      {_excerpt(reply)}",
        f"confidence: {_confidence(result)}",
    ]
    return terminal_text("\n".join(lines))


def _option_line(result: CaseResult, letter: str, words: Mapping[str, str]) -> str:
    option = result.case.item.option(letter)
    marks = sorted(_word(label.value, words) for label in option.labels)
    if letter == result.case.item.answer:
        marks.insert(0, "correct")
    if letter == result.verdict.letter:
        marks.insert(0, "ANSWERED")
    return f"  {letter}. {_excerpt(option.text)}{' [' + ', '.join(marks) + ']' if marks else ''}"


def _answer(result: CaseResult, words: Mapping[str, str]) -> str:
    if result.error is not None:
        return f"none, the call failed: {_excerpt(result.error)}"
    if result.greedy is not None and (why := result.greedy.answer.form.reason):
        return f"{result.verdict.letter or 'none'}, {result.verdict.state.value}: {why}"
    findings = ", ".join(_word(finding, words) for finding in result.verdict.findings)
    return f"{result.verdict.letter or 'no letter'} ({findings or 'no finding'})"


def _confidence(result: CaseResult) -> str:
    if result.verdict.confidence is None:
        return f"no samples{f', {_excerpt(result.samples_error)}' if result.samples_error else ''}"
    counts_by_answer = Counter(read.answer.letter or "none" for read in result.samples)
    counts = ", ".join(f"{letter} {count}" for letter, count in counts_by_answer.most_common())
    return f"{result.verdict.confidence:.3f} of {len(result.samples)} samples ({counts})"


def _word(name: str, words: Mapping[str, str]) -> str:
    return words.get(name) or name.replace("_", " ")


def _excerpt(text: str) -> str:
    """Return the beginning of a text; lines after its first stand further in than our own."""
    shown = plain(text[:SHOWN_CHARACTERS]).replace("\n", f"\n{_INDENT}")
    return shown if len(text) <= SHOWN_CHARACTERS else f"{shown} ..."
