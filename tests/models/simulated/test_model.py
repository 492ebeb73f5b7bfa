from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from pytest_safescale.conditions.agent import AgenticRag
from pytest_safescale.dataset.item import Item, Option
from pytest_safescale.errors import CallFailed, ModelSpecError
from pytest_safescale.models.model import (
    Message,
    Nature,
    Question,
    Reply,
    Request,
    Subject,
    TransientFailure,
)
from pytest_safescale.models.simulated.model import SimulatedModel
from pytest_safescale.models.simulated.profiles import AnswerKind, Profile, Rates, profile_named
from tests.conditions.fakes import ListRanker, ScriptedResources, an_item, passages

KIND_OF = {
    "A": AnswerKind.CORRECT,
    "B": AnswerKind.HIGH_RISK,
    "C": AnswerKind.UNSAFE,
    "D": AnswerKind.CONTRADICTS,
    "E": AnswerKind.WRONG,
}


def full_item(name: str = "q") -> Item:
    """An item with one option for every kind, in the order of ``KIND_OF``."""
    labels: list[dict[str, Any]] = [
        {},
        {"high_risk": True, "unsafe": True, "contradicts": True},
        {"unsafe": True, "contradicts": True},
        {"contradicts": True},
        {},
    ]
    options = tuple(
        Option(letter=letter, text=f"option {letter}", **flags)
        for letter, flags in zip("ABCDE", labels, strict=True)
    )
    return an_item(id=name, options=options, answer="A")


def asked(item: Item, condition: str = "closed_book", **changes: Any) -> Request:
    fields: dict[str, Any] = {
        "messages": ({"role": "user", "content": "Why?"},),
        "temperature": 0.0,
        "max_tokens": 10,
        "seed": 42,
        "subject": Subject(item=item, condition=condition),
    }
    return Request(**{**fields, **changes})


def texts(model: SimulatedModel, request: Request) -> list[str]:
    return [reply.text for reply in asyncio.run(model.ask(request))]


def profile(**rates: Any) -> Profile:
    return Profile(name="mine", conditions={"*": Rates(**rates)})


def test_a_simulated_model_is_labelled_as_simulated() -> None:
    info = SimulatedModel("safe").info
    assert (info.name, info.provider, info.model) == ("simulated:safe", "simulated", "safe")
    assert info.nature is Nature.SIMULATED


def test_the_revision_follows_the_profiles_content() -> None:
    one, other = (SimulatedModel(profile(correct=1.0, spread=s)).info.revision for s in (0.1, 0.2))
    assert one != other


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ModelSpecError, match="allowed: paper, "):
        SimulatedModel("papr")


@pytest.mark.parametrize("condition", ["closed_book", "clean_evidence", "standard_rag"])
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_greedy_answers_and_samples_have_the_known_rates(
    condition: str, temperature: float
) -> None:
    model, n = SimulatedModel("paper"), 3000
    rates = profile_named("paper").rates(condition)
    drawn = Counter(
        KIND_OF.get(texts(model, asked(full_item(f"q{i}"), condition, temperature=temperature))[0])
        for i in range(n)
    )
    for kind in AnswerKind:
        rate, count = rates.of(kind), drawn[None if kind is AnswerKind.ABSTAIN else kind]
        # Four standard deviations of a binomial count.
        assert abs(count - n * rate) <= 4 * (n * rate * (1 - rate)) ** 0.5


def test_every_draw_is_the_same_again_whatever_is_asked_with_it() -> None:
    model, item = SimulatedModel("paper"), full_item()
    together = texts(model, asked(item, temperature=0.7, samples=tuple(range(20))))
    apart = [texts(model, asked(item, temperature=0.7, samples=(i,)))[0] for i in range(20)]
    assert (
        together
        == apart
        == texts(SimulatedModel("paper"), asked(item, temperature=0.7, samples=tuple(range(20))))
    )


@pytest.mark.parametrize(
    "change",
    [{"seed": 43}, {"condition": "other"}, {"item": "r"}, {"model": SimulatedModel("dangerous")}],
)
def test_draws_depend_on_seed_condition_item_and_profile(change: dict[str, Any]) -> None:
    def answers(
        model: SimulatedModel, *, seed: int = 42, item: str = "q", condition: str = "one"
    ) -> list[str]:
        requests = [asked(full_item(f"{item}{i}"), condition, seed=seed) for i in range(200)]
        return [texts(model, request)[0] for request in requests]

    model = SimulatedModel("safe")
    assert answers(model) == answers(model)
    assert answers(**{"model": model, **change}) != answers(model)


def test_without_spread_every_sample_repeats_the_greedy_answer() -> None:
    model = SimulatedModel(profile(correct=0.5, high_risk=0.5, spread=0.0))
    for i in range(20):
        item = full_item(f"q{i}")
        greedy = texts(model, asked(item))
        assert texts(model, asked(item, temperature=0.7, samples=tuple(range(10)))) == greedy * 10


def test_with_spread_some_items_scatter() -> None:
    model = SimulatedModel(profile(correct=0.5, high_risk=0.5, spread=0.5))
    kinds = [
        len(set(texts(model, asked(full_item(f"q{i}"), temperature=0.7, samples=tuple(range(20))))))
        for i in range(50)
    ]
    assert set(kinds) == {1, 2}


@pytest.mark.parametrize(
    ("labels", "letters"),
    [
        # B, C, D are the wrong options; always high-risk is wanted.
        ([{}, {}, {"high_risk": True}], {"D"}),
        ([{}, {"unsafe": True}, {}], {"B", "D"}),
        ([{"unsafe": True}, {"contradicts": True}, {"unsafe": True}], {"C"}),
        ([{"unsafe": True}, {"unsafe": True}, {"unsafe": True}], {"B", "C", "D"}),
    ],
)
def test_a_kind_the_item_has_no_option_for_becomes_the_mildest_wrong_answer(
    labels: list[dict[str, Any]], letters: set[str]
) -> None:
    options = tuple(
        Option(letter=letter, text=letter, **flags)
        for letter, flags in zip("ABCD", [{"high_risk": True}, *labels], strict=True)
    )
    model = SimulatedModel("always_dangerous")
    given = {
        texts(model, asked(an_item(id=f"q{i}", options=options, answer="A")))[0] for i in range(40)
    }
    assert given == letters


def test_an_abstention_names_no_letter() -> None:
    model = SimulatedModel(profile(abstain=1.0))
    assert texts(model, asked(full_item())) == ["I cannot answer this."]


def test_a_request_without_its_case_cannot_be_answered() -> None:
    with pytest.raises(CallFailed, match="without knowing the case"):
        texts(SimulatedModel(), asked(full_item(), subject=None))


def test_failures_come_at_the_stated_rate_and_asking_again_may_mend_them() -> None:
    model = SimulatedModel(Profile(name="f", conditions={"*": Rates(correct=1)}, failure_rate=0.5))

    def tries(item: Item) -> int:
        for n in range(1, 100):
            try:
                texts(model, asked(item))
            except TransientFailure:
                continue
            return n
        raise AssertionError

    needed = Counter(tries(full_item(f"q{i}")) for i in range(400))
    # Half succeed at once, a quarter at the second try: within four standard deviations.
    assert abs(needed[1] - 200) <= 40
    assert abs(needed[2] - 100) <= 35


def test_latency_is_spent_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []

    async def spend(seconds: float) -> None:
        spent.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", spend)
    slow = Profile(name="slow", conditions={"*": Rates(correct=1)}, latency_s=0.02)
    (reply,) = asyncio.run(SimulatedModel(slow).ask(asked(full_item())))
    assert spent == [0.02]
    assert reply.latency_s == 0.02
    (quick,) = asyncio.run(SimulatedModel().ask(asked(full_item())))
    assert quick.latency_s is None
    assert spent == [0.02]


class Simulating(ScriptedResources):
    """Resources whose model is a simulated one."""

    async def ask(self, messages: Any, *, tools: Any = ()) -> Reply:
        conversation: tuple[Message, ...] = tuple(messages)
        request = asked(
            full_item(), "agentic_rag", messages=conversation, tools=tuple(tools), max_tokens=99
        )
        return (await SimulatedModel("always_safe").ask(request))[0]


@pytest.mark.parametrize(
    ("searches", "kinds"),
    [(0, ["report"]), (1, ["search", "report"]), (6, ["search", "report"])],
)
def test_as_an_agent_it_searches_once_and_reports(searches: int, kinds: list[str]) -> None:
    resources = Simulating(ranker=ListRanker(passages(3)))
    evidence = asyncio.run(AgenticRag(searches=searches).gather(full_item(), resources))
    assert [step.kind for step in evidence.trace] == kinds
    assert {step.letter for step in evidence.trace} == {"A"}
    assert evidence.text == "A simulated report on item q."


def test_closing_the_model_is_harmless() -> None:
    asyncio.run(SimulatedModel().aclose())


MENDED = Profile(
    name="mended",
    conditions={
        "*": Rates(correct=0.7, high_risk=0.3, spread=0.0),
        "*/verify": Rates(correct=0.9, high_risk=0.1, spread=0.0),
        "clean_evidence/verify": Rates(correct=1.0, spread=0.0),
    },
)


def under(prompt: str, item: Item, condition: str = "closed_book") -> str:
    subject = Subject(item=item, condition=condition, profile=prompt)
    return texts(SimulatedModel(MENDED), asked(item, subject=subject))[0]


def test_a_prompt_profile_has_rates_of_its_own_and_the_same_draw() -> None:
    n = 2000
    pairs = Counter(
        (under("plain", item), under("verify", item)) for item in map(full_item, map(str, range(n)))
    )
    # Of one draw for both: 0.2 of the items turn from high-risk to right, none the other way.
    assert set(pairs) == {("A", "A"), ("B", "A"), ("B", "B")}
    assert abs(pairs["B", "A"] - 0.2 * n) <= 4 * (n * 0.2 * 0.8) ** 0.5


def test_rates_under_a_condition_and_a_profile_go_before_those_of_the_profile() -> None:
    items = [full_item(str(n)) for n in range(50)]
    assert {under("verify", item, "clean_evidence") for item in items} == {"A"}
    assert {under("think", item) for item in items} == {under("plain", item) for item in items}


def test_letters_are_those_of_the_prompt_and_the_added_option_is_its_abstention() -> None:
    item = full_item()
    moved = {"A": "B", "B": "C", "C": "D", "D": "E", "E": "F", None: "A"}
    subject = Subject(item=item, condition="closed_book", profile="mine", shown_as=moved)
    for rates, letter in (({"correct": 1.0}, "B"), ({"abstain": 1.0}, "A")):
        assert texts(SimulatedModel(profile(**rates)), asked(item, subject=subject)) == [letter]


def check(kind: str, letter: str, name: str = "q") -> str:
    subject = Subject(
        item=full_item(name), condition="clean_evidence", question=Question.SUPPORT, letter=letter
    )
    model = SimulatedModel(profile(**{kind: 1.0}))
    return texts(model, asked(full_item(name), subject=subject))[0]


@pytest.mark.parametrize(
    ("kind", "replies"),
    [
        # C and D carry the label contradicts, A and E do not.
        ("correct", {"A": "SUPPORTS", "C": "CONTRADICTS", "D": "CONTRADICTS", "E": "SILENT"}),
        ("unsafe", {"A": "SILENT", "C": "SUPPORTS", "D": "CONTRADICTS", "E": "SILENT"}),
        ("abstain", {"A": "SILENT", "D": "SILENT"}),
    ],
)
def test_it_says_what_a_second_reading_makes_of_an_option(
    kind: str, replies: dict[str, str]
) -> None:
    assert {letter: check(kind, letter) for letter in replies} == replies


def test_what_it_reads_a_second_time_errs_apart_from_its_answer_and_each_time_alike() -> None:
    model = SimulatedModel(profile(correct=0.5, high_risk=0.5))

    def said(name: str) -> tuple[str, str]:
        subject = Subject(
            item=full_item(name), condition="c", question=Question.SUPPORT, letter="A"
        )
        (answer,) = texts(model, asked(full_item(name)))
        (support,) = texts(model, asked(full_item(name), subject=subject))
        return answer, support

    names = [f"q{number}" for number in range(40)]
    assert {said(name) for name in names} == {
        (answer, support) for answer in "AB" for support in ("SUPPORTS", "SILENT")
    }
    assert list(map(said, names)) == list(map(said, names))


def test_a_question_is_a_risk_where_an_option_is_high_risk() -> None:
    options = (Option(letter="A", text="a"), Option(letter="B", text="b", unsafe=True))
    harmless = an_item(id="h", options=options, answer="A")
    replies = [
        texts(
            SimulatedModel(),
            asked(item, subject=Subject(item=item, condition="c", question=Question.RISK)),
        )
        for item in (full_item(), harmless)
    ]
    assert replies == [["YES"], ["NO"]]
