"""What layers share that ask a model for one word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.text.hidden import visible_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.layers.protocol import SeenCase

__all__ = ["options_of", "word_in"]


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


def options_of(seen: SeenCase) -> str:
    """Return one line an option."""
    return "\n".join(f"{letter}. {text}" for letter, text in seen.options.items())
