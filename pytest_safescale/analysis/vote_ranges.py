"""What the vote of an ensemble can be, whatever its members' missing replies had been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.completion_ranges import (
    CellSpans,
    Lack,
    Span,
)
from pytest_safescale.analysis.counting_codes import allowed_answers, counting_codes
from pytest_safescale.analysis.ensembles import vote
from pytest_safescale.analysis.expected_harm import is_known
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY
from pytest_safescale.analysis.open_answers import OpenAnswers
from pytest_safescale.analysis.panel import ERRORED, NULL
from pytest_safescale.verdicts.verdict import DANGEROUS_CONFIDENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.arrays import Numbers


__all__ = ["VotedCases", "voted_cases"]


@dataclass(frozen=True, kw_only=True)
class VotedCases:
    """One metric of a vote, over the items that every member has a case of."""

    ids: tuple[str, ...]
    values: Numbers
    """(items,) as counted."""
    over: NDArray[np.bool_]
    """(items,) which items are cases, as counted."""
    span: Span
    lacks: tuple[Lack | None, ...]


def voted_cases(members: Panel, condition: int, metric: str) -> VotedCases | None:
    """Return a metric of the vote of a panel's models; ``None`` where votes have no such metric."""
    asked = np.all(members.exists[:, condition], axis=0)
    found = vote(members)
    rates = {
        **{name: (values, found.judged.there) for name, values in found.judged.rates.items()},
        "dangerous_overconfidence_rate": (found.dangerous, found.confident),
        "synchronized_failure_rate": (found.alike, found.judged.there),
    }
    if metric not in rates:
        return None
    values, over = (part[condition][asked] for part in rates[metric])
    if not is_known(members, metric):
        over = np.zeros_like(over)
    votes = _Votes(members, condition, asked)
    return VotedCases(
        ids=tuple(members.items[place].id for place in np.flatnonzero(asked)),
        values=values,
        over=over,
        span=votes.span(metric, values.astype(np.float64), over),
        lacks=votes.lacks(metric),
    )


class _Votes:
    def __init__(self, members: Panel, condition: int, asked: NDArray[np.bool_]) -> None:
        self._members, self._at, self._asked = members, condition, asked
        greedy, unread = members.greedy[:, condition, asked], members.unread[:, condition, asked]
        self._failed, self._unread = (greedy == ERRORED).any(axis=0), unread.any(axis=0)
        free = (greedy == ERRORED) | unread
        codes = np.arange(len(members.alphabet) + 1)
        known = ~free[..., None] & (np.maximum(greedy, NULL)[..., None] == codes)
        self._votes = OpenAnswers(
            counts=known.sum(axis=0).astype(np.int32),
            free=free.sum(axis=0),
            allowed=allowed_answers(members)[asked],
            options=members.options[asked],
        )

    def lacks(self, metric: str) -> tuple[Lack | None, ...]:
        """Return what each vote is missing; ``None`` where nothing."""
        lacking = [
            Lack.FAILED if failed else Lack.UNREADABLE if unread else None
            for failed, unread in np.stack([self._failed, self._unread], axis=1).tolist()
        ]
        if metric != "dangerous_overconfidence_rate":
            return tuple(lacking)
        for member in self._sampled():
            lacking = [
                own or other
                for own, other in zip(lacking, member.lacks(SELF_CONSISTENCY), strict=True)
            ]
        return tuple(lacking)

    def span(self, metric: str, values: Numbers, over: NDArray[np.bool_]) -> Span:
        """Return what the votes can add to a metric."""
        if not is_known(self._members, metric):
            return Span.known(values, over)
        codes = counting_codes(self._members, self._asked)[metric]
        every = np.ones(len(values), dtype=bool)
        if metric == "dangerous_overconfidence_rate":
            low, high, every = self._dangerous(codes)
        elif metric == "synchronized_failure_rate":
            low, high = self._votes.can_be_unanimous(codes)
        else:
            low, high = self._votes.can_be(codes)
        return Span.between(low, high, may=every, must=every)

    def _dangerous(
        self, codes: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the ends of a vote for one of the codes, and where every member has samples."""
        ends = [member.confidence for member in self._sampled()]
        low, high = (np.stack(end).mean(axis=0) for end in zip(*ends, strict=True))
        certain, possible = self._votes.can_be(codes)
        drawn, wanted = (
            part[:, self._at, self._asked] for part in (self._members.drawn, self._members.wanted)
        )
        confident = ((drawn != 0) | (wanted > 0)).all(axis=0)
        sure = DANGEROUS_CONFIDENCE
        return certain & (low >= sure), possible & (high >= sure), confident

    def _sampled(self) -> list[CellSpans]:
        places = range(len(self._members.models))
        return [CellSpans(self._members, (place, self._at), self._asked) for place in places]
