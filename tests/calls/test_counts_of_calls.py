"""What calls cost beside their requests, in counts: transactions, looks at a model, connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.database import Database
from pytest_safescale.models.openai.http import JsonClient
from pytest_safescale.models.openai.http_address import CHAT_PATH
from tests.calls.callers import caller
from tests.calls.models import ScriptedModel, request
from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    import pytest
    from aiohttp import web

    from pytest_safescale.calls.store import Store

AT_ONCE = 150
"""More than the hundred connections that aiohttp opens unless told otherwise."""


def test_calls_that_come_up_together_are_claimed_and_kept_in_two_transactions(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, begun, statements = ScriptedModel(), list[int](), list[str]()
    writing, write = Database.writing, Database.write

    def counted_writing(db: Database) -> AbstractContextManager[None]:
        begun.append(1)
        return writing(db)

    def counted_write(db: Database, statement: str, rows: Iterable[Sequence[object]]) -> None:
        statements.append(statement)
        write(db, statement, rows)

    monkeypatch.setattr(Database, "writing", counted_writing)
    monkeypatch.setattr(Database, "write", counted_write)

    async def all_at_once() -> None:
        ask = caller(store, in_flight=AT_ONCE)
        await asyncio.gather(*(ask.ask(model, request(str(n))) for n in range(AT_ONCE)))

    asyncio.run(all_at_once())
    assert len(model.asked) == AT_ONCE
    assert len(begun) == 2
    assert len(statements) < 12  # of all calls together: none is carried out call by call


class Watched(ScriptedModel):
    """Counts how often somebody asks whether its requests can go by batch."""

    looks = 0

    @property
    def batches(self) -> Any:
        Watched.looks += 1
        raise AttributeError


def test_a_model_is_not_looked_at_for_batches_where_requests_go_at_once(store: Store) -> None:
    asyncio.run(caller(store).ask(Watched(), request()))
    assert Watched.looks == 0


def test_as_many_requests_are_under_way_as_are_sent_and_connections_are_kept() -> None:
    together, ports = asyncio.Event(), set[Any]()

    async def once_all_are_there(asked: web.Request, _: object) -> web.Response:
        ports.add(asked.transport.get_extra_info("peername") if asked.transport else None)
        if server.most_at_once == AT_ONCE:
            together.set()
        await together.wait()
        return complaint(400, "seen")

    async def post_all() -> None:
        client = JsonClient(server.url, key=KEY)
        for _ in range(2):
            calls = (client.post(CHAT_PATH, {"model": "m"}) for _ in range(AT_ONCE))
            await asyncio.gather(*calls, return_exceptions=True)
        await client.aclose()

    with ChatServer(response=once_all_are_there) as server:
        asyncio.run(post_all())
        assert (server.most_at_once, server.calls) == (AT_ONCE, 2 * AT_ONCE)
    assert len(ports) == AT_ONCE
