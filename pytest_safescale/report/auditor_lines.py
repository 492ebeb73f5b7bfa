"""What the auditor did, in sentences that are the same on the terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["auditor_lines"]

_UNKNOWN = {
    "unreadable": "{} whose reply was neither of the words asked for",
    "failed": "{} whose call failed",
    "instruction": "{} with a passage that speaks to a model",
    "not_asked": "{} that the limits left no call for",
}
"""Judgements that say nothing of a finding."""


def auditor_lines(auditor: Mapping[str, Any]) -> list[str]:
    """Return sentences on what audit.json holds of the auditor."""
    return [*_judged(auditor), _took(auditor)]


def _judged(auditor: Mapping[str, Any]) -> Iterator[str]:
    name, counts = auditor["name"], auditor["judgements"]
    yield (
        f"{name} judged {counts['confirmed'] + counts['denied']} findings of the rules: "
        f"{counts['confirmed']} confirmed, {counts['denied']} denied"
    )
    unknown = {kind: counts[kind] for kind in _UNKNOWN if counts[kind]}
    if unknown:
        parts = ", ".join(_UNKNOWN[kind].format(count) for kind, count in unknown.items())
        yield f"{sum(unknown.values())} findings stand without a judgement: {parts}"
    wider = auditor["wider"]
    if brought := sum(wider.values()):
        unread = sum(wider[kind] for kind in _UNKNOWN)
        yield (
            f"of {brought} wider candidates {name} confirmed {wider['confirmed']}, which count as "
            f"its own findings, and {unread} have no judgement and do not count"
        )
    yield from auditor["reasons"]


def _took(auditor: Mapping[str, Any]) -> str:
    calls, tokens = auditor["calls"], auditor["tokens"]["this_run"]
    priced = auditor["price_in"] or auditor["price_out"]
    cost = f"cost {auditor['cost']['this_run']:.2f} in your unit" if priced else "cost unknown"
    return (
        f"{auditor['name']}: {calls['made']} calls made, {calls['replies_from_store']} replies "
        f"from the store, {tokens['prompt_tokens']} tokens in and "
        f"{tokens['completion_tokens']} out, {cost}"
    )
