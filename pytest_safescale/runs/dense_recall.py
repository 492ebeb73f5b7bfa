"""Recall of what serves the items under dense retrieval, whose embeddings are asked and kept."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.coverage import coverage_figures
from pytest_safescale.audit.dense_coverage import covered_by
from pytest_safescale.errors import CallFailed, RunEnded, SettingsError
from pytest_safescale.models.openai.embedding import embedding_request, read_vectors
from pytest_safescale.retrieval.chunks import CHUNKS_A_CALL
from pytest_safescale.runs.one_model import asking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.dataset.corpus import CorpusPassage
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.model import Model
    from pytest_safescale.settings.schema import Settings

__all__ = ["dense_recall"]


def dense_recall(
    passages: Sequence[CorpusPassage],
    items: Sequence[Item],
    embedder: Model,
    settings: Settings,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of coverage under dense retrieval, and what its embeddings took.

    ``tell`` is given beforehand what it takes. Raises SettingsError where the embedding model
    gives nothing that can be used or a budget is spent, EndpointRefused and StoreError.
    """
    calls = -(-len(passages) // CHUNKS_A_CALL) + len(items)
    tell(
        f"{embedder.info.name} embeds {len(passages)} passages and {len(items)} questions: about "
        f"{calls} calls; what the store holds already is not asked again"
    )
    try:
        return asyncio.run(_recall(passages, items, embedder, settings))
    except (CallFailed, RunEnded) as problem:
        raise SettingsError(f"recall under {settings.retriever}: {problem}") from problem


async def _recall(
    passages: Sequence[CorpusPassage], items: Sequence[Item], embedder: Model, settings: Settings
) -> dict[str, Any]:
    # Here, for it loads the array library.
    from pytest_safescale.retrieval.ranking import DenseRanker

    answers: list[Answered] = []
    async with asking(embedder, settings, secrets.token_hex(8)) as (caller, effort):

        async def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
            answered = await caller.ask(embedder, embedding_request(texts))
            answers.append(answered)
            return read_vectors(answered.replies[0], len(texts))

        found = await covered_by(lambda texts: DenseRanker(texts, embed), passages, items)
        figures = coverage_figures(found)
        return {**figures, "ranker": f"dense:{embedder.info.model}", "took": effort(answers)}
