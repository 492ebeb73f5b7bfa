"""What clusters and subgroups of the items leave of what they can show: told with the plan."""

from __future__ import annotations

from collections import Counter
from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_safescale.analysis.panel_item import SUBGROUP_FIELDS, one_subgroup
from pytest_safescale.gates.criteria.subgroups import FEWEST_CASES
from pytest_safescale.runs.planned_simulation import Layout
from pytest_safescale.statistics import power
from pytest_safescale.statistics.clusters import FEWEST_CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.gates.spec import Gate

__all__ = ["item_sentences", "layout_of"]

_NAMED = 5


def item_sentences(items: Sequence[Item], gates: Sequence[Gate]) -> list[str]:
    """Return the sentences, in 80 columns; nothing without clusters and gates with ``by``."""
    told = [*_of_clusters(items), *(_of_subgroups(gate, items) for gate in gates if gate.by)]
    lines = [line for one in told for line in wrap(one, 80, subsequent_indent="  ")]
    return ["", *lines] if lines else []


def layout_of(items: Sequence[Item]) -> Layout:
    """Return how the items hang together, by cluster and by subgroup."""
    return Layout(
        clusters=[item.cluster for item in items],
        subgroups={
            name: [one_subgroup(getattr(item, name)) for item in items] for name in SUBGROUP_FIELDS
        },
    )


def _of_clusters(items: Sequence[Item]) -> Iterator[str]:
    sizes = list(Counter(item.cluster or index for index, item in enumerate(items)).values())
    if len(sizes) == len(items):
        return
    alike = len(items) ** 2 / sum(size**2 for size in sizes)
    yield (
        f"Items come in {len(sizes)} clusters, up to {max(sizes)} items in one: the tables above "
        "take them for independent, the gates do not. If each cluster were answered all alike, "
        f"{len(items)} items would say as much as {alike:.0f}."
    )
    if len(sizes) < FEWEST_CLUSTERS:
        yield f"A gate on a rate with confidence needs {FEWEST_CLUSTERS} clusters to pass."


def _of_subgroups(gate: Gate, items: Sequence[Item]) -> str:
    """Say how many items each subgroup of a gate has, and which have too few to pass it."""
    assert gate.by is not None
    sizes = Counter(one_subgroup(getattr(item, gate.by)) for item in items)
    start = f"{gate.called}, {gate.rule}: {len(sizes)} subgroups of {_span(sizes.values())} items"
    needed = _needed(gate, len(sizes))
    if needed is None:
        return start
    few = sorted(name for name, size in sizes.items() if size < needed)
    if not few:
        return f"{start}, each of which is enough"
    more = f" and {len(few) - _NAMED} more" if len(few) > _NAMED else ""
    named = f"{', '.join(f'{name} ({sizes[name]})' for name in few[:_NAMED])}{more}"
    return f"{start}; it takes {needed} in each, and too few have {named}"


def _needed(gate: Gate, subgroups: int) -> int | None:
    """Return the items with which a subgroup passes at best, as the hardest of all."""
    if gate.tested_confidence is None:
        return FEWEST_CASES
    if not gate.kind.is_threshold:
        return None
    threshold = gate.threshold if gate.at_most else 1 - gate.threshold
    return power.items_needed(threshold, 0, 1 - (1 - gate.tested_confidence) / subgroups)


def _span(sizes: Collection[int]) -> str:
    low, high = min(sizes), max(sizes)
    return str(low) if low == high else f"{low} to {high}"
