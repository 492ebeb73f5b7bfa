"""Tokens are taken as stated, and estimated where they are unknown."""

from __future__ import annotations

import pytest

from pytest_safescale.calls.usage import Usage, money_of, usage_of
from pytest_safescale.models.model import Reply, ToolCall
from tests.calls.models import info, request

TEN_WORDS = "one two three four five six seven eight nine ten"
SEARCH = ToolCall(id="1", name="search", arguments="chest pain")


@pytest.mark.parametrize(
    ("replies", "prompt", "completion", "estimated"),
    [
        ([Reply(text="B", prompt_tokens=7, completion_tokens=3)], 7, 3, 0),
        ([Reply(text="B", prompt_tokens=0, completion_tokens=0)], 0, 0, 0),
        ([Reply(text="B")], 13, 1, 14),
        ([Reply(text="B", prompt_tokens=7)], 7, 1, 1),
        ([Reply(text=TEN_WORDS, completion_tokens=3)], 13, 3, 13),
        ([Reply(text="", tool_calls=(SEARCH,), prompt_tokens=1)], 1, 3, 3),
        ([Reply(text=""), Reply(text="B", prompt_tokens=0)], 13, 1, 14),
        ([], 0, 0, 0),
    ],
)
def test_what_nobody_stated_is_estimated_and_counted_as_such(
    replies: list[Reply], prompt: int, completion: int, estimated: int
) -> None:
    assert usage_of(request(TEN_WORDS), replies) == Usage(
        prompt_tokens=prompt, completion_tokens=completion, estimated_tokens=estimated
    )


def test_usages_add_up() -> None:
    one = Usage(prompt_tokens=1, completion_tokens=2, estimated_tokens=3)
    assert one + one == Usage(prompt_tokens=2, completion_tokens=4, estimated_tokens=6)


def test_replies_that_came_by_a_batch_count_at_its_price() -> None:
    live = Reply(text="B", prompt_tokens=1_000_000, completion_tokens=2_000_000)
    usage = usage_of(request(), [live, live.came_by_batch()])
    assert (usage.batch_prompt_tokens, usage.batch_completion_tokens) == (1_000_000, 2_000_000)
    priced = info(price_in=1.0, price_out=4.0, batch_discount=0.25)
    assert money_of(priced, usage) == pytest.approx(9.0 + 0.75 * 9.0)
    assert money_of(priced, usage_of(request(), [live])) == pytest.approx(9.0)
