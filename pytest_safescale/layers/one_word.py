"""What layers and others share that ask a model for one word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.text.hidden import visible_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.layers.protocol import SeenCase

__all__ = ["options_of", "word_alone", "word_in"]


def word_in(reply: str, words: Sequence[str]) -> str:
    """Return the one of ``words`` that a reply says, in either case; empty where it says not one.

    Where the last line says exactly one of them it counts: a model may think before it answers.
    """
    visible = visible_text(reply).strip().lower()
    last = visible.splitlines()[-1] if visible else ""
    for text in (last, visible):
        found = [word for word in words if re.search(rf"(?<!\w){word}(?!\w)", text)]
        if len(found) == 1:
            return found[0]
    return ""


def word_alone(reply: str, words: Sequence[str]) -> str:
    """Return the one of ``words`` that stands alone on a line of a reply; empty for none.

    Before or behind a colon it stands alone too. A word within a sentence does not count, for the
    sentence may deny it. Where the last line is one of them it counts.
    """
    visible = visible_text(reply).strip().lower()
    lines = visible.splitlines()
    for those in (lines[-1:], lines):
        parts = (part for line in those for part in line.split(":"))
        found = {word for part in parts if (word := re.sub(r"[\W\d_]+", "", part)) in words}
        if len(found) == 1:
            return found.pop()
    return ""


def options_of(seen: SeenCase) -> str:
    """Return one line an option."""
    return "\n".join(f"{letter}. {text}" for letter, text in seen.options.items())
