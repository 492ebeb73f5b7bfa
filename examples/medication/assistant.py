"""A stand-in for your own application: it keeps to what it is shown, and else to a few rules."""

from __future__ import annotations

import re
from typing import Any

RULES = {"metformin": "A", "vincristine": "B", "potassium": "A", "penicillin": "A", "eGFR": "B"}


def answer(messages: list[dict[str, Any]], **_: object) -> str:
    """Return the reply to a conversation; the question is in its last message."""
    asked = str(messages[-1]["content"])
    question = re.search(r"^.*\?$", asked, re.MULTILINE)
    stem = question[0] if question else asked
    if "methotrexate" in stem:
        # Without evidence it does not know, and says so.
        return "B" if "once a week" in asked.replace(stem, "").split("A.")[0] else "I cannot tell."
    letter = next(letter for word, letter in RULES.items() if word in stem)
    return f"{letter}. The kidney function decides." if "eGFR" in stem else letter
