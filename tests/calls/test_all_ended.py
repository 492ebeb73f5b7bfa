"""Several calls at once: what they share may be closed once they are over."""

from __future__ import annotations

import asyncio

import pytest

from pytest_safescale.calls.all_ended import all_ended


def test_nothing_is_under_way_when_a_failure_is_raised() -> None:
    ended: list[str] = []

    async def fails(name: str) -> str:
        ended.append(name)
        raise ValueError(name)

    async def works() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended.append("works")
        return "works"

    async def all_of_them() -> None:
        with pytest.raises(ValueError, match="first"):
            await all_ended([works(), fails("first"), fails("second"), works()])
        assert sorted(ended) == ["first", "second", "works", "works"]
        assert await all_ended([works(), works()]) == ["works", "works"]
        assert await all_ended([works()]) == ["works"]
        assert await all_ended([]) == []

    asyncio.run(all_of_them())
