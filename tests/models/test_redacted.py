"""What a model says is taken in without keys, and no longer than can be of use."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import EndpointRefused, SafescaleError
from pytest_safescale.models import redacted
from pytest_safescale.models.model import (
    EndpointFacts,
    ModelInfo,
    Reply,
    Request,
    ToolCall,
    TransientFailure,
)
from pytest_safescale.models.redacted import MOST_CHARACTERS, MOST_TOOL_CALLS, GuardedModel
from pytest_safescale.text.redaction import Redactor
from tests.servers import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUEST = Request(messages=(), temperature=0.0, max_tokens=10, seed=1)


class Says:
    """A model that gives one reply, or raises."""

    def __init__(self, said: Reply | SafescaleError) -> None:
        self.info = ModelInfo(name="m", provider="mine", model="m")
        self.facts = EndpointFacts()
        self.closed = False
        self._said = said

    async def ask(self, request: Request) -> Sequence[Reply]:
        if isinstance(self._said, SafescaleError):
            raise self._said
        return [self._said]

    async def aclose(self) -> None:
        self.closed = True


def ask(said: Reply | SafescaleError) -> Reply:
    return asyncio.run(_asked(GuardedModel(Says(said), Redactor([KEY]))))


async def _asked(model: GuardedModel) -> Reply:
    return (await model.ask(REQUEST))[0]


def test_a_usual_reply_stays_as_it_is() -> None:
    call = ToolCall(id="c", name="search", arguments='{"query": "x"}')
    reply = Reply(text="B", tool_calls=(call,), served_model="m-1", fingerprint="fp", latency_s=0.5)
    assert ask(reply) == reply


def test_every_text_of_a_reply_is_cleaned() -> None:
    call = ToolCall(id=KEY, name=KEY, arguments=f'{{"query": "{KEY}"}}')
    said = Reply(text=KEY, tool_calls=(call,), finish_reason=KEY, served_model=KEY, fingerprint=KEY)
    assert KEY not in repr(ask(said))
    assert ask(said).tool_calls[0].arguments == '{"query": "[key]"}'


@pytest.mark.parametrize(
    "error", [TransientFailure(f"you sent {KEY}", 3.0), EndpointRefused(f"you sent {KEY}")]
)
def test_an_error_keeps_its_kind_and_loses_the_key(error: SafescaleError) -> None:
    with pytest.raises(type(error)) as caught:
        ask(error)
    assert str(caught.value) == "you sent [key]"
    assert getattr(caught.value, "retry_after_s", 3.0) == 3.0


def test_of_a_reply_that_is_too_long_both_ends_are_kept_and_it_says_so() -> None:
    middle = "m" * 49_000_000
    half = MOST_CHARACTERS // 2
    reply = ask(Reply(text=f"{'a' * half}{middle}{'z' * half}"))
    assert reply.left_out == len(middle)
    cut = "\n[... 49,000,000 characters of this reply were left out here ...]\n"
    assert reply.text == f"{'a' * half}{cut}{'z' * half}"
    at_most = Reply(text="a" * MOST_CHARACTERS)
    assert ask(at_most) == at_most


def test_a_key_at_the_cut_is_taken_out_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redacted, "MOST_CHARACTERS", 100)
    for before in range(20, 60):
        said = "a" * before + KEY + "z" * 200
        text = ask(Reply(text=said)).text
        assert KEY[:6] not in text
        assert KEY[-6:] not in text


def test_names_and_tool_calls_are_bounded_too() -> None:
    call = ToolCall(id="i" * 1000, name="n" * 1000, arguments="a" * (MOST_CHARACTERS + 1000))
    said = Reply(
        text="",
        tool_calls=(call,) * 1000,
        finish_reason="f" * 1000,
        served_model="s" * 1000,
        fingerprint="p" * 1000,
    )
    reply = ask(said)
    assert len(reply.tool_calls) == MOST_TOOL_CALLS
    assert {len(reply.finish_reason), len(reply.served_model), len(reply.fingerprint)} == {300}
    first = reply.tool_calls[0]
    assert (len(first.id), len(first.name)) == (300, 300)
    assert len(first.arguments) < MOST_CHARACTERS + 100


def test_what_is_known_and_learned_is_the_models_own() -> None:
    inner = Says(Reply(text="B"))
    model = GuardedModel(inner, Redactor([]))
    model.facts.batch = 7
    inner.info = replace(inner.info, revision="2")
    assert (inner.facts.batch, model.info.revision) == (7, "2")
    assert repr(model) == "<GuardedModel m>"
    asyncio.run(model.aclose())
    assert inner.closed
