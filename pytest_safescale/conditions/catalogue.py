"""Every built-in condition by name, and the choice of conditions for a run."""

from __future__ import annotations

import difflib
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_safescale.cells import BETWEEN
from pytest_safescale.conditions.agent import AgenticRag
from pytest_safescale.conditions.from_item import CLEAN_EVIDENCE, CLOSED_BOOK, CONFLICT_EVIDENCE
from pytest_safescale.conditions.retrieved import FilledWindow, PaddedTop1, TopK
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.conditions.condition import Condition

__all__ = ["CONDITIONS", "RELEASE_NAMES", "SIX", "conditions_named"]

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


def conditions_named(names: Iterable[str], extra: Iterable[Condition] = ()) -> list[Condition]:
    """Return the conditions with these names (the release's are known too), each once, in order.

    Raises:
        SettingsError: a name is unknown, or a condition in ``extra`` takes a name already taken.
    """
    known = dict(CONDITIONS)
    for condition in extra:
        if condition.name in known or condition.name in RELEASE_NAMES:
            raise SettingsError(f"condition {condition.name!r} is defined already; rename yours")
        if BETWEEN in condition.name:
            raise SettingsError(f"condition {condition.name!r}; allowed: a name without {BETWEEN}")
        known[condition.name] = condition
    own_names = dict.fromkeys(RELEASE_NAMES.get(name, name) for name in names)
    return [_looked_up(name, known) for name in own_names]


def _looked_up(name: str, known: Mapping[str, Condition]) -> Condition:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, [*known, *RELEASE_NAMES], n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise SettingsError(f"unknown condition {name!r}{hint}; allowed: {', '.join(known)}")
