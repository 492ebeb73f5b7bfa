from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.conditions.agent import SEARCH_TOOL, agent_system
from pytest_safescale.models.agent_turns import AgentTurn, agent_turn
from pytest_safescale.models.model import Message, Request

PROTOCOL: Message = {"role": "system", "content": agent_system()}
QUESTION: Message = {"role": "user", "content": "Question: Why?"}
SEARCHED: Message = {"role": "assistant", "content": "SEARCH: x"}
FOUND: Message = {"role": "user", "content": "Results for: x\nA fact."}
CALLED: Message = {"role": "tool", "tool_call_id": "call_1", "content": "A fact."}
DEMAND: Message = {"role": "user", "content": "Write your report now."}


def request(*messages: Message, tools: tuple[dict[str, Any], ...] = ()) -> Request:
    return Request(messages=messages, temperature=0, max_tokens=10, seed=1, tools=tools)


def turn(**changes: Any) -> AgentTurn:
    fields: dict[str, Any] = {
        "question": "Question: Why?",
        "found": "",
        "searches": 0,
        "tools": False,
        "must_report": False,
    }
    return AgentTurn(**{**fields, **changes})


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        (request(QUESTION), None),
        (request({"role": "system", "content": "Answer."}, QUESTION), None),
        (request(PROTOCOL, QUESTION), turn()),
        (request(QUESTION, tools=(SEARCH_TOOL,)), turn(tools=True)),
        (request(PROTOCOL, QUESTION, SEARCHED, FOUND), turn(searches=1, found="A fact.")),
        (
            request(PROTOCOL, QUESTION, SEARCHED, CALLED, tools=(SEARCH_TOOL,)),
            turn(searches=1, found="A fact.", tools=True),
        ),
        (
            request(PROTOCOL, QUESTION, SEARCHED, CALLED, DEMAND),
            turn(searches=1, found="A fact.\n\nWrite your report now.", must_report=True),
        ),
    ],
)
def test_an_agents_turn_is_known_by_its_tools_or_protocol(
    asked: Request, read: AgentTurn | None
) -> None:
    assert agent_turn(asked) == read


def test_a_search_is_a_tool_call_where_there_are_tools_and_a_line_where_not() -> None:
    reply = turn(tools=True, searches=1).search('a "b"', "C")
    assert reply.text == "Current answer: C"
    (call,) = reply.tool_calls
    assert (call.id, call.name, call.arguments) == ("call_2", "search", '{"query": "a \\"b\\""}')
    assert turn().search("a b").text == "Current answer: ?\nSEARCH: a b"
    assert turn().search("a b").tool_calls == ()


def test_a_report_names_its_leaning_first() -> None:
    assert turn().report("Facts.", "B").text == "Current answer: B\nREPORT: Facts."
