"""Whether a text is English, by py3langid (extra ``audit``)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.libraries import not_installed
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["other_language"]

_READ = 300
"""Characters at the beginning of a text by which its language is told."""
_FEWEST = 20
"""A shorter text shows no language."""
_SURE = 0.5
"""How much likelier another language is, as the logarithm of the ratio for each character. English
with many rare or made-up words stays below 0.2; texts in other languages come to more than 1."""

_ENGLISH = Pattern(r"\b(?:the|and|with|which|from|that|this|these|should|when)\b")
"""Words of English that no other language of medicine shares, small words as they are."""
_CERTAIN = 0.08
"""Share of these words in a text from which on no library is asked, for it is English."""


def other_language(text: str) -> str | None:
    """Return the code of a text's language, such as ``de``; ``None`` for English or too short.

    The same text gives the same language. Raises SettingsError where py3langid is not installed.
    """
    rank, read = _rank(), text.strip()[:_READ]
    if len(read) < _FEWEST or _is_plainly_english(read):
        return None
    ranked = rank(read)
    language, score = ranked[0]
    return str(language) if score - dict(ranked)["en"] >= _SURE * len(read) else None


def _is_plainly_english(text: str) -> bool:
    return len(_ENGLISH.findall(text)) >= _CERTAIN * len(text.split())


@cache
def _rank() -> Callable[[str], Any]:
    try:
        from py3langid import rank
    except ImportError as error:
        raise not_installed("py3langid") from error
    found: Callable[[str], Any] = rank
    return found
