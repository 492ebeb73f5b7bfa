"""Which cases a run has: models, conditions, prompt profiles and items, one with another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_safescale.cells import PLAIN
from pytest_safescale.dataset.item import LETTERS, SEALED
from pytest_safescale.errors import SettingsError
from pytest_safescale.runs.case import Case
from pytest_safescale.settings.shards import items_of_shard, part_of_models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.conditions.condition import Condition
    from pytest_safescale.conditions.profiles import PromptProfile
    from pytest_safescale.dataset.item import Dataset, Item
    from pytest_safescale.models.model import Model
    from pytest_safescale.settings.schema import Settings
    from pytest_safescale.settings.shards import Shard

__all__ = [
    "OPTION_SEALED",
    "cases_of",
    "cases_of_shard",
    "check_letters",
    "chosen_items",
    "narrowed_by",
    "opened",
]

OPTION_SEALED = "--safescale-sealed"


def narrowed_by(settings: Settings, items: Sequence[Item], every: Sequence[Item]) -> str:
    """Say which items alone are asked about, and by which options; empty for all of them."""
    if len(items) == len(every):
        return ""
    given = {"--safescale-limit": settings.limit, "--safescale-item": settings.item}
    options = " and ".join(name for name, value in given.items() if value)
    return f"{len(items)} of {len(every)} items were chosen ({options})"


def chosen_items(items: Sequence[Item], ids: Sequence[str]) -> tuple[Item, ...]:
    """Return the items with these ids, all where none is given; raises SettingsError."""
    if not ids:
        return tuple(items)
    for item_id in ids:
        if all(item.id != item_id for item in items):
            known = ", ".join(item.id for item in items[:5])
            raise SettingsError(
                f"--safescale-item: found {item_id!r}; allowed: an item's id, such as {known}"
            )
    return tuple(item for item in items if item.id in ids)


def opened(items: tuple[Item, ...], settings: Settings, name: str) -> tuple[Item, ...]:
    """Return the items without the sealed ones, or all where those are opened.

    ``name`` is of the data set. Raises SettingsError where a sealed item is asked for by its id
    and stays sealed, where no other is left, and where there is none to open.
    """
    sealed, ids = settings.sealed == "open", settings.item
    closed = [item for item in items if item.pool == SEALED]
    if sealed and not closed:
        raise SettingsError(
            f"{OPTION_SEALED}: found open, and {name} has no sealed items; allowed: closed, or "
            f"items with pool = {SEALED}"
        )
    if sealed or not closed:
        return items
    if wanted := [item.id for item in closed if item.id in ids]:
        raise SettingsError(
            f"--safescale-item: found {wanted[0]!r}, which is sealed; allowed: a public item, or "
            f"{OPTION_SEALED}=open"
        )
    if len(closed) == len(items):
        raise SettingsError(
            f"every item of {name} is sealed; allowed: public items, or {OPTION_SEALED}=open"
        )
    return tuple(item for item in items if item.pool != SEALED)


def cases_of(
    models: Sequence[Model],
    conditions: Sequence[Condition],
    profiles: Sequence[PromptProfile],
    dataset: Dataset,
) -> tuple[tuple[Case, ...], Mapping[tuple[str, str], int]]:
    """Return the cases, and how many items are left out by (condition, reason).

    Raises SettingsError where there is no case.
    """
    corpus = bool(dataset.corpus)
    excluded: Counter[tuple[str, str]] = Counter()
    askable: list[tuple[Condition, list[tuple[int, Item]]]] = []
    for condition in conditions:
        items = []
        for place, item in enumerate(dataset.items):
            lack = condition.lacks(item, corpus=corpus)
            if lack is None:
                items.append((place, item))
            else:
                excluded[condition.name, lack] += 1
        askable.append((condition, items))
    if not any(items for _, items in askable):
        reasons = ", ".join(sorted({reason for _, reason in excluded}))
        raise SettingsError(f"no item of {dataset.name} fits the chosen conditions: {reasons}")
    names_profile = [profile.name for profile in profiles] != [PLAIN]
    cases = tuple(
        Case(
            model=model,
            condition=condition,
            item=item,
            profile=profile,
            names_profile=names_profile,
            place=place,
        )
        for model in models
        for condition, items in askable
        for profile in profiles
        for place, item in items
    )
    return cases, dict(excluded)


def check_letters(profiles: Sequence[PromptProfile], dataset: Dataset) -> None:
    """Refuse a profile that adds an option where an item has no letter left for it."""
    adding = [profile.name for profile in profiles if profile.abstain_option]
    full = [item.id for item in dataset.items if len(item.options) == len(LETTERS)]
    if adding and full:
        raise SettingsError(
            f"--safescale-prompts: found {adding[0]!r}, which adds an option, and item {full[0]} "
            f"of {len(LETTERS)} options; allowed: items of at most {len(LETTERS) - 1}"
        )


def cases_of_shard(
    cases: Sequence[Case], shard: Shard, models: Sequence[Model], *, by: str
) -> tuple[Case, ...]:
    """Return the cases of a shard, in their order: of some items, or of some items of one model.

    Raises SettingsError where there are more shards than items, or not as many for each model.
    """
    items = {case.item.id for case in cases}
    if by == "models":
        number, part = part_of_models(shard, len(models))
        chosen = items_of_shard(items, part)
        name = models[number].info.name
        return tuple(
            case for case in cases if case.item.id in chosen and case.model.info.name == name
        )
    chosen = items_of_shard(items, shard)
    return tuple(case for case in cases if case.item.id in chosen)
