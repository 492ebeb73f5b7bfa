"""What a reply comes to: the answer it commits itself to, or why there is none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import Answer, AnswerForm, AnswerState
from pytest_safescale.answers.reader.decided import read_text
from pytest_safescale.dataset.item import letters_to_read
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_answer"]

CUT_AT_LIMIT = ("length", "max_tokens", "max_length", "model_length", "max_output_tokens")
"""Reasons to finish with which servers say that a reply reached its limit."""
FILTERED = (
    "content_filter",
    "content_filtered",
    "guardrail_intervened",
    "refusal",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
)
"""Reasons to finish with which servers say that they withhold a reply."""
_BARE = Pattern(r"\s{0,12}(?P<letter>[A-Z])\.?\s{0,12}", re.ASCII)
"""A reply that is one letter."""
_WORD = 4
"""Characters of the shortest option's text that no single letter can be taken for."""
_SHORT = 200
"""Characters of a reply worth remembering."""


def read_answer(
    text: str,
    options: Mapping[str, str] | None = None,
    *,
    finish_reason: str = "",
    refusal: str = "",
    reasoning: str = "",
) -> Answer:
    """Return the answer a reply commits itself to; ``options`` are the item's texts by letter.

    ``finish_reason``, ``refusal`` and ``reasoning`` are what the server gave beside the text; they
    tell why a text without an answer has none. Never raises, and takes time linear in the length
    of the text.
    """
    beside = (finish_reason, refusal, reasoning)
    read = _read_short if len(text) <= _SHORT else _read
    return read(text, tuple((options or {}).items()), beside)


def _read(text: str, options: tuple[tuple[str, str], ...], beside: tuple[str, str, str]) -> Answer:
    finish_reason, refusal, reasoning = beside
    ended = finish_reason.lower()
    cut = ended in CUT_AT_LIMIT
    answer = _bare_letter(text, options) or read_text(text, dict(options), cut=cut)
    says_something = answer.letter is not None or answer.form is AnswerForm.MISMATCH
    reasons = (
        (AnswerForm.CONTENT_FILTER, ended in FILTERED),
        (answer.form, answer.state is AnswerState.ABSTAINED),
        (AnswerForm.REFUSAL, bool(refusal.strip())),
        (AnswerForm.CUT, cut),
        (AnswerForm.HIDDEN_ONLY, answer.form is AnswerForm.EMPTY and bool(reasoning.strip())),
    )
    why = next((form for form, holds in reasons if holds), answer.form)
    return answer if says_something else Answer(letter=None, form=why)


_read_short = lru_cache(maxsize=2**15)(_read)
"""Short replies come by the thousand, and most of them are alike."""


def _bare_letter(text: str, options: tuple[tuple[str, str], ...]) -> Answer | None:
    """Return the answer of a reply that is one letter, as most are; ``None`` for any other."""
    bare = _BARE.fullmatch(text)
    if bare is None or bare["letter"] not in letters_to_read(len(options)):
        return None
    if any(len(told) < _WORD for _, told in options):  # it may be an option's text as well
        return None
    known = not options or bare["letter"] in dict(options)
    form = AnswerForm.ALONE if known else AnswerForm.NOT_AN_OPTION
    return Answer(letter=bare["letter"], form=form)
