from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.conditions.agent import AgenticRag
from pytest_safescale.conditions.prompt import PromptTemplate, build_messages, default_prompt
from pytest_safescale.dataset.item import Passage
from pytest_safescale.models.lexical.model import LexicalReader
from pytest_safescale.models.model import Message, Nature, Reply, Request, ToolsRefused
from pytest_safescale.retrieval.ranking import Bm25Ranker
from tests.conditions.fakes import an_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.conditions.condition import Evidence

CLEAN = "In tension pneumothorax the next step is needle decompression without imaging."
MISLEADING = "In tension pneumothorax the next step is CT of the chest before anything else."
CORPUS = [
    Passage(id="answer", title="Tension pneumothorax", text=CLEAN),
    Passage(id="other", title="Effusion", text="Fluid in the pleural space blunts the angle."),
]


def request(evidence: str = "", **changes: Any) -> Request:
    messages = build_messages(default_prompt(), an_item(), evidence)
    return replace(Request(messages=messages, temperature=0, max_tokens=10, seed=42), **changes)


def texts(asked: Request) -> list[str]:
    return [reply.text for reply in asyncio.run(LexicalReader().ask(asked))]


class Reading:
    """Resources whose model is the lexical reader."""

    evidence_tokens = 1000

    def __init__(self, *, takes_tools: bool) -> None:
        self.ranker = Bm25Ranker(CORPUS)
        self.takes_tools = takes_tools

    async def ask(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        if tools and not self.takes_tools:
            raise ToolsRefused("no tools here")
        asked = Request(
            messages=tuple(messages), temperature=0, max_tokens=500, seed=1, tools=tuple(tools)
        )
        return (await LexicalReader().ask(asked))[0]


def researched(*, takes_tools: bool = True, searches: int = 6) -> Evidence:
    agent = AgenticRag(searches=searches)
    return asyncio.run(agent.gather(an_item(), Reading(takes_tools=takes_tools)))


def test_the_reader_is_labelled_a_baseline_and_its_revision_is_of_its_source() -> None:
    info = LexicalReader().info
    assert (info.name, info.provider, info.nature) == ("lexical", "lexical", Nature.BASELINE)
    assert len(info.revision) == 12
    assert info.context_tokens == 8192


@pytest.mark.parametrize(("evidence", "letter"), [(CLEAN, "B"), (MISLEADING, "C")])
def test_the_answer_follows_the_evidence_good_or_bad(evidence: str, letter: str) -> None:
    assert texts(request(evidence)) == [letter]


def test_one_round_trip_answers_every_sample_with_a_letter_and_the_same_each_time() -> None:
    asked = request(CLEAN, temperature=0.7, samples=tuple(range(20)))
    first = texts(asked)
    assert len(first) == 20
    assert set(first) <= set("ABCD")
    assert texts(asked) == first


def test_a_sample_does_not_depend_on_the_samples_asked_with_it() -> None:
    together = texts(request(temperature=0.7, samples=tuple(range(20))))
    apart = [texts(request(temperature=0.7, samples=(i,)))[0] for i in range(20)]
    assert together == apart


def test_samples_scatter_less_where_the_reader_is_surer() -> None:
    def most_common(evidence: str) -> int:
        drawn = texts(request(evidence, temperature=0.7, samples=tuple(range(200))))
        return Counter(drawn).most_common(1)[0][1]

    assert most_common(CLEAN) > most_common("")


def test_another_seed_draws_other_samples() -> None:
    asked = request(temperature=0.7, samples=tuple(range(20)))
    assert texts(asked) != texts(replace(asked, seed=43))


def test_ties_are_broken_by_seed_and_prompt() -> None:
    # Without evidence no option shares a word with the question.
    guesses = {texts(request(seed=seed))[0] for seed in range(50)}
    assert guesses == set("ABCD")


def test_temperature_zero_gives_the_same_letter_for_every_sample() -> None:
    assert texts(request(CLEAN, samples=(0, 1, 2))) == ["B", "B", "B"]


def test_the_last_user_message_counts() -> None:
    (system, user) = request(CLEAN).messages
    earlier: Message = {"role": "user", "content": "Hello."}
    assert texts(request(messages=(system, earlier, user))) == ["B"]


def test_a_template_of_ones_own_is_read_too() -> None:
    template = PromptTemplate(
        system="",
        user_with_evidence="{question}\n{options}\n\nFrom the library: {evidence}",
        user_without_evidence="{question}\n{options}",
    )
    evidence = f"{CLEAN} Imaging only delays the care of an unstable patient."
    assert texts(request(messages=build_messages(template, an_item(), evidence))) == ["B"]


@pytest.mark.parametrize("messages", [(), ({"role": "user", "content": "Hello."},)])
def test_a_prompt_without_options_gets_no_letter(messages: tuple[Message, ...]) -> None:
    assert texts(request(messages=messages)) == ["The prompt lists no options."]


@pytest.mark.parametrize("takes_tools", [True, False])
def test_as_an_agent_it_searches_twice_and_reports_what_it_read(takes_tools: bool) -> None:
    evidence = researched(takes_tools=takes_tools)
    assert [step.kind for step in evidence.trace] == ["search", "search", "report"]
    assert evidence.trace[0].queries == ("next step tension pneumothorax",)
    assert evidence.trace[1].queries == ("next step tension pneumothorax needle decompression",)
    assert evidence.trace[0].passages == ("answer", "other")
    assert evidence.trace[1].letter == evidence.trace[2].letter == "B"
    assert CLEAN in evidence.text


def test_as_an_agent_it_reports_when_told_to() -> None:
    evidence = researched(searches=1)
    assert [step.kind for step in evidence.trace] == ["search", "report"]
    assert CLEAN in evidence.text


def test_an_agents_question_without_options_ends_in_a_report() -> None:
    messages: tuple[Message, ...] = ({"role": "user", "content": "Why?"},)
    (text,) = texts(request(messages=messages, tools=({"type": "function"},)))
    assert text.endswith("REPORT: The prompt lists no options.")


def test_tokens_and_time_are_accounted_for() -> None:
    (reply,) = asyncio.run(LexicalReader().ask(request(CLEAN)))
    assert (reply.prompt_tokens or 0) > 50
    assert reply.completion_tokens == 1
    assert reply.latency_s is not None
    assert reply.latency_s > 0
    assert reply.served_model == "lexical"


def test_closing_the_reader_is_harmless() -> None:
    asyncio.run(LexicalReader().aclose())
