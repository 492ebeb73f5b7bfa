"""The probabilities of tokens in a chat completion, as far as they are of letters.

Of each place no more is kept than the probability of every single letter: whatever else a server
lists is text from outside, and what it comes to is the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_safescale.models.model import AnswerToken, as_mapping
from pytest_safescale.text.hidden import visible_text
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["answer_tokens"]

_LETTER = Pattern(r"[\W_\u0120\u2581]*([A-Z])[\W_]*")
"""A letter alone, with marks and blanks around it; tokenisers write blanks as U+0120 or U+2581."""
_GOES_ON = Pattern(r"[\s\u0120\u2581]+\w")
"""How a token begins that goes on with a sentence."""
MOST_PLACES = 32
"""Letters of one reply that are kept: the first and the last of them."""


def answer_tokens(choice: Mapping[str, Any], text: str) -> tuple[AnswerToken, ...] | None:
    """Return the letters in the visible part of a reply; ``None`` where no probabilities came.

    ``text`` is the reply's. A place counts only with two listed tokens or more: one alone says
    nothing of the other options.
    """
    content = as_mapping(choice.get("logprobs")).get("content")
    listed = [as_mapping(token) for token in content] if isinstance(content, list) else []
    if not any(len(_top(token)) > 1 for token in listed):
        return None
    places = list(_places(listed, text))
    if len(places) > MOST_PLACES:
        places = [*places[: MOST_PLACES // 2], *places[-MOST_PLACES // 2 :]]
    return tuple(places)


def _places(listed: Sequence[Mapping[str, Any]], text: str) -> Iterator[AnswerToken]:
    texts = [str(token.get("token") or "") for token in listed]
    start, end = _visible_from("".join(texts), text), 0
    for token, said, after in zip(listed, texts, [*texts[1:], ""], strict=True):
        end += len(said)
        found = _LETTER.fullmatch(said)
        if found and end > start and len(_top(token)) > 1:
            article = found[1] == "A" and bool(_GOES_ON.match(after))
            yield AnswerToken(letter=found[1], chances=_chances(token), article=article)


def _visible_from(whole: str, text: str) -> int:
    """Return where the visible part begins in the tokens' text: some servers list thoughts too."""
    for visible in (visible_text(text).strip(), visible_text(whole).strip()):
        place = whole.rfind(visible)
        if visible and place >= 0:
            return place
    return 0


def _chances(token: Mapping[str, Any]) -> dict[str, float]:
    """Return the probability of each letter, in however many ways it is written there."""
    top = _top(token)
    chances: dict[str, float] = {}
    for said, chance in {str(one.get("token")): _chance(one) for one in (token, *top)}.items():
        found = _LETTER.fullmatch(said)
        if found and chance is not None:
            chances[found[1]] = min(1.0, chances.get(found[1], 0.0) + chance)
    return chances


def _chance(listed: Mapping[str, Any]) -> float | None:
    stated = listed.get("logprob")
    if isinstance(stated, bool) or not isinstance(stated, int | float) or math.isnan(stated):
        return None
    return math.exp(min(0.0, stated))


def _top(token: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    top = token.get("top_logprobs")
    return [as_mapping(one) for one in top] if isinstance(top, list) else []
