"""What to change in a corpus, as data: no medical text is written, and nothing is edited.

A rule says only what it can know: which passage repeats another, speaks to a model, is old or holds
for others alone. Which side of a contradiction is right is for people to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.audit.finding import Finding

__all__ = ["ACTIONS", "repair_plan"]

ACTIONS: Mapping[tuple[str, str], str] = {
    ("duplicates", "same"): "drop",
    ("duplicates", "near"): "merge",
    ("hygiene", "empty"): "drop",
    ("hygiene", "garbled"): "drop",
    ("hygiene", "instruction"): "drop",
    ("age", "too_old"): "date",
    ("age", "superseded"): "date",
    ("applicability", "population"): "restrict",
    ("applicability", "condition"): "restrict",
    ("applicability", "modality"): "restrict",
}
"""What is done for a finding, by its class and kind; all others are left to people."""


def repair_plan(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return ``actions`` in the order of the findings, and ``undecided``: how many have none.

    An action names the passage, its line and why; ``merge`` and ``date`` name the other passage
    where there is one, ``date`` and ``restrict`` the words that say so, which a run shows. A
    passage that is dropped has no other action, and no action stands twice.
    """
    actions: list[dict[str, Any]] = []
    undecided = 0
    for finding in findings:
        name = ACTIONS.get((finding.finding, finding.kind))
        if name is None or finding.place is None:
            undecided += 1
            continue
        action: dict[str, Any] = {
            "action": name,
            "passage": finding.place.passage,
            "line": finding.place.line,
            "why": finding.sentence,
        }
        if name != "drop":
            action["words"] = finding.limit or finding.place.words
        if finding.other is not None:
            action["other"] = finding.other.passage
        if finding.other is not None and name == "date":
            action["other_words"] = finding.other.words
        actions.append(action)
    dropped = {one["passage"] for one in actions if one["action"] == "drop"}
    # By what is said, for JSON objects cannot be members of a set.
    each = {tuple(one.items()): one for one in actions}
    kept = [
        one for one in each.values() if one["action"] == "drop" or one["passage"] not in dropped
    ]
    return {"actions": kept, "undecided": undecided}
