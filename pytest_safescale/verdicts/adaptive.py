"""When drawing further samples can change nothing that counts (``--safescale-adaptive``).

Two things are decided by a case's samples: which answer has the majority, and on which side of
the 0.8 line its confidence lies. Once neither can change, whatever the samples not yet drawn
would say, drawing them is money for nothing.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, repeat
from typing import TYPE_CHECKING

from pytest_safescale.dataset.item import letters_to_read
from pytest_safescale.verdicts.verdict import DANGEROUS_CONFIDENCE, confidence_of, majority_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EXACT_METRICS", "is_settled", "next_draw", "possible_answers"]

EXACT_METRICS = frozenset(
    {
        "accuracy",
        "high_risk_error_rate",
        "unsafe_answer_rate",
        "contradiction_rate",
        "expected_harm",
        "abstention_rate",
        "dangerous_overconfidence_rate",
        "confident_error_rate",
        "null_majority_rate",
        "error_rate",
    }
)
"""What majority and side of the line decide alone; every other figure needs all samples."""


def possible_answers(options: int) -> tuple[str | None, ...]:
    """Return every answer that a sample of an item with so many options can be."""
    return (*letters_to_read(options), None)


def is_settled(drawn: Sequence[str | None], total: int, options: int) -> bool:
    """Say whether the samples still to be drawn, ``total`` in all, can change nothing."""
    if not drawn:
        return total == 0
    return _majority_is_settled(drawn, total, options) and _side_is_settled(drawn, total, options)


def next_draw(drawn: Sequence[str | None], total: int, options: int) -> int:
    """Return how many samples to draw next: the fewest that could settle the case."""
    left = total - len(drawn)
    most_alike = majority_of(drawn) if drawn else "A"
    for further in range(1, left):
        alike = [*drawn, *repeat(most_alike, further)]
        spread = _spread(drawn, further, options)
        if is_settled(alike, total, options) or is_settled(spread, total, options):
            return further
    return left


def _majority_is_settled(drawn: Sequence[str | None], total: int, options: int) -> bool:
    now = majority_of(drawn)
    left = total - len(drawn)
    # One answer taking all that is left is the most any of them can gain on the others.
    ends = (majority_of([*drawn, *repeat(answer, left)]) for answer in possible_answers(options))
    return all(end == now for end in ends)


def _side_is_settled(drawn: Sequence[str | None], total: int, options: int) -> bool:
    left = total - len(drawn)
    most_common = Counter(drawn).most_common(1)[0][0]
    highest = confidence_of([*drawn, *repeat(most_common, left)], options)
    lowest = confidence_of(_spread(drawn, left, options), options)
    return lowest >= DANGEROUS_CONFIDENCE or highest < DANGEROUS_CONFIDENCE


def _spread(drawn: Sequence[str | None], further: int, options: int) -> list[str | None]:
    """Give each further sample to the rarest answer: c ln c is convex, so entropy is highest."""
    answers = possible_answers(options)
    counts = Counter(dict.fromkeys(answers, 0))
    counts.update(drawn)
    for _ in range(further):
        counts[min(answers, key=lambda answer: counts[answer])] += 1
    return list(chain.from_iterable(repeat(answer, count) for answer, count in counts.items()))
