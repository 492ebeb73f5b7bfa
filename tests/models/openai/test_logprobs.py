"""Where a reply names an answer, and how probable each letter was there."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.stored_replies import call_key, stored_reply, written_reply
from pytest_safescale.errors import EndpointRefused
from pytest_safescale.models.model import AnswerToken, ModelInfo, Reply
from pytest_safescale.models.openai.logprobs import MOST_PLACES, answer_tokens
from tests.models.openai.asking import ask, model, request
from tests.servers import ChatServer, complaint, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

SURE = {"B": 0.9, "C": 0.05, "The": 0.05}
ASKED = request(logprobs=True)


def chances(places: list[dict[str, float]], text: str = "") -> list[tuple[str, Any]]:
    said = text or "".join(next(iter(place)) for place in places)
    found = answer_tokens({"logprobs": listed(places)}, said)
    assert found is not None
    return [(token.letter, pytest.approx(dict(token.chances))) for token in found]


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ([SURE], [("B", {"B": 0.9, "C": 0.05})]),
        # However it is written: with blanks, marks, and the ways tokenisers write blanks.
        ([{"B": 0.6, " B": 0.2, "B.": 0.1, "b": 0.1}], [("B", {"B": 0.9})]),
        ([{"\u2581C": 0.7, "(D": 0.2, "\u0120E": 0.1}], [("C", {"C": 0.7, "D": 0.2, "E": 0.1})]),
        (
            [{"**": 0.5, "B": 0.5}, {"A": 0.8, "B": 0.2}, {"**": 0.9, ".": 0.1}],
            [("A", {"A": 0.8, "B": 0.2})],
        ),
        ([{"Pneumothorax": 0.5, "B": 0.5}, {".": 0.9, ",": 0.1}], []),
        # Structured output.
        (
            [{'{"letter': 0.9, "B": 0.1}, {'": "': 0.9, "A": 0.1}, SURE, {'"}': 0.9, ".": 0.1}],
            [("B", {"B": 0.9, "C": 0.05})],
        ),
    ],
)
def test_each_letter_has_the_sum_of_all_ways_it_may_be_written(
    places: list[dict[str, float]], found: list[Any]
) -> None:
    assert chances(places) == found


def test_letters_of_thoughts_are_no_answer() -> None:
    thought = [{"<think>": 0.9, "I": 0.1}, {"A": 0.6, "B": 0.4}, {"</think>": 0.9, ".": 0.1}]
    answer = [("B", {"B": 0.9, "C": 0.05})]
    assert chances([*thought, SURE]) == answer
    # Some servers list the thoughts, and give the text without them.
    assert chances([*thought, SURE], text="B") == answer


@pytest.mark.parametrize(
    ("after", "article"), [(" chest", True), (" 45", True), (".", False), ("", False)]
)
def test_a_letter_that_goes_on_as_a_sentence_may_be_an_article(after: str, article: bool) -> None:
    places = [{"A": 0.5, "B": 0.5}, *([{after: 0.9, "x": 0.1}] if after else [])]
    (token,) = answer_tokens({"logprobs": listed(places)}, f"A{after}") or ()
    assert token.article is article


def test_of_many_letters_the_first_and_the_last_are_kept() -> None:
    places = [{"B": 0.5 + place / 1000, "C": 0.1} for place in range(100)]
    kept = chances(places)
    assert len(kept) == MOST_PLACES
    half = MOST_PLACES // 2
    expected = [0.5 + place / 1000 for place in (*range(half), *range(100 - half, 100))]
    assert [found for _, found in kept] == [{"B": pytest.approx(b), "C": 0.1} for b in expected]


@pytest.mark.parametrize(
    "stated",
    [
        None,
        "none",
        {},
        {"content": None},
        {"content": []},
        {"content": ["B"]},
        {"content": [{"token": "B", "logprob": -0.1}]},
        {"content": [{"token": "B", "logprob": -0.1, "top_logprobs": []}]},
        # One listed token says nothing of the other options.
        {
            "content": [
                {
                    "token": "B",
                    "logprob": -0.1,
                    "top_logprobs": [{"token": "B", "logprob": -0.1}],
                }
            ]
        },
    ],
    ids=repr,
)
def test_without_what_could_have_stood_there_nothing_is_known(stated: object) -> None:
    assert answer_tokens({"logprobs": stated}, "B") is None


@pytest.mark.parametrize("stated", [None, "x", True, float("nan"), [], {}], ids=repr)
def test_a_probability_that_cannot_be_one_is_left_out(stated: object) -> None:
    top = [{"token": "B", "logprob": math.log(0.5)}, {"token": "C", "logprob": stated}, 7]
    content = [{"token": "B", "logprob": math.log(0.5), "top_logprobs": top}]
    (token,) = answer_tokens({"logprobs": {"content": content}}, "B") or ()
    assert dict(token.chances) == {"B": pytest.approx(0.5)}


def test_the_token_that_was_said_counts_where_the_list_lacks_it() -> None:
    top = [{"token": "B", "logprob": math.log(0.6)}, {"token": "C", "logprob": math.log(0.3)}]
    content = [{"token": "D", "logprob": math.log(0.1), "top_logprobs": top}]
    (token,) = answer_tokens({"logprobs": {"content": content}}, "D") or ()
    assert dict(token.chances) == pytest.approx({"B": 0.6, "C": 0.3, "D": 0.1})


def test_probabilities_are_asked_for_where_they_are_wanted_and_are_another_call() -> None:
    with ChatServer(lists=lambda _: [SURE]) as server:
        replies = ask(model(server.url), ASKED, request())
        sent = [(one.get("logprobs"), one.get("top_logprobs")) for one in server.requests]
    assert sent == [(True, 20), (None, None)]
    assert [reply.answer_tokens is None for reply in replies] == [False, True]
    info = ModelInfo(name="m", provider="openai", model="m")
    assert call_key(info, ASKED) != call_key(info, request())


def refusing(message: str, status: int, most: int) -> Callable[..., Any]:
    def refuse(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        if payload.get("top_logprobs", 0) <= most:
            return None
        return complaint(status, message)

    return refuse


@pytest.mark.parametrize(
    "message",
    [
        # vLLM and Fireworks.
        "Requested sample logprobs of 20, which is greater than max allowed: 5",
        "top_logprobs must be between 0 and 5",
    ],
)
def test_an_endpoint_that_lists_fewer_is_asked_for_fewer(message: str) -> None:
    with ChatServer(lists=lambda _: [SURE], response=refusing(message, 400, 5)) as server:
        asked = model(server.url)
        assert len(ask(asked, ASKED, ASKED)) == 2
        assert [one["top_logprobs"] for one in server.requests] == [20, 5, 5]
    assert (asked.facts.top_logprobs, asked.facts.logprobs) == (5, True)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("You are not allowed to request logprobs from this model.", 403),
        ("m does not support parameters: ['logprobs', 'top_logprobs']", 400),
        ("logprobs is not implemented", 501),
    ],
)
def test_an_endpoint_that_refuses_them_ends_the_run_with_a_sentence(
    message: str, status: int
) -> None:
    with (
        ChatServer(response=refusing(message, status, 0)) as server,
        pytest.raises(EndpointRefused) as refused,
    ):
        ask(model(server.url), ASKED)
    assert f"gives no logprobs (HTTP {status}: {message})" in str(refused.value)
    assert 'confidence_from = "logprobs"' in str(refused.value)
    assert server.calls == 2


def test_an_endpoint_that_ignores_the_wish_ends_the_run_with_a_sentence() -> None:
    with (
        ChatServer() as server,
        pytest.raises(EndpointRefused, match=r"gives no logprobs \(its reply lists no prob"),
    ):
        ask(model(server.url), ASKED)
    assert server.calls == 1


def test_a_single_reply_without_them_is_kept_where_others_have_them() -> None:
    left = iter([[SURE], [{"B": 1.0}], [SURE]])
    with ChatServer(lists=lambda _: next(left)) as server:
        replies = ask(model(server.url), ASKED, ASKED, ASKED)
    assert [reply.answer_tokens is None for reply in replies] == [False, True, False]


def test_an_empty_reply_says_nothing_of_the_endpoint() -> None:
    with ChatServer(lambda _: {"content": None}) as server:
        asked = model(server.url)
        assert [reply.answer_tokens for reply in ask(asked, ASKED)] == [None]
    assert asked.facts.logprobs is None


TOKEN = AnswerToken(letter="B", chances={"B": 0.9, "C": 0.05}, article=True)


@pytest.mark.parametrize("tokens", [None, (), (TOKEN, TOKEN)])
def test_the_store_gives_back_what_it_took(tokens: tuple[AnswerToken, ...] | None) -> None:
    reply = Reply(text="B", answer_tokens=tokens)
    assert stored_reply(written_reply(reply)) == reply


@pytest.mark.parametrize(
    "tokens",
    [
        7,
        [7],
        [{"letter": "B"}],
        [{"letter": 7, "chances": {}}],
        [{"letter": "B", "chances": []}],
        [{"letter": "B", "chances": {"B": "0.9"}}],
        [{"letter": "B", "chances": {"B": 1.5}}],
        [{"letter": "B", "chances": {}, "article": "yes"}],
        [{"letter": "B", "chances": {}, "more": 1}],
    ],
    ids=repr,
)
def test_damaged_probabilities_make_a_reply_absent(tokens: object) -> None:
    assert stored_reply(json.dumps({"text": "B", "answer_tokens": tokens})) is None
