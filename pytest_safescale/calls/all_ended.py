"""Several coroutines at once, none of which is left running when another of them fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

__all__ = ["all_ended"]

T = TypeVar("T")


async def all_ended(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return what each gives, in their order, once all have ended; raises what the first raised."""
    if len(calls) == 1:
        return [await calls[0]]
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
