"""What a request was answered with, and since when the store has had it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.calls.usage import Usage, usage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.calls.stored_replies import StoredReply
    from pytest_safescale.models.model import Reply, Request

__all__ = ["Answered", "joined"]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The replies to one request."""

    key: bytes
    replies: Mapping[int, Reply]
    """By sample index; every sample asked for is there."""
    stored_at: tuple[float, ...]
    """The times at which they were stored, each once, in seconds since 1970, ascending."""
    from_store: Mapping[str, int]
    """How many of them earlier runs made, by the day (UTC) on which they were stored."""
    usage: Usage

    @classmethod
    def of(cls, key: bytes, request: Request, stored: Mapping[int, StoredReply]) -> Answered:
        """Return what a request was answered with."""
        replies = {sample: one.reply for sample, one in stored.items()}
        return cls(
            key=key,
            replies=replies,
            stored_at=tuple(sorted({one.stored_at for one in stored.values()})),
            from_store=Counter(_day(one.stored_at) for one in stored.values() if one.earlier),
            usage=usage_of(request, replies.values()),
        )

    def and_also(self, other: Answered) -> Answered:
        """Return these replies with those to further samples of the same request."""
        return Answered(
            key=self.key,
            replies={**self.replies, **other.replies},
            stored_at=tuple(sorted({*self.stored_at, *other.stored_at})),
            from_store=Counter(self.from_store) + Counter(other.from_store),
            usage=self.usage + other.usage,
        )


def joined(parts: Iterable[Answered]) -> list[Answered]:
    """Return answers with those to the same request in one, as to samples drawn one by one."""
    whole: dict[bytes, Answered] = {}
    for part in parts:
        before = whole.get(part.key)
        if before is None:
            whole[part.key] = part
        elif not part.replies.keys() <= before.replies.keys():  # else it is the same, asked again
            whole[part.key] = before.and_also(part)
    return list(whole.values())


def _day(seconds: float) -> str:
    return _day_of_number(int(seconds // 86_400))


@lru_cache
def _day_of_number(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()
