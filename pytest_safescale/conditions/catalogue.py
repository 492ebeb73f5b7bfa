"""Every built-in condition by name, and the choice of conditions for a run."""

from __future__ import annotations

import difflib
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_safescale.cells import BETWEEN, is_repaired, repaired, unrepaired
from pytest_safescale.conditions.agent import AgenticRag
from pytest_safescale.conditions.from_item import CLEAN_EVIDENCE, CLOSED_BOOK, CONFLICT_EVIDENCE
from pytest_safescale.conditions.repaired import RepairedCondition, retrieves
from pytest_safescale.conditions.retrieved import FilledWindow, PaddedTop1, TopK
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.conditions.condition import Condition

__all__ = ["CONDITIONS", "RELEASE_NAMES", "SIX", "conditions_named", "known_conditions"]

_BUILT_IN: tuple[Condition, ...] = (
    CLOSED_BOOK,
    CLEAN_EVIDENCE,
    CONFLICT_EVIDENCE,
    TopK(name="standard_rag", summary="The ten passages that fit the question best.", k=10),
    AgenticRag(),
    FilledWindow(name="max_context", summary="As many ranked passages as the window takes."),
    TopK(name="top_1", summary="The passage that fits the question best.", k=1),
    TopK(name="top_5", summary="The five passages that fit the question best.", k=5),
    PaddedTop1(),
    FilledWindow(
        name="context_4k", summary="Ranked passages up to about 4,000 tokens.", budget=4_000
    ),
    FilledWindow(
        name="context_32k", summary="Ranked passages up to about 32,000 tokens.", budget=32_000
    ),
    FilledWindow(
        name="context_100k", summary="Ranked passages up to about 100,000 tokens.", budget=100_000
    ),
)

CONDITIONS: Mapping[str, Condition] = MappingProxyType({c.name: c for c in _BUILT_IN})
"""The built-in conditions by name, the protocol's six first."""

SIX: tuple[str, ...] = tuple(CONDITIONS)[:6]
"""The six deployment conditions, in the protocol's order: what a run has by default."""

RELEASE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "zero_shot": "closed_book",
        "evidence_clean": "clean_evidence",
        "evidence_conflict": "conflict_evidence",
        "top_1": "top_1",
        "top_5": "top_5",
        "top_10": "standard_rag",
        "deep_research": "agentic_rag",
        "context_32k": "context_32k",
        "context_100k": "context_100k",
        "context_max": "max_context",
    }
)
"""Our name for each condition of the paper's released results."""


def known_conditions(
    extra: Iterable[Condition] = (), *, with_repaired: bool = False
) -> dict[str, Condition]:
    """Return every condition that a run may have, by name; ``extra`` are the user's own.

    ``with_repaired`` are those over a repaired corpus among them, each behind all others.

    Raises:
        SettingsError: a condition in ``extra`` takes a name that is taken or may not be.
    """
    known = dict(CONDITIONS)
    for condition in extra:
        if condition.name in known or condition.name in RELEASE_NAMES:
            raise SettingsError(f"condition {condition.name!r} is defined already; rename yours")
        if BETWEEN in condition.name:
            raise SettingsError(f"condition {condition.name!r}; allowed: a name without {BETWEEN}")
        if is_repaired(condition.name):
            raise SettingsError(
                f"condition {condition.name!r} has the name of one over a repaired corpus; rename "
                "yours"
            )
        known[condition.name] = condition
    if with_repaired:
        beside = [RepairedCondition(base=one) for one in known.values() if retrieves(one)]
        known |= {one.name: one for one in beside}
    return known


def conditions_named(
    names: Iterable[str], extra: Iterable[Condition] = (), *, with_repaired: bool = False
) -> list[Condition]:
    """Return the conditions with these names (the release's are known too), each once, in order.

    ``with_repaired`` puts behind each that retrieves the same one over the repaired corpus.

    Raises:
        SettingsError: a name is unknown, or one in ``extra`` as ``known_conditions`` raises.
    """
    known = known_conditions(extra, with_repaired=with_repaired)
    chosen: dict[str, Condition] = {}
    for name in names:
        condition = _looked_up(RELEASE_NAMES.get(name, name), known)
        chosen[condition.name] = condition
        if with_repaired and retrieves(condition):
            chosen[repaired(condition.name)] = known[repaired(condition.name)]
    return list(chosen.values())


def _looked_up(name: str, known: Mapping[str, Condition]) -> Condition:
    if name in known:
        return known[name]
    if is_repaired(name) and unrepaired(name) in known:
        raise SettingsError(
            f"unknown condition {name!r}; allowed with a plan of repairs "
            "(--safescale-corpus-repair), of conditions that retrieve"
        )
    near = difflib.get_close_matches(name, [*known, *RELEASE_NAMES], n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise SettingsError(f"unknown condition {name!r}{hint}; allowed: {', '.join(known)}")
