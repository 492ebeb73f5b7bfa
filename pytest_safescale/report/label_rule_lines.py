"""How far a run verdict depends on the rule that makes labels of raters' votes, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["label_rule_sentences"]

_NAMED = 5
"""How many gates a sentence names; run.json has them all."""


def label_rule_sentences(analyses: Mapping[str, Any]) -> list[str]:
    """Return a sentence on the rule and one on each other; none where labels have no votes."""
    found = analyses.get("label_rules")
    if not found:
        return []
    first = (
        f"Labels are made of raters' votes, labels = {found['rule']}; raters differ on "
        f"{found['disputed']} labels of options."
    )
    return [first, *(_other(found, other) for other in found["others"] if found["gates"])]


def _other(found: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    changed, count = other["changed"], found["gates"]
    begin = f"With labels = {other['rule']}"
    if not changed:
        return f"{begin} every gate decides the same."
    named = [f"{one['id']} ({one['outcome']}, then {one['there']})" for one in changed[:_NAMED]]
    more = [f"{len(changed) - _NAMED} more"] if len(changed) > _NAMED else []
    return (
        f"{begin} {len(changed)} of {count} gates decide otherwise, and {other['blocks']} in place "
        f"of {found['blocks']} do not hold: {', '.join([*named, *more])}."
    )
