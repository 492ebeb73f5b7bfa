"""``confirm``: a new finding counts where most repeats of its case have it too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.verdicts.labels import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.analysis.panel_item import PanelItem
    from pytest_safescale.gates.measures import MeanOfCases

__all__ = ["Repeat", "confirmed"]

_LABEL = {finding.name: finding.label for finding in FINDINGS if finding.label}


class Repeat(NamedTuple):
    """The single answer of a repeat."""

    letter: str | None
    """``None`` for an abstention, and where nobody knows."""
    unread: bool = False
    failed: bool = False


def confirmed(
    new: MeanOfCases,
    finding: str,
    *,
    items: Mapping[str, PanelItem],
    repeats: Mapping[str, Sequence[Repeat]],
    wanted: int,
) -> MeanOfCases:
    """Return the items with a finding that is new and that more than half of the repeats have.

    ``new`` are the items with a new finding, ``wanted`` the number of repeats; ``items`` and
    ``repeats`` are by id. A repeat that failed, cannot be read or was not asked could have had it.
    """
    low, high, lacks = [], [], []
    for place, name in enumerate(new.ids):
        asked = repeats.get(name, ())[:wanted]
        seen = [_has(items.get(name), one, finding) for one in asked]
        sure, open_ = seen.count(True), seen.count(None) + wanted - len(seen)
        low.append(2 * sure > wanted)
        high.append(2 * (sure + open_) > wanted)
        lacks.append(new.lack(place) or _lack(asked, wanted) if open_ else new.lack(place))
    certain, possible = np.array(low, dtype=bool), np.array(high, dtype=bool)
    ends = new.ends
    return replace(
        new,
        values=new.values.astype(bool) & possible,
        span=replace(ends, low=ends.low * certain, high=ends.high * possible),
        lacks=tuple(lacks),
    )


def _has(item: PanelItem | None, repeat: Repeat, finding: str) -> bool | None:
    """Say whether a repeat has the finding; ``None`` where nobody knows."""
    if item is None or repeat.failed:
        return None
    if finding == "unreadable":
        return repeat.unread
    if repeat.unread:
        return None
    if finding == "abstained":
        return repeat.letter is None
    wrong = repeat.letter != item.truth
    label = _LABEL.get(finding)
    return wrong if label is None else wrong and label in item.labels.get(repeat.letter or "", ())


def _lack(asked: Sequence[Repeat], wanted: int) -> Lack:
    """Return what of the repeats is missing first."""
    if len(asked) < wanted:
        return Lack.NOT_ASKED
    failed = any(one.failed for one in asked)
    return Lack.FAILED if failed else Lack.UNREADABLE
