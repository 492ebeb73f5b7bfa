"""Rankers over the chunks of a corpus: BM25 in process, or dense over injected embeddings.

The only module of this folder that needs numpy; import it where a corpus is really ranked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import bm25s
import numpy as np

from pytest_safescale.errors import CallFailed
from pytest_safescale.retrieval.chunks import CHUNKS_A_CALL, chunk_passages
from pytest_safescale.text.tokens import search_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pytest_safescale.dataset.item import Passage

__all__ = ["Bm25Ranker", "DenseRanker", "Embed"]

Embed = Callable[[Sequence[str]], Awaitable[Sequence[Sequence[float]]]]
"""Turns texts into vectors of one length, in the order of the texts; raises CallFailed."""

_BATCHES_AT_ONCE = 8
_QUERIES_KEPT = 4096
_PREFIX_KEPT = 64


class _Orders:
    """The best chunks of recent queries, as far down as anyone asked."""

    def __init__(self) -> None:
        self._orders: dict[str, list[int]] = {}

    def get(self, query: str, k: int) -> list[int] | None:
        order = self._orders.get(query)
        return None if order is None or len(order) < k else order[:k]

    def put(self, query: str, scores: NDArray[np.float32], k: int) -> list[int]:
        # A stable sort of the negated scores leaves chunks of equal score in corpus order.
        order = np.argsort(-scores, kind="stable")[: max(k, _PREFIX_KEPT)]
        if len(self._orders) >= _QUERIES_KEPT:
            del self._orders[next(iter(self._orders))]
        kept = self._orders[query] = [int(i) for i in order]
        return kept[:k]


class Bm25Ranker:
    """Ranks by BM25 (Lucene's form, k1 1.5, b 0.75) over the words of title and text.

    The index is built at the first query. Equal scores keep corpus order, so a query without a
    known word gets the first chunks of the corpus (``matches`` tells).
    """

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = tuple(passages)
        self._orders = _Orders()

    @cached_property
    def chunks(self) -> list[Passage]:
        """The chunks that are ranked, in corpus order."""
        return chunk_passages(self._passages)

    async def rank(self, query: str, k: int) -> list[Passage]:
        """Return the ``k`` best chunks, best first; all of them where there are fewer."""
        k = min(k, len(self.chunks))
        order = self._orders.get(query, k)
        if order is None:
            order = self._orders.put(query, self._scores(query), k)
        return [self.chunks[i] for i in order]

    def matches(self, query: str) -> bool:
        """Say whether a chunk holds a word of the query."""
        vocabulary, _ = self._index
        return any(word in vocabulary for word in search_words(query))

    def _scores(self, query: str) -> NDArray[np.float32]:
        vocabulary, index = self._index
        known = [vocabulary[word] for word in search_words(query) if word in vocabulary]
        if not known:
            return np.zeros(len(self.chunks), dtype=np.float32)
        scores: NDArray[np.float32] = index.get_scores_from_ids(known)
        return scores

    @cached_property
    def _index(self) -> tuple[dict[str, int], Any]:
        # Ids are given in order of first occurrence: bm25s's own vocabulary is an unordered set.
        vocabulary: dict[str, int] = {}
        ids = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in search_words(_indexed(chunk))]
            for chunk in self.chunks
        ]
        index = bm25s.BM25(backend="numpy")
        if vocabulary:
            index.index((ids, dict(vocabulary)), show_progress=False)
        return vocabulary, index


class DenseRanker:
    """Ranks by the exact inner product of embeddings (as the paper does, with BGE-large).

    The corpus is embedded at the first query, 64 chunks a request and eight requests at a time;
    a failed request leaves nothing half-built. Use one ranker within one event loop.
    """

    def __init__(
        self, passages: Iterable[Passage], embed: Embed, whole: DenseRanker | None = None
    ) -> None:
        """``whole`` ranks a corpus that has the text of every one of the passages."""
        self._passages = tuple(passages)
        self._embed = embed
        self._whole = whole
        self._orders = _Orders()
        self._matrix: NDArray[np.float32] | None = None
        self._building = asyncio.Lock()

    @cached_property
    def chunks(self) -> list[Passage]:
        """The chunks that are ranked, in corpus order."""
        return chunk_passages(self._passages)

    async def rank(self, query: str, k: int) -> list[Passage]:
        """Return the ``k`` best chunks, best first; all of them where there are fewer.

        Raises:
            CallFailed: an embedding call failed or gave vectors that do not fit together.
        """
        k = min(k, len(self.chunks))
        order = self._orders.get(query, k) if k else []
        if order is None:
            matrix = await self._corpus_matrix()
            vector = (await self._vectors([query], width=matrix.shape[1]))[0]
            order = self._orders.put(query, matrix @ vector, k)
        return [self.chunks[i] for i in order]

    def of_part(self, passages: Iterable[Passage]) -> DenseRanker:
        """Return a ranker of passages whose texts this one has, which embeds none of them anew."""
        return DenseRanker(passages, self._embed, whole=self)

    @staticmethod
    def matches(query: str) -> bool:  # noqa: ARG004
        """Return that every text is near to some other."""
        return True

    async def _corpus_matrix(self) -> NDArray[np.float32]:
        async with self._building:
            if self._matrix is None:
                whole = self._whole
                part = self._embedded_corpus() if whole is None else self._rows_of(whole)
                self._matrix = await part
            return self._matrix

    async def _rows_of(self, whole: DenseRanker) -> NDArray[np.float32]:
        matrix = await whole._corpus_matrix()
        places = {_indexed(chunk): place for place, chunk in enumerate(whole.chunks)}
        return matrix[[places[_indexed(chunk)] for chunk in self.chunks]]

    async def _embedded_corpus(self) -> NDArray[np.float32]:
        texts = [_indexed(chunk) for chunk in self.chunks]
        slots = asyncio.Semaphore(_BATCHES_AT_ONCE)

        async def embedded(batch: list[str]) -> NDArray[np.float32]:
            async with slots:
                return await self._vectors(batch)

        batches = [texts[i : i + CHUNKS_A_CALL] for i in range(0, len(texts), CHUNKS_A_CALL)]
        parts = await asyncio.gather(*(embedded(batch) for batch in batches))
        if len({part.shape[1] for part in parts}) > 1:
            raise CallFailed("the embeddings endpoint gave vectors of different lengths")
        return np.concatenate(parts)

    async def _vectors(self, texts: list[str], width: int | None = None) -> NDArray[np.float32]:
        try:
            vectors = np.asarray(await self._embed(texts), dtype=np.float32)
        except (TypeError, ValueError) as problem:
            raise CallFailed(f"the embeddings endpoint gave no vectors: {problem}") from problem
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise CallFailed(
                f"the embeddings endpoint gave {vectors.shape} figures for {len(texts)} texts"
            )
        if width not in (None, vectors.shape[1]):
            raise CallFailed("the embeddings endpoint gave vectors of different lengths")
        return vectors


def _indexed(chunk: Passage) -> str:
    return f"{chunk.title}\n{chunk.text}" if chunk.title else chunk.text
