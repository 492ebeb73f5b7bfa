"""Which cases a test wants: the ``safescale`` marker, and the order after collection."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pytest_safescale.dataset.item import Item
from pytest_safescale.plugin import FIXTURE, ROBUSTNESS_FIXTURE, internals, output
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = ["case_order", "chosen_cases", "chosen_relations", "why_none"]

_WORDS = ("conditions", "models", "prompts", "where", "relations")
_FIELDS = tuple(Item.model_fields)
"""What a dict of ``where`` may name."""
_SHOWN = 300
"""Characters of what the items have in its place."""


def chosen_cases(run: Run, definition: pytest.Item) -> list[int]:
    """Return the numbers of the cases that every ``safescale`` marker of a test leaves in.

    A run that stops once its gates are decided goes item by item over all cells, so that no cell
    is asked to its end before another has begun.
    """
    cases = run.cases
    picked: Iterable[int] = range(len(cases))
    for marker in definition.iter_markers("safescale"):
        _check(marker, run, definition.nodeid)
        picked = [index for index in picked if _picks(marker, cases[index])]
    if run.settings.stop_when_decided:
        return sorted(picked, key=lambda index: cases[index].place)
    return list(picked)


def chosen_relations(names: Sequence[str], definition: pytest.Item) -> list[int]:
    """Return the numbers of the relations that every ``safescale`` marker of a test leaves in."""
    wanted = [marker.kwargs.get("relations") for marker in definition.iter_markers("safescale")]
    return [
        number
        for number, name in enumerate(names)
        if all(_is_wanted(name, relations) for relations in wanted)
    ]


def why_none(run: Run, definition: pytest.Item) -> str:
    """Say which ``where`` of a test fits no item, and what the items have; empty for none such."""
    items = run.dataset.items
    parts = []
    for marker in definition.iter_markers("safescale"):
        where = marker.kwargs.get("where")
        if where is None or any(_fits(item, where) for item in items):
            continue
        parts.append(f"where {where!r} fits none of {len(items)} items")
        for field, value in where.items() if isinstance(where, dict) else ():
            there = dict.fromkeys(repr(getattr(item, field)) for item in items)
            if repr(value) not in there:
                parts.append(f"{field} is {shorten(', '.join(there), _SHOWN)}")
    return f"{definition.nodeid} asks nothing: {'; '.join(parts)}" if parts else ""


def _check(marker: pytest.Mark, run: Run, nodeid: str) -> None:
    """Refuse what would leave no case in, and so pass by asking nothing."""
    wanted = marker.kwargs
    unknown = sorted(set(wanted) - set(_WORDS))
    if marker.args or unknown:
        found = ", ".join([*map(repr, marker.args), *unknown])
        raise _complaint(nodeid, found, f"the keywords {', '.join(_WORDS)}")
    # Models are of the user's naming, and a test may be about one that is not asked this time.
    for name in _name_list(wanted.get("conditions")):
        if name not in run.known_conditions:
            raise _complaint(nodeid, f"condition {name!r}", ", ".join(run.known_conditions))
    for name in _name_list(wanted.get("prompts")):
        if name not in run.known_profiles:
            raise _complaint(nodeid, f"prompt profile {name!r}", ", ".join(run.known_profiles))
    where = wanted.get("where")
    for field in where if isinstance(where, dict) else ():
        if field not in _FIELDS and not isinstance(getattr(Item, str(field), None), property):
            raise _complaint(nodeid, f"where {field!r}", ", ".join(_FIELDS))


def _complaint(nodeid: str, found: str, allowed: str) -> pytest.UsageError:
    return output.refusal(f"safescale marker of {nodeid}: found {found}; allowed: {allowed}")


def _picks(marker: pytest.Mark, case: Case) -> bool:
    wanted = marker.kwargs
    return (
        _is_wanted(case.condition.name, wanted.get("conditions"))
        and _is_wanted(case.model.info.name, wanted.get("models"))
        and _is_wanted(case.profile.name, wanted.get("prompts"))
        and _fits(case.item, wanted.get("where"))
    )


def _is_wanted(name: str, wanted: object) -> bool:
    return wanted is None or name in _name_list(wanted)


def _name_list(wanted: object) -> list[str]:
    if isinstance(wanted, str):
        return [word.strip() for word in wanted.split(",")]
    return [str(name) for name in wanted] if isinstance(wanted, Collection) else []


def _fits(item: Item, where: object) -> bool:
    if where is None:
        return True
    if callable(where):
        return bool(where(item))
    if isinstance(where, dict):
        return all(getattr(item, str(field)) == value for field, value in where.items())
    raise output.refusal(
        f"safescale marker: where is {where!r}; allowed: a function of an item, "
        "or a dict of an item's fields"
    )


def case_order(items: Iterable[pytest.Item]) -> list[int]:
    """Return the numbers of the jobs the collected tests want, each once, in their order."""
    order: dict[int, None] = {}
    for item in items:
        wanted = internals.parameters(item)
        order |= {wanted[name]: None for name in (FIXTURE, ROBUSTNESS_FIXTURE) if name in wanted}
    return list(order)
