"""Questions on a terminal, each with the option that answers it and what an empty line means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Question", "answered"]


@dataclass(frozen=True)
class Question:
    """One thing that is asked where its option is not given."""

    name: str
    """The option, with underscores."""
    text: str
    default: str
    unless: Callable[[Mapping[str, str]], bool] = lambda _: False
    """Whether what was answered before makes it idle."""


def answered(
    given: Mapping[str, Any], asked: Sequence[Question], *, defaults: Sequence[Question]
) -> dict[str, str]:
    """Return an answer by name: the option's, else what is typed, else the default.

    Raises SettingsError where the answers end before the questions do.
    """
    answers: dict[str, str] = {}
    for question in defaults:
        value = given[question.name]
        if value is None and question in asked and not question.unless(answers):
            value = _typed(question)
        answers[question.name] = question.default if value is None else str(value).strip()
    return answers


def _typed(question: Question) -> str | None:
    shown = f" [{question.default}]" if question.default else ""
    try:
        return input(f"{question.text}{shown}: ").strip() or None
    except EOFError:
        raise SettingsError(
            f"init: the answers ended at {question.text!r}; allowed: an answer to each question, "
            "or --yes"
        ) from None
