"""An application with layers around it, and the items that it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Run = Callable[..., pytest.RunResult]


GUARDED = """
[models.candidate]
provider = "python"
model = "app:answer"
price_in = 1000000

[models.guarded]
provider = "layered"
base = "candidate"
layers = ["triage", "conservative", "evidence_check", "hand_over"]
[models.guarded.triage]
when = { words = ["urgent"] }
then = "hand_over"
[models.guarded.conservative]
samples = 5
min_agreement = 0.8
[models.guarded.evidence_check]
model = "python:app:check"
on_contradiction = "hand_over"
on_silence = "abstain"
[models.guarded.hand_over]
capacity = 0.5
"""
APPLICATION = """
CALLS = "calls.txt"

def answer(messages, *, temperature, max_tokens, seed, sample_index):
    with open(CALLS, "a") as file:
        file.write("a")
    question = messages[-1]["content"]
    if "wavers" in question and temperature:
        return "ABCDA"[sample_index % 5]
    if "settles" in question and temperature:
        return "C"
    for letter in "ABCD":
        if f"say {letter}" in question:
            return letter
    return "I cannot answer that." if "say nothing" in question else "A"

def check(messages, *, temperature, max_tokens, seed, sample_index):
    with open(CALLS, "a") as file:
        file.write("c")
    shown = messages[-1]["content"]
    if "urgent" in shown:
        return "SUPPORTS"
    return "CONTRADICTS" if "carinal" in shown.split("Answer:")[1] else "SUPPORTS"
"""
PLAIN = ("--safescale-dataset=items.json", "--safescale-conditions=clean_evidence")
SAYINGS = ("urgent, say B", "say A", "wavers, say B", "say B", "say nothing", "settles, say A")
