"""One count of tokens for every budget, with no tokeniser to install or to agree on.

A token here is a word or a single punctuation mark; in scripts written without spaces every
character is one. Tokenisers of language models make about 1.3 tokens of each of these in English
medical prose, which ``room`` allows for. Everything is linear in the length of the text.
"""

from __future__ import annotations

from itertools import islice

from pytest_safescale.text.pattern import Pattern

__all__ = [
    "REAL_TOKENS_PER_TOKEN",
    "count_tokens",
    "estimated_tokens",
    "first_tokens",
    "repeat_to",
    "room",
    "search_words",
    "windows",
]

REAL_TOKENS_PER_TOKEN = 1.3
"""How many tokens a language model's tokeniser makes of one token as counted here, about."""

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = Pattern(rf"[^\W{_UNSPACED}]+|\S")
_SEARCHED = Pattern(rf"[^\W{_UNSPACED}]+|[{_UNSPACED}]")


def count_tokens(text: str) -> int:
    """Return the number of words and punctuation marks in ``text``."""
    return len(_TOKEN.findall(text))


def search_words(text: str) -> list[str]:
    """Return the tokens of ``text`` that a search goes by: no punctuation, in lower case."""
    return _SEARCHED.findall(text.lower())


def estimated_tokens(*texts: str) -> int:
    """Return about how many tokens of a model's own the texts take together."""
    return int(sum(map(count_tokens, texts)) * REAL_TOKENS_PER_TOKEN)


def room(real_tokens: float) -> int:
    """Return how many tokens as counted here fit into so many of a model's own; at least 0."""
    return max(0, int(real_tokens / REAL_TOKENS_PER_TOKEN))


def first_tokens(text: str, n: int) -> str:
    """Return ``text`` up to the end of its ``n``-th token; the whole text where it has fewer."""
    if n <= 0:
        return ""
    last = next(islice(_TOKEN.finditer(text), n - 1, None), None)
    return text if last is None else text[: last.end()]


def windows(text: str, size: int, overlap: int) -> list[str]:
    """Cut ``text`` into pieces of ``size`` tokens, the last ``overlap`` of each also in the next.

    The last piece may be shorter; it always holds a token that no other piece holds. A text of at
    most ``size`` tokens comes back as it is. ``overlap`` must be smaller than ``size``.
    """
    spans = [match.span() for match in _TOKEN.finditer(text)]
    if len(spans) <= size:
        return [text]
    starts = range(0, len(spans) - overlap, size - overlap)
    return [text[spans[i][0] : spans[min(i + size, len(spans)) - 1][1]] for i in starts]


def repeat_to(text: str, n: int) -> str:
    """Repeat ``text``, a blank line between, until it has exactly ``n`` tokens; cut if longer."""
    length = count_tokens(text)
    if length == 0:
        return ""
    return first_tokens("\n\n".join([text] * -(-n // length)), n)
