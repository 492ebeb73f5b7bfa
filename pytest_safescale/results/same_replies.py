"""Two runs whose figures rest on the same replies: between them nothing is compared.

A reply is told from any other by its call and by when it was stored, in copies of a store too.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pytest_safescale.results.case_record import KeptCase

    Times = Mapping[str, Sequence[float]]
    """When the replies behind a case were stored, by call."""
    Case = tuple[str, str, str]
    """Model, condition with its profile, and item."""

__all__ = [
    "Resting",
    "refusal_of_same_replies",
    "replies_by_case",
    "require_other_replies",
    "rest_on_the_same",
    "resting_notices",
    "resting_on",
]


class Resting(NamedTuple):
    """How many of a model's cases that are compared rest on the replies of their counterparts."""

    model: str
    same: int
    compared: int


def rest_on_the_same(now: Times, before: Times) -> bool:
    """Say whether two cases rest on the same replies; one may have fewer samples, or none."""
    shared = now.keys() & before.keys()
    if not shared or len(shared) < min(len(now), len(before)):
        return False
    pairs = [(set(now[key]), set(before[key])) for key in shared]
    return all(one and other and (one <= other or other <= one) for one, other in pairs)


def replies_by_case(records: Iterable[KeptCase], items: Collection[str]) -> dict[Case, Times]:
    """Return the ``replies`` of records that count in a comparison, by case.

    A case that failed is compared with nothing.
    """
    return {
        (record["model"], record["condition"], record["item_id"]): record["replies"]
        for record in records
        if record["error"] is None and record["item_id"] in items
    }


def resting_on(
    before: Mapping[Case, Times], now: Mapping[Case, Times], *, matched_models: Mapping[str, str]
) -> list[Resting]:
    """Return of each model that is compared how many cases rest on its baseline's replies."""
    compared, same = Counter[str](), Counter[str]()
    for (model, condition, item), times in now.items():
        counterpart = before.get((matched_models.get(model, ""), condition, item))
        if counterpart is not None:
            compared[model] += 1
            same[model] += rest_on_the_same(times, counterpart)
    return [Resting(model, same[model], count) for model, count in compared.items()]


def require_other_replies(found: Sequence[Resting], place: str) -> None:
    """Refuse a comparison in which no case rests on replies of its own; raises SettingsError."""
    if found and all(one.same == one.compared for one in found):
        raise refusal_of_same_replies(place, sum(one.compared for one in found))


def refusal_of_same_replies(place: str, cases: int) -> SettingsError:
    """Return what is said of a run that rests on the replies of its baseline."""
    return SettingsError(
        f"{place} rests on the very replies that this run does, in all {cases} cases that they "
        "share: between them nothing would be compared; allowed: --safescale-fresh or "
        "--safescale-max-age, which ask anew, a new revision in the model's table, or another model"
    )


def resting_notices(found: Iterable[Resting]) -> list[str]:
    """Say of each model how far its comparison says nothing."""
    return [
        f"{one.model}: {one.same} of {one.compared} cases that are compared rest on the very "
        "replies of the baseline, so that they cannot differ"
        for one in found
        if one.same
    ]
