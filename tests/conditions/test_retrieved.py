from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.conditions.catalogue import CONDITIONS
from pytest_safescale.conditions.retrieved import FilledWindow, passages_text, within
from pytest_safescale.dataset.item import Passage
from pytest_safescale.errors import CallFailed
from pytest_safescale.text.tokens import count_tokens
from tests.conditions.fakes import ListRanker, ScriptedResources, an_item, passages

if TYPE_CHECKING:
    from pytest_safescale.conditions.condition import Evidence
    from pytest_safescale.dataset.item import Item

RETRIEVING = [
    "standard_rag",
    "top_1",
    "top_5",
    "padded_top_1",
    "max_context",
    "context_4k",
    "context_32k",
    "context_100k",
]


def gathered(
    name: str, item: Item, corpus: list[Passage] | None = None, tokens: int = 1000
) -> Evidence:
    ranker = None if corpus is None else ListRanker(corpus)
    resources = ScriptedResources(ranker=ranker, evidence_tokens=tokens)
    return asyncio.run(CONDITIONS[name].gather(item, resources))


@pytest.mark.parametrize(("name", "k"), [("top_1", 1), ("top_5", 5), ("standard_rag", 10)])
def test_the_k_best_passages_are_shown_best_first(name: str, k: int) -> None:
    evidence = gathered(name, an_item(), passages(12))
    assert evidence.passages == tuple(f"p{i}" for i in range(k))
    assert evidence.text == passages_text(passages(k))


def test_a_corpus_smaller_than_k_is_shown_whole() -> None:
    assert gathered("standard_rag", an_item(), passages(3)).passages == ("p0", "p1", "p2")


def test_the_query_is_the_question_without_the_options() -> None:
    ranker = ListRanker(passages(1))
    resources = ScriptedResources(ranker=ranker)
    asyncio.run(CONDITIONS["top_1"].gather(an_item(), resources))
    assert ranker.queries == [an_item().question]


def test_a_title_stands_above_its_passage() -> None:
    shown = passages_text([Passage(id="p", title="Title", text="Text."), Passage(id="q", text="x")])
    assert shown == "Title\nText.\n\nx"


def test_a_label_stands_between_title_and_text_and_counts_towards_the_budget() -> None:
    labelled = [
        Passage(id="p", title="Title", label="Date: 2011", text="Text."),
        Passage(id="q", label="Date: 2012", text="x"),
    ]
    assert passages_text(labelled) == "Title\nDate: 2011\nText.\n\nDate: 2012\nx"
    # Title, Date, colon, 2011, Text and a full stop.
    assert [len(within(labelled, tokens)) for tokens in (5, 6, 9, 10)] == [0, 1, 1, 2]


@pytest.mark.parametrize("name", RETRIEVING)
def test_without_a_corpus_the_items_own_context_is_shown(name: str) -> None:
    item = an_item(retrieved={name: "What came along."})
    assert CONDITIONS[name].lacks(item, corpus=False) is None
    assert gathered(name, item).text == "What came along."


@pytest.mark.parametrize("name", RETRIEVING)
def test_with_a_corpus_the_corpus_is_used(name: str) -> None:
    item = an_item(retrieved={name: "What came along."})
    assert gathered(name, item, passages(1)).text == "w0 w0 w0 w0"


@pytest.mark.parametrize("name", RETRIEVING)
@pytest.mark.parametrize("retrieved", [{}, {"unrelated": "x"}])
def test_with_neither_the_condition_is_lacking_and_never_runs_empty(
    name: str, retrieved: dict[str, str]
) -> None:
    item = an_item(retrieved=retrieved)
    assert CONDITIONS[name].lacks(item, corpus=False) == "no corpus"
    assert CONDITIONS[name].lacks(item, corpus=True) is None
    with pytest.raises(CallFailed, match="no corpus"):
        gathered(name, item)
    with pytest.raises(CallFailed, match="the corpus has no passage"):
        gathered(name, item, [])


def test_the_padded_passage_is_as_long_as_the_ten_best() -> None:
    padded, ten = (
        gathered(name, an_item(), passages(12, words=7))
        for name in ("padded_top_1", "standard_rag")
    )
    assert padded.passages == ("p0",)
    assert count_tokens(padded.text) == count_tokens(ten.text) == 70
    assert set(padded.text.split()) == {"w0"}


def test_the_padded_passage_is_made_of_the_items_own_contexts() -> None:
    item = an_item(retrieved={"top_1": "a b", "standard_rag": "1 2 3 4 5"})
    assert gathered("padded_top_1", item).text == "a b\n\na b\n\na"


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (4, ["p0"]),
        (7, ["p0"]),
        (8, ["p0", "p1"]),
        (399, [f"p{i}" for i in range(99)]),
        (9999, [f"p{i}" for i in range(100)]),
    ],
)
def test_the_window_is_filled_with_whole_passages(tokens: int, shown: list[str]) -> None:
    evidence = gathered("max_context", an_item(), passages(100), tokens)
    assert list(evidence.passages) == shown
    assert count_tokens(evidence.text) == 4 * len(shown)


def test_a_passage_larger_than_the_window_is_cut_to_it() -> None:
    evidence = gathered("max_context", an_item(), passages(2), tokens=3)
    assert (evidence.text, evidence.passages) == ("w0 w0 w0", ("p0",))


@pytest.mark.parametrize(
    ("budget", "window", "count"),
    # A budget of 13 of the model's tokens is 10 of ours: two passages of 4.
    [(13, 1000, 2), (13, 4, 1), (None, 12, 3)],
)
def test_the_smaller_of_budget_and_window_holds(
    budget: int | None, window: int, count: int
) -> None:
    condition = FilledWindow(name="filled", summary="", budget=budget)
    resources = ScriptedResources(ranker=ListRanker(passages(9)), evidence_tokens=window)
    assert len(asyncio.run(condition.gather(an_item(), resources)).passages) == count


def test_an_items_long_context_serves_every_budget_and_is_cut_to_it() -> None:
    item = an_item(retrieved={"max_context": "one two three four"})
    assert gathered("context_4k", item, tokens=3).text == "one two three"


@pytest.mark.parametrize("corpus", [None, passages(2)])
def test_a_window_without_room_is_a_failed_call(corpus: list[Passage] | None) -> None:
    item = an_item(retrieved={"max_context": "x"})
    with pytest.raises(CallFailed, match="leaves no room for evidence"):
        gathered("max_context", item, corpus, tokens=0)


def test_titles_count_towards_the_budget() -> None:
    titled = [Passage(id=f"p{i}", title="A title", text="two words") for i in range(3)]
    assert [len(within(titled, n)) for n in (3, 4, 7, 8, 12)] == [0, 1, 1, 2, 3]


@pytest.mark.parametrize("name", RETRIEVING)
@pytest.mark.parametrize(("question", "unmatched"), [("What first?", 0), ("A zebra?", 1)])
def test_a_question_of_which_the_corpus_has_no_word_is_counted(
    name: str, question: str, unmatched: int
) -> None:
    evidence = gathered(name, an_item(question=question), passages(3))
    assert evidence.unmatched == unmatched
    assert evidence.passages


@pytest.mark.parametrize("name", sorted({*RETRIEVING} - {"padded_top_1"}))
@pytest.mark.parametrize("corpus", [None, passages(40)])
def test_the_texts_retrieved_are_those_shown_in_their_order(
    name: str, corpus: list[Passage] | None
) -> None:
    evidence = gathered(name, an_item(retrieved={name: "What came along."}), corpus)
    assert passages_text(evidence.retrieved) == evidence.text
    if corpus:
        assert tuple(passage.id for passage in evidence.retrieved) == evidence.passages


def test_of_a_padded_context_the_passage_counts_once() -> None:
    evidence = gathered("padded_top_1", an_item(), passages(12))
    assert [passage.id for passage in evidence.retrieved] == ["p0"]


def test_a_passage_that_is_cut_is_kept_as_it_was_shown() -> None:
    evidence = gathered("max_context", an_item(), passages(3, words=50), tokens=10)
    assert [passage.text for passage in evidence.retrieved] == [evidence.text]
