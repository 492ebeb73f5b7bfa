from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.conditions.agent import SEARCH_TOOL, AgenticRag, Turn, read_turn
from pytest_safescale.conditions.condition import Evidence, Step
from pytest_safescale.conditions.retrieved import passages_text
from pytest_safescale.errors import CallFailed
from tests.conditions.fakes import ListRanker, ScriptedResources, an_item, calling, passages

if TYPE_CHECKING:
    from pytest_safescale.models.model import Message, Reply

SEARCH = '{"query": "needle"}'
AGENT = AgenticRag()


def library(
    *script: Reply | str, size: int = 12, takes_tools: bool = True, tokens: int = 1000
) -> ScriptedResources:
    return ScriptedResources(
        script=list(script),
        ranker=ListRanker(passages(size)),
        takes_tools=takes_tools,
        evidence_tokens=tokens,
    )


def research(resources: ScriptedResources, agent: AgenticRag = AGENT) -> Evidence:
    return asyncio.run(agent.gather(an_item(), resources))


def tool_results(messages: tuple[Message, ...]) -> list[str]:
    return [message["content"] for message in messages if message["role"] == "tool"]


def test_an_agent_searches_by_tool_call_reads_and_reports() -> None:
    resources = library(calling(SEARCH), "Current answer: B\nREPORT: Decompress at once.")
    evidence = research(resources)
    read = ("p0", "p1", "p2", "p3", "p4")
    assert evidence == Evidence(
        text="Decompress at once.",
        passages=read,
        trace=(
            Step(
                kind="search",
                text="Current answer: B",
                queries=("needle",),
                passages=read,
                letter="B",
            ),
            Step(
                kind="report",
                text="Current answer: B\nREPORT: Decompress at once.",
                letter="B",
            ),
        ),
        retrieved=tuple(passages(5)),
    )
    assert resources.tools_offered == [True, True]
    _, question, assistant, result = resources.asked[1]
    assert question["content"].startswith("Question: What is the next step")
    assert assistant["tool_calls"][0]["function"] == {"name": "search", "arguments": SEARCH}
    assert result == {
        "role": "tool",
        "tool_call_id": "call_0",
        "content": passages_text(passages(5)),
    }


def test_an_agent_searches_by_plain_lines_where_it_calls_no_tool() -> None:
    resources = library("Current answer: ?\nSEARCH: needle\nSEARCH: drain", "REPORT: Done.")
    evidence = research(resources)
    assert evidence.text == "Done."
    assert evidence.trace[0].queries == ("needle", "drain")
    assert evidence.passages == tuple(f"p{i}" for i in range(10))
    assert resources.asked[1][-1] == {
        "role": "user",
        "content": f"Results for: needle\n{passages_text(passages(10)[:5])}\n\n"
        f"Results for: drain\n{passages_text(passages(10)[5:])}",
    }


def test_an_endpoint_without_tools_is_asked_the_same_turn_again_without_them() -> None:
    resources = library("SEARCH: needle", "REPORT: Done.", takes_tools=False)
    assert research(resources).text == "Done."
    assert resources.tools_offered == [True, False, False]
    assert resources.asked[0] == resources.asked[1]


def test_the_system_text_states_both_ways_to_search() -> None:
    resources = library("REPORT: Known already.")
    research(resources)
    system = resources.asked[0][0]["content"]
    assert "tool named search" in system
    assert "\nSEARCH: " in system
    assert "\nREPORT: " in system
    assert "\nCurrent answer: X\n" in system
    assert SEARCH_TOOL["function"]["name"] == "search"


def test_several_calls_of_one_turn_are_all_answered_and_no_passage_is_shown_twice() -> None:
    resources = library(calling(SEARCH, '{"query": "drain"}'), "REPORT: Done.")
    assert research(resources).passages == tuple(f"p{i}" for i in range(10))
    first, second = tool_results(resources.asked[1])
    assert first == passages_text(passages(10)[:5])
    assert second == passages_text(passages(10)[5:])


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (calling("{not json"), 'Error: the arguments must have the form {"query":'),
        (calling("[1]"), "Error: the arguments must have the form"),
        (calling("[" * 100_000), "Error: the arguments must have the form"),
        (calling('{"query": 7}'), "Error: the arguments must have the form"),
        (calling("{}"), "Error: the arguments must have the form"),
        (calling('{"query": "  "}'), "Error: the query is empty."),
        (calling(SEARCH, name="browse"), "Error: there is no tool 'browse'; the only one is"),
    ],
)
def test_a_call_that_cannot_be_followed_is_answered_with_an_error(
    reply: Reply, result: str
) -> None:
    resources = library(reply, "REPORT: Done.")
    assert research(resources).text == "Done."
    assert tool_results(resources.asked[1])[0].startswith(result)


def test_malformed_arguments_go_back_to_the_server_as_valid_json() -> None:
    resources = library(calling("{not json"), "REPORT: Done.")
    research(resources)
    assert resources.asked[1][2]["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize("again", [SEARCH, '{"query": " NEEDLE "}'])
def test_the_same_query_again_is_called_already_seen(again: str) -> None:
    resources = library(calling(SEARCH), calling(again), "REPORT: Done.")
    evidence = research(resources)
    assert tool_results(resources.asked[2])[1].startswith("You have already searched for this")
    assert evidence.trace[1].passages == ()


def test_a_library_that_is_read_through_says_so() -> None:
    resources = library(calling(SEARCH, '{"query": "drain"}'), "REPORT: Done.", size=3)
    research(resources)
    assert tool_results(resources.asked[1])[1] == "The library holds nothing you have not read."


def test_passages_take_at_most_three_quarters_of_the_window() -> None:
    # Room for 0.75 * 20 = 15 tokens, three passages of 4.
    resources = library(calling(SEARCH, '{"query": "drain"}'), "REPORT: Done.", tokens=20)
    assert research(resources).passages == ("p0", "p1", "p2")
    assert tool_results(resources.asked[1])[1].startswith("There is no room for more passages")


def test_at_the_step_limit_the_report_is_demanded_without_tools() -> None:
    searches = [calling(f'{{"query": "q{i}"}}') for i in range(6)]
    resources = library(*searches, "REPORT: At last.", size=50)
    evidence = research(resources)
    assert evidence.text == "At last."
    assert [step.kind for step in evidence.trace] == ["search"] * 6 + ["report"]
    assert resources.tools_offered == [True] * 6 + [False]
    assert resources.asked[-1][-1]["role"] == "user"
    assert resources.asked[-1][-1]["content"].startswith("No more searches are possible.")


def test_no_two_user_messages_follow_each_other() -> None:
    resources = library("SEARCH: a", "REPORT: x", takes_tools=False)
    research(resources, AgenticRag(searches=1))
    assert [message["role"] for message in resources.asked[-1]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert "write REPORT:" in resources.asked[-1][-1]["content"]


@pytest.mark.parametrize("last", ["", "REPORT:", "SEARCH: more", "<think>hm</think>"])
def test_where_the_report_is_empty_the_passages_read_are_the_evidence(last: str) -> None:
    resources = library(calling(SEARCH), last)
    evidence = research(resources, AgenticRag(searches=1))
    assert evidence.text == passages_text(passages(5))


@pytest.mark.parametrize("reply", ["", "Current answer: B", "REPORT: "])
def test_with_neither_report_nor_passages_the_call_has_failed(reply: str) -> None:
    with pytest.raises(CallFailed, match="neither read anything nor reported"):
        research(library(reply))


def test_a_failed_turn_fails_the_research() -> None:
    with pytest.raises(CallFailed, match="the script is over"):
        research(library(calling(SEARCH)))


def test_a_letter_the_item_does_not_have_is_no_leaning() -> None:
    evidence = research(library("Current answer: E\nREPORT: x"))
    assert evidence.trace[0].letter is None


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("Current answer: C\nREPORT: Facts.", Turn(letter="C", queries=(), report="Facts.")),
        ("**Current answer:** (D)\nFacts.", Turn(letter="D", queries=(), report="Facts.")),
        ("current answer: B (CT)\nFacts.", Turn(letter="B", queries=(), report="Facts.")),
        ("Current answer: ?\nFacts.", Turn(letter=None, queries=(), report="Facts.")),
        ("Current answer: A lung\nFacts.", Turn(letter=None, queries=(), report="Facts.")),
        ("Facts alone.", Turn(letter=None, queries=(), report="Facts alone.")),
        ("Preface. REPORT: Facts.", Turn(letter=None, queries=(), report="Facts.")),
        ("**Report:**\nFacts.", Turn(letter=None, queries=(), report="Facts.")),
        ("The CT report: normal.", Turn(letter=None, queries=(), report="The CT report: normal.")),
        ("- Search: a b \nSEARCH: c", Turn(letter=None, queries=("a b", "c"), report="")),
        (
            "SEARCH: a\nREPORT: made up",
            Turn(letter=None, queries=("a",), report="made up"),
        ),
        ("REPORT: x\nSEARCH: late", Turn(letter=None, queries=(), report="x")),
        ("<think>SEARCH: a</think>REPORT: x", Turn(letter=None, queries=(), report="x")),
        # Marks of other models than those with <think>.
        ("[THINK]SEARCH: a[/THINK]REPORT: x", Turn(letter=None, queries=(), report="x")),
        ("◁think▷SEARCH: a◁/think▷REPORT: x", Turn(letter=None, queries=(), report="x")),
        (
            "<|channel|>analysis<|message|>SEARCH: a<|end|>"
            "<|start|>assistant<|channel|>final<|message|>REPORT: x",
            Turn(letter=None, queries=(), report="x"),
        ),
        ("<unused94>SEARCH: a<unused95>REPORT: x", Turn(letter=None, queries=(), report="x")),
        ("SEARCH: a</think>REPORT: x", Turn(letter=None, queries=(), report="x")),
        ("REPORT: x<think>SEARCH: a", Turn(letter=None, queries=(), report="x")),
        ("a <THINKING>b</THINKING>c", Turn(letter=None, queries=(), report="a c")),
        ("", Turn(letter=None, queries=(), report="")),
    ],
)
def test_a_turn_is_read_by_the_plain_text_protocol(text: str, turn: Turn) -> None:
    assert read_turn(text) == turn


@pytest.mark.parametrize(
    ("text", "letters", "letter"),
    [
        ("Current answer: J", "ABCDEFGHIJ", "J"),
        ("Current answer: J", "ABCDE", None),
        ("Current answer: X\nCurrent answer: B", "ABCDE", "B"),
    ],
)
def test_a_turn_leans_to_one_of_the_items_letters(
    text: str, letters: str, letter: str | None
) -> None:
    options = {one: f"finding {one}{one}" for one in letters}
    assert read_turn(text, options).letter == letter


OPTIONS = {option.letter: option.text for option in an_item().options}


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        # In words of its own, where the line is not there.
        ("I lean towards B so far.\nSEARCH: needle", "B"),
        ("So far the most likely answer is C.\nSEARCH: CT", "C"),
        ("Answer so far: D\nREPORT: Facts.", "D"),
        ("The pleura holds air. The answer is needle decompression.\nSEARCH: site", "B"),
        ("REPORT: Air under tension. Therefore the correct answer is B.", "B"),
        ("答案是B\nSEARCH: needle", "B"),
        ("I would choose A. Actually, on reflection, B.\nSEARCH: needle", "B"),
        ("Current answer: Needle decompression\nSEARCH: site", "B"),
        # Neither what is looked for nor what a source says or nobody leans to.
        ("SEARCH: is the answer B", None),
        ("The passage says B may be right.\nSEARCH: needle", None),
        ("It could be B or C.\nSEARCH: needle", None),
        ("I cannot say yet.\nSEARCH: needle", None),
        ("A lung is down.\nSEARCH: needle", None),
        ("The answer is E.\nREPORT: x", None),
        # The line has the word where it is there.
        ("Current answer: ?\nThe answer is probably B.\nSEARCH: needle", None),
        ("Current answer: C\nThe answer is B.\nSEARCH: needle", "C"),
        ("<think>The answer is B.</think>SEARCH: needle", None),
    ],
)
def test_a_turn_that_states_its_answer_in_other_words_leans_to_it(
    text: str, letter: str | None
) -> None:
    assert read_turn(text, OPTIONS).letter == letter


def test_an_agent_that_states_its_answers_in_words_of_its_own_leaves_them_in_its_trace() -> None:
    evidence = research(
        library("I lean towards B for now.\nSEARCH: needle", "So the answer is C.\nREPORT: Facts.")
    )
    assert [step.letter for step in evidence.trace] == ["B", "C"]


def test_long_hostile_turns_are_read_in_linear_time() -> None:
    for part in ("<think>", "</think>", "SEARCH:", "REPORT", "\n ", "Current answer: ", "* "):
        read_turn(part * 50_000)


def test_without_a_corpus_the_items_own_report_is_shown() -> None:
    item = an_item(research_report="Reported before.")
    assert AGENT.lacks(item, corpus=False) is None
    assert asyncio.run(AGENT.gather(item, ScriptedResources())).text == "Reported before."


def test_with_neither_corpus_nor_report_the_condition_is_lacking() -> None:
    assert AGENT.lacks(an_item(), corpus=False) == "no corpus"
    assert AGENT.lacks(an_item(), corpus=True) is None
    with pytest.raises(CallFailed, match="no corpus to search in"):
        asyncio.run(AGENT.gather(an_item(), ScriptedResources()))


def test_an_agent_is_told_that_no_passage_holds_its_words() -> None:
    resources = library("SEARCH: zebra\nSEARCH: needle", "REPORT: Done.")
    evidence = research(resources)
    found = resources.asked[1][-1]["content"]
    assert found.startswith(
        "Results for: zebra\nNo passage of the library holds any of these words."
    )
    assert "Results for: needle\nw0" in found
    assert evidence.unmatched == 1
