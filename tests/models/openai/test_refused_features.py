"""What an endpoint does not take is learned from its refusal, and left out from then on."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import (
    BatchRefused,
    EndpointFacts,
    ToolsRefused,
    TransientFailure,
)
from pytest_safescale.models.openai.answers import Refusal
from tests.models.openai.asking import TOOLS, adapted, ask, model, request
from tests.servers import ChatServer, complaint

if TYPE_CHECKING:
    from aiohttp import web


@pytest.mark.parametrize(
    ("refused", "wanted", "error"),
    [("n", {"samples": (0, 1)}, BatchRefused), ("tools", {"tools": TOOLS}, ToolsRefused)],
)
def test_a_refused_feature_has_a_name(
    refused: str, wanted: dict[str, Any], error: type[Exception]
) -> None:
    with ChatServer(refuses=(refused,)) as server, pytest.raises(error):
        ask(model(server.url), request(**wanted))


REFUSALS = [
    # OpenAI, vLLM without a tool parser, Ollama, and llama.cpp old and new.
    ({"samples": (0, 1)}, 400, "n must be 1", "n", BatchRefused),
    (
        {"samples": (0, 1)},
        422,
        "[{'loc': ['body', 'n'], 'msg': 'not permitted'}]",
        "",
        BatchRefused,
    ),
    ({"samples": (0, 1)}, 501, "'n' is not implemented", "", BatchRefused),
    ({"samples": (0, 1)}, 500, "Only one completion choice is allowed", "", BatchRefused),
    ({"samples": (0, 1)}, 503, "n > 1 is not supported", "", BatchRefused),
    ({"samples": (0, 1)}, 500, "parameter 'n' must be 1", "", BatchRefused),
    ({"samples": (0, 1)}, 403, "multiple completions need another plan", "", BatchRefused),
    ({"samples": (0, 1)}, 400, "number of choices should be 1", "", BatchRefused),
    ({"samples": (0, 1)}, 200, "Only one completion choice is allowed", "", BatchRefused),
    ({}, 500, "Only one completion choice is allowed", "", TransientFailure),
    ({"samples": (0, 1)}, 500, "/v1/chat/completions: out of memory", "", TransientFailure),
    ({"samples": (0, 1)}, 503, "le serveur n'est pas disponible", "", TransientFailure),
    ({"samples": (0, 1)}, 503, "in chunk n of 3", "", TransientFailure),
    ({"samples": (0, 1)}, 400, "the prompt doesn't fit", "", Refusal),
    ({}, 400, "n must be 1", "n", Refusal),
    ({"tools": TOOLS}, 400, '"auto" tool choice requires a tool parser', "", ToolsRefused),
    ({"tools": TOOLS}, 400, "registry.ollama.ai/m does not support tools", "", ToolsRefused),
    ({"tools": TOOLS}, 500, "tools param requires --jinja flag", "", ToolsRefused),
    ({"tools": TOOLS}, 500, "Unsupported param: tools", "", ToolsRefused),
    ({"tools": TOOLS}, 500, "out of memory", "", TransientFailure),
    ({}, 500, "Unsupported param: tools", "", TransientFailure),
]


@pytest.mark.parametrize(("wanted", "status", "message", "param", "error"), REFUSALS)
def test_only_a_refusal_of_the_feature_itself_has_its_name(
    wanted: dict[str, Any], status: int, message: str, param: str, error: type[Exception]
) -> None:
    with ChatServer(response=lambda *_: complaint(status, message, param=param)) as server:
        asked = model(server.url)
        with pytest.raises(CallFailed) as caught:
            ask(asked, request(**wanted))
    assert type(caught.value) is error
    assert asked.facts.tools is (error is not ToolsRefused)
    assert asked.facts.batch == (1 if error is BatchRefused else None)


def test_requests_side_by_side_learn_together_what_is_refused() -> None:
    with ChatServer(refuses=("seed", "max_tokens")) as server:
        asked = model(server.url)

        async def many() -> None:
            await asyncio.gather(*(adapted(asked, request()) for _ in range(50)))
            await asked.aclose()

        asyncio.run(many())
    assert asked.facts == EndpointFacts(seed=False, max_tokens_name="max_completion_tokens")


def test_what_was_learned_outlives_the_model() -> None:
    with ChatServer(refuses=("seed", "max_tokens")) as server:
        first, second = model(server.url), model(server.url)
        ask(first)
        second.facts.update(json.loads(json.dumps(first.facts.as_dict())))
        before = server.calls
        ask(second)
        assert server.calls == before + 1


@pytest.mark.parametrize(
    ("message", "param", "learned"),
    [
        # The first is OpenAI's own, of its reasoning models.
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
            True,
        ),
        ("'max_tokens' is not supported, use 'max_completion_tokens'", "", True),
        ("max_tokens or max_completion_tokens is above 4096", "max_tokens", False),
    ],
)
def test_the_bound_of_the_reply_takes_the_name_the_endpoint_wants(
    message: str, param: str, learned: bool
) -> None:
    def refuse(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        return complaint(400, message, param=param) if "max_tokens" in payload else None

    with ChatServer(response=refuse) as server:
        asked = model(server.url)
        if learned:
            assert ask(asked)[0].text == "B"
            assert server.requests[-1]["max_completion_tokens"] == 10
        else:
            with pytest.raises(Refusal):
                ask(asked)
    assert (asked.facts.max_tokens_name == "max_completion_tokens") is learned


def test_a_refused_parameter_we_can_spare_is_left_out_from_then_on() -> None:
    with ChatServer(refuses=("seed",)) as server:
        asked = model(server.url)
        ask(asked, request(), request())
        assert asked.facts.seed is False
        assert ["seed" in payload for payload in server.requests] == [True, False, False]
