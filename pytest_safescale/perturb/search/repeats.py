"""The control of searches: the item as it is, asked again as often as its edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.perturb.families.family import Material
from pytest_safescale.perturb.relations import Trial
from pytest_safescale.perturb.search.probe import Probe, SearchReport, Tally

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from pytest_safescale.perturb.relations import Observed

__all__ = ["ask_again"]

NOTHING_TO_MATCH = "no edit that keeps the meaning applies"


async def ask_again(
    probe: Probe,
    wanted: Mapping[str, int],
    answer: Callable[[Sequence[int]], Awaitable[Sequence[Observed]]],
    *,
    batch: int,
) -> SearchReport:
    """Ask the item as it is again and return how often the answer is another.

    ``wanted`` says how many repeats stand beside each relation's edits. They are numbered from 1
    over all relations: no reply serves two of them. ``answer`` gives one answer for each number.
    """
    report = SearchReport(
        relation=probe.relation.name,
        family=probe.relation.family.name,
        item_id=probe.item.id,
        condition=probe.condition,
        scope=probe.scope,
        lack=_lack(probe, wanted),
    )
    if report.lack is not None:
        return report
    answers: list[Observed] = []
    for start in range(1, sum(wanted.values()) + 1, batch):
        numbers = range(start, min(start + batch, sum(wanted.values()) + 1))
        answers += await answer(numbers)
    tallies = [_tally(probe, after) for after in answers]
    repeats, start = {}, 0
    for relation, many in wanted.items():
        repeats[relation] = sum(tallies[start : start + many], Tally())
        start += many
    return SearchReport(
        **{**vars(report), "tally": sum(tallies, Tally()), "calls": start, "repeats": repeats}
    )


def _lack(probe: Probe, wanted: Mapping[str, int]) -> str | None:
    if probe.before.error is not None:
        return f"no original answer: {probe.before.error}"
    return None if any(wanted.values()) else NOTHING_TO_MATCH


def _tally(probe: Probe, after: Observed) -> Tally:
    variant = Material.of(probe.item, probe.evidence).variant(())
    trial = Trial(item=probe.item, variant=variant, target="", before=probe.before, after=after)
    return Tally.of(trial, probe.relation)
