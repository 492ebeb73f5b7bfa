"""A case that was asked again, as plain JSON data."""

from __future__ import annotations

from typing_extensions import NotRequired, TypedDict

__all__ = ["RepeatsPart", "RepeatsRecord", "kept_repeats"]


class RepeatsRecord(TypedDict):
    """Single answers to the case as it is, in the order of the repeats."""

    letters: list[str | None]
    states: list[str]
    """Values of ``AnswerState``."""
    texts: NotRequired[list[str]]
    """The replies; empty where the call failed. A run does not hold them to its end."""


class RepeatsPart(TypedDict):
    """The key of a case with a new finding that a gate wants confirmed."""

    repeats: NotRequired[RepeatsRecord]


def kept_repeats(found: RepeatsRecord) -> RepeatsRecord:
    """Return what a run keeps of repeats: nothing of their texts."""
    return {"letters": found["letters"], "states": found["states"]}
