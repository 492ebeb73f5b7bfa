"""A run in parts: which items a shard has, decided by the items' ids alone."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "Shard",
    "items_of_shard",
    "parse_shard",
    "part_of_models",
    "shard_in",
    "shard_notice",
    "shard_sentence",
]

_NUMBERS = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


class Shard(NamedTuple):
    """One of several parts of a run."""

    number: int
    """From 1 on."""
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse_shard(text: str) -> Shard:
    """Return the shard that ``3/10`` means; ValueError for anything else."""
    numbers = _NUMBERS.fullmatch(text.strip())
    shard = Shard(int(numbers[1]), int(numbers[2])) if numbers else Shard(0, 0)
    if not 1 <= shard.number <= shard.of:
        raise ValueError("allowed: NUMBER/OF, such as 3/10, from 1/10 to 10/10")
    return shard


def items_of_shard(ids: Collection[str], shard: Shard) -> set[str]:
    """Return the ids of a shard's items; every id is in exactly one shard.

    Ids are ordered by their SHA-256 and cut into blocks whose sizes differ by at most one. So the
    order of the file is no matter, and an item more or less moves at most one other across each of
    the borders. Raises SettingsError where there are more shards than items.
    """
    if shard.of > len(ids):
        raise SettingsError(
            f"--safescale-shard: found {shard}; allowed: at most {len(ids)} shards, "
            "as many as there are items to ask about"
        )
    ordered = sorted(ids, key=_draw)
    first, end = ((shard.number - back) * len(ids) // shard.of for back in (1, 0))
    return set(ordered[first:end])


def part_of_models(shard: Shard, models: int) -> tuple[int, Shard]:
    """Return which model a shard of models has, from 0, and which of that model's shards it is.

    Raises SettingsError where the shards are not as many for each model.
    """
    if shard.of % models:
        raise SettingsError(
            f"--safescale-shard: found {shard}; allowed: with --safescale-shard-by models a "
            f"multiple of {models} shards, as many for each model"
        )
    each = shard.of // models
    model, number = divmod(shard.number - 1, each)
    return model, Shard(number + 1, each)


def _draw(item_id: str) -> tuple[bytes, str]:
    # Ids may hold half of a surrogate pair.
    return hashlib.sha256(item_id.encode("utf-8", "surrogatepass")).digest(), item_id


def shard_in(manifest: Mapping[str, Any]) -> Shard | None:
    """Return which shard a manifest is of; ``None`` for a whole run."""
    told = manifest.get("shard")
    return Shard(told["number"], told["of"]) if told else None


def shard_sentence(shard: Shard) -> str:
    """Return what stands in the place of a run verdict."""
    return f"Shard {shard}: gates are judged once, on the whole run, by safescale merge."


def shard_notice(shard: Shard) -> str:
    """Return the sentence that stands wherever a shard's figures appear."""
    part = "these figures are of a part of the run, and no gate is judged on a part"
    return f"shard {shard}: {part}"
