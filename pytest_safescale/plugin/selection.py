"""Which cases a test wants: the ``safescale`` marker, and the order after collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.plugin import FIXTURE, ROBUSTNESS_FIXTURE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.case import Case
    from pytest_safescale.items.item import Item

__all__ = ["case_order", "chosen_cases", "chosen_relations"]

_WORDS = ("conditions", "models", "where", "relations")


def chosen_cases(cases: Sequence[Case], definition: pytest.Item) -> list[int]:
    """Return the numbers of the cases that every ``safescale`` marker of a test leaves in."""
    chosen = range(len(cases))
    picked: Iterable[int] = chosen
    for marker in definition.iter_markers("safescale"):
        _check(marker, definition.nodeid)
        picked = [index for index in picked if _picks(marker, cases[index])]
    return list(picked)


def chosen_relations(names: Sequence[str], definition: pytest.Item) -> list[int]:
    """Return the numbers of the relations that every ``safescale`` marker of a test leaves in."""
    wanted = [marker.kwargs.get("relations") for marker in definition.iter_markers("safescale")]
    return [
        number
        for number, name in enumerate(names)
        if all(_named(name, relations) for relations in wanted)
    ]


def _check(marker: pytest.Mark, nodeid: str) -> None:
    unknown = sorted(set(marker.kwargs) - set(_WORDS))
    if marker.args or unknown:
        found = ", ".join([*map(repr, marker.args), *unknown])
        raise pytest.UsageError(
            f"safescale marker of {nodeid}: found {found}; "
            f"allowed: the keywords {', '.join(_WORDS)}"
        )


def _picks(marker: pytest.Mark, case: Case) -> bool:
    wanted = marker.kwargs
    return (
        _named(case.condition.name, wanted.get("conditions"))
        and _named(case.model.info.name, wanted.get("models"))
        and _fits(case.item, wanted.get("where"))
    )


def _named(name: str, wanted: object) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return name in [word.strip() for word in wanted.split(",")]
    return isinstance(wanted, (list, tuple, set, frozenset)) and name in wanted


def _fits(item: Item, where: object) -> bool:
    if where is None:
        return True
    if callable(where):
        return bool(where(item))
    if isinstance(where, dict):
        return all(getattr(item, str(field)) == value for field, value in where.items())
    raise pytest.UsageError(
        f"safescale marker: where is {where!r}; allowed: a function of an item, "
        "or a dict of an item's fields"
    )


def case_order(items: Iterable[pytest.Item]) -> list[int]:
    """Return the numbers of the jobs the collected tests want, each once, in their order."""
    order: dict[int, None] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        for fixture in (FIXTURE, ROBUSTNESS_FIXTURE):
            if callspec is not None and fixture in callspec.params:
                order[callspec.params[fixture]] = None
    return list(order)
