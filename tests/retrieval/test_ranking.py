from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.dataset.item import Passage
from pytest_safescale.errors import CallFailed
from pytest_safescale.retrieval.ranking import Bm25Ranker, DenseRanker

if TYPE_CHECKING:
    from collections.abc import Sequence

CORPUS = [
    Passage(id="bone", title="Fracture", text="The scaphoid may look normal at first."),
    Passage(id="lung", title="Pneumothorax", text="Air in the pleural space collapses the lung."),
    Passage(id="lung-too", title="Effusion", text="Fluid in the pleural space blunts the angle."),
    Passage(id="brain", title="Stroke", text="Early ischaemia hides on plain CT."),
]
AXES = {"bone": [1.0, 0.0], "lung": [0.0, 3.0], "brain": [0.6, 0.8]}


def ids(ranked: Sequence[Passage]) -> list[str]:
    return [passage.id for passage in ranked]


class Embedder:
    """Gives each known text its vector and remembers what was asked."""

    def __init__(self, fails: int = 0) -> None:
        self.batches: list[int] = []
        self.running = self.most_running = 0
        self.fails = fails

    async def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        self.batches.append(len(texts))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if self.fails:
            self.fails -= 1
            raise CallFailed("no embeddings today")
        return [AXES.get(text, [0.0, 0.0]) for text in texts]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("scaphoid", "bone"),
        ("PLEURAL air", "lung"),
        ("stroke?", "brain"),
        ("pneumothorax", "lung"),
    ],
)
def test_bm25_ranks_by_the_words_of_title_and_text(query: str, first: str) -> None:
    assert ids(asyncio.run(Bm25Ranker(CORPUS).rank(query, 1))) == [first]


EASTERN = [
    Passage(id="weather", title="天气", text="这一段讲的是天气和交通。"),
    Passage(id="traffic", title="交通", text="今日は道路が混んでいます。"),
    Passage(id="child", title="儿童阑尾炎", text="儿童疑似阑尾炎时首选腹部超声。"),
    Passage(id="kind", title="虫垂炎", text="小児の虫垂炎では最初に超音波検査を行う。"),
    Passage(id="aika", title="충수염", text="소아 충수염에는 초음파를 먼저 한다."),
]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("儿童阑尾炎首选哪种检查？", "child"),
        ("小児の虫垂炎が疑われるとき、最初の検査は？", "kind"),
        ("소아의 충수염 검사", "aika"),
        ("天气", "weather"),
    ],
)
def test_bm25_ranks_by_characters_where_scripts_have_no_spaces(query: str, first: str) -> None:
    ranker = Bm25Ranker(EASTERN)
    assert ids(asyncio.run(ranker.rank(query, 1))) == [first]
    assert ranker.matches(query)


@pytest.mark.parametrize(
    ("query", "matches"),
    [("scaphoid", True), ("the zebra", True), ("zebra", False), ("", False), ("?!", False),
     ("気胸", False)],
)  # fmt: skip
def test_a_query_without_a_known_word_is_told(query: str, matches: bool) -> None:
    assert Bm25Ranker(CORPUS).matches(query) is matches


def test_embeddings_are_near_to_something_always() -> None:
    assert DenseRanker(CORPUS, Embedder()).matches("zebra")


def test_chunks_of_equal_score_keep_the_corpus_order() -> None:
    same = [Passage(id=f"p{i}", text="the same words") for i in range(20)]
    assert ids(asyncio.run(Bm25Ranker(same).rank("words", 20))) == [f"p{i}" for i in range(20)]


@pytest.mark.parametrize("query", ["", "zebra", "?!", "気胸"])
def test_a_query_without_a_known_word_gets_the_first_chunks(query: str) -> None:
    assert ids(asyncio.run(Bm25Ranker(CORPUS).rank(query, 2))) == ["bone", "lung"]


@pytest.mark.parametrize(
    ("corpus", "k", "count"),
    [(CORPUS, 99, 4), (CORPUS, 0, 0), ([], 3, 0), ([Passage(id="p", text="...")], 3, 1)],
)
def test_there_are_never_more_chunks_than_the_corpus_has(
    corpus: list[Passage], k: int, count: int
) -> None:
    assert len(asyncio.run(Bm25Ranker(corpus).rank("lung", k))) == count


def test_asking_deeper_after_asking_shallow_extends_the_same_order() -> None:
    corpus = [Passage(id=f"p{i}", text="lung " * (i % 7 + 1) + "x " * i) for i in range(200)]
    ranker = Bm25Ranker(corpus)
    three, all_of_them = (asyncio.run(ranker.rank("lung", k)) for k in (3, 200))
    assert ids(all_of_them)[:3] == ids(three)
    assert ids(all_of_them) == ids(asyncio.run(Bm25Ranker(corpus).rank("lung", 200)))


def test_bm25_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    asyncio.run(Bm25Ranker(CORPUS).rank("lung", 2))
    assert capfd.readouterr() == ("", "")


def test_dense_ranking_is_by_inner_product() -> None:
    # Query (0.6, 0.8); products: bone 0.6, lung 2.4, brain 1.0.
    corpus = [Passage(id=name, text=name) for name in ("bone", "lung", "brain")]
    ranker = DenseRanker(corpus, Embedder())
    assert ids(asyncio.run(ranker.rank("brain", 3))) == ["lung", "brain", "bone"]


def test_the_corpus_is_embedded_once_in_concurrent_batches_of_64() -> None:
    embedder = Embedder()
    ranker = DenseRanker([Passage(id=f"p{i}", text=f"t{i}") for i in range(150)], embedder)

    async def twice() -> None:
        await asyncio.gather(ranker.rank("bone", 2), ranker.rank("lung", 2))
        await ranker.rank("bone", 2)

    asyncio.run(twice())
    assert sorted(embedder.batches) == [1, 1, 22, 64, 64]
    assert embedder.most_running == 3


def test_a_failed_embedding_is_a_failed_call_and_can_be_asked_again() -> None:
    ranker = DenseRanker(CORPUS, Embedder(fails=1))

    async def fail_then_succeed() -> list[str]:
        with pytest.raises(CallFailed, match="no embeddings today"):
            await ranker.rank("bone", 1)
        return ids(await ranker.rank("bone", 1))

    assert asyncio.run(fail_then_succeed()) == ["bone"]


def test_an_empty_corpus_is_not_embedded() -> None:
    embedder = Embedder()
    assert asyncio.run(DenseRanker([], embedder).rank("bone", 3)) == []
    assert embedder.batches == []


@pytest.mark.parametrize(
    ("vectors", "problem"),
    [
        ([[1.0]], "gave \\(1, 1\\) figures for 4 texts"),
        ([[1.0], [float("nan")], [1.0], [1.0]], "gave \\(4, 1\\) figures"),
        ([1.0, 1.0, 1.0, 1.0], "gave \\(4,\\) figures"),
        ([[1.0], [1.0, 2.0], [1.0], [1.0]], "gave no vectors"),
        ([["x"], ["x"], ["x"], ["x"]], "gave no vectors"),
    ],
)
def test_unusable_vectors_are_a_failed_call(vectors: list[list[float]], problem: str) -> None:
    async def embed(texts: Sequence[str]) -> list[list[float]]:
        return vectors

    with pytest.raises(CallFailed, match=problem):
        asyncio.run(DenseRanker(CORPUS, embed).rank("bone", 1))


def test_a_query_vector_of_another_length_is_a_failed_call() -> None:
    async def embed(texts: Sequence[str]) -> list[list[float]]:
        return [[1.0] * len(texts)] * len(texts)

    with pytest.raises(CallFailed, match="different lengths"):
        asyncio.run(DenseRanker(CORPUS, embed).rank("bone", 1))


def test_a_label_is_found_by_nothing() -> None:
    labelled = [CORPUS[0].model_copy(update={"label": "zebra zebra"}), *CORPUS[1:]]
    assert not Bm25Ranker(labelled).matches("zebra")
    plain, with_label = (asyncio.run(Bm25Ranker(one).rank("air", 4)) for one in (CORPUS, labelled))
    assert ids(plain) == ids(with_label)


def test_a_part_of_a_corpus_is_ranked_by_the_vectors_of_the_whole() -> None:
    texts = [Passage(id=name, text=name) for name in AXES]
    embed = Embedder()
    whole = DenseRanker(texts, embed)
    part = whole.of_part([one for one in texts if one.id != "lung"])

    async def both() -> tuple[list[str], list[str]]:
        return ids(await whole.rank("bone", 3)), ids(await part.rank("bone", 3))

    assert asyncio.run(both()) == (["bone", "brain", "lung"], ["bone", "brain"])
    # The three passages once, and a query for each.
    assert sorted(embed.batches) == [1, 1, 3]
