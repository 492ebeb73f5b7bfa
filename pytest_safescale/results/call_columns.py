"""The calls behind the cases of a run, in columns: what they took, and when replies were stored."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_safescale.results.case_record import CallRecord
    from pytest_safescale.results.manifest_models import Served
    from pytest_safescale.results.same_replies import Times

__all__ = ["TOKENS", "CallColumns"]

TOKENS = ("prompt_tokens", "completion_tokens", "estimated_tokens")
"""What is counted of tokens, as the keys of ``TokenCounts``."""


class CallColumns:
    """Counts each call once, whichever cases it stands behind; of a reply 8 bytes are kept."""

    def __init__(self) -> None:
        self.replies = 0
        self.money = array("d")
        """What each call cost, in the user's unit, in the order in which the calls came."""
        self.days: Counter[str] = Counter()
        """Replies that earlier runs made, by the day (UTC) on which they were stored."""
        self.tokens: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """What they took, by the model that was asked and the names of TOKENS."""
        self._served: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self._numbers: dict[str, int] = {}
        # Case by case the numbers of its calls, and of each of those when replies were stored;
        # of both where each part ends.
        self._calls, self._ends = array("q"), array("q", [0])
        self._times, self._time_ends = array("d"), array("q", [0])

    def add_case(self, calls: Iterable[CallRecord], model: str) -> None:
        """Take in the calls of the next case, which is one of this model."""
        for call in calls:
            asked = call.get("model", model)  # the second reader's calls name it
            number = self._numbers.setdefault(call["key"], len(self._numbers))
            if number == len(self.money):
                self._count(call, asked)
            self._served[asked].update((name, mark) for name, mark in call["served"])
            self._calls.append(number)
            self._times.extend(call.get("stored_at") or ())
            self._time_ends.append(len(self._times))
        self._ends.append(len(self._calls))

    def _count(self, call: CallRecord, asked: str) -> None:
        self.replies += call["replies"]
        self.money.append(call["money"])
        self.days.update(call["from_store"])
        counts = self.tokens[asked]
        counts["prompt_tokens"] += call["prompt_tokens"]
        counts["completion_tokens"] += call["completion_tokens"]
        counts["estimated_tokens"] += call["estimated_tokens"]

    def times_by_case(self) -> Iterator[Times]:
        """Give when the replies behind each case were stored, by call, in the order of cases."""
        keys = list(self._numbers)
        parts = list(pairwise(self._time_ends))
        for first, end in pairwise(self._ends):
            yield {
                keys[self._calls[place]]: self._times[slice(*parts[place])]
                for place in range(first, end)
            }

    def served_as(self, model: str) -> list[Served]:
        """Return the names and fingerprints a model answered under."""
        names = sorted(self._served.get(model, ()))
        return [{"model": name, "fingerprint": mark} for name, mark in names]
