"""How the replies ended, in words: answered, abstained, unreadable and why, failed."""

from __future__ import annotations

from collections import Counter
from math import floor
from typing import TYPE_CHECKING, Literal, cast

from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.state_counts import StatesOfModel

    State = Literal["answered", "abstained", "unreadable", "failed"]

__all__ = [
    "STATES",
    "answered_share",
    "forms_text",
    "state_sentence",
    "states_of_models",
    "states_of_run",
]

STATES = cast("Sequence[State]", tuple(state.value for state in AnswerState))


def states_of_models(manifest: Manifest) -> Mapping[str, StatesOfModel]:
    """Return the counts by model that a manifest states; older ones state none."""
    return manifest.get("cases", {}).get("states") or {}


def states_of_run(manifest: Manifest) -> StatesOfModel:
    """Return the counts over all models."""
    models = states_of_models(manifest).values()
    return {
        "answered": sum(counts["answered"] for counts in models),
        "abstained": sum(counts["abstained"] for counts in models),
        "unreadable": sum(counts["unreadable"] for counts in models),
        "failed": sum(counts["failed"] for counts in models),
        "forms": dict(_added(counts["forms"] for counts in models)),
    }


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def forms_text(counts: StatesOfModel) -> str:
    """Return why replies were unreadable, the most frequent reason first; empty for none."""
    ordered = sorted(counts["forms"].items(), key=lambda form: (-form[1], form[0]))
    return ", ".join(f"{n} {words(form)}" for form, n in ordered)


def answered_share(manifest: Manifest) -> str:
    """Say what share of the cases was answered at all; empty where every one was."""
    counts = states_of_run(manifest)
    cases, answered = sum(counts[state] for state in STATES), counts["answered"]
    if answered == cases:
        return ""
    # Rounded down: what lacks a single answer is never told as 100 %.
    share = floor(1000 * answered / cases) / 10
    return f"Answered: {answered} of {cases} cases ({share:g} %)."


def state_sentence(counts: StatesOfModel) -> str:
    """Say how the single answers ended; empty where every one of them is an answer."""
    cases = sum(counts[state] for state in STATES)
    if counts["answered"] == cases:
        return ""
    why = forms_text(counts)
    told = {"unreadable": f" ({why})"} if why else {}
    parts = [f"{counts[state]} {state}{told.get(state, '')}" for state in STATES]
    return f"single answers: {', '.join(parts)}"
