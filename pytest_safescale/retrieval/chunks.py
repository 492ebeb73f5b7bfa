"""Passages cut into the chunks that are ranked: 300 tokens, 50 shared with the chunk before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.text.tokens import windows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_safescale.dataset.item import Passage

__all__ = ["CHUNKS_A_CALL", "CHUNK_OVERLAP", "CHUNK_TOKENS", "chunk_passages"]

CHUNK_TOKENS = 300
"""Tokens in a chunk, its title not counted (SaFE-Scale, arXiv 2605.04039)."""
CHUNK_OVERLAP = 50
"""Tokens a chunk shares with the one before it (same source)."""
CHUNKS_A_CALL = 64
"""How many chunks are embedded by one request."""


def chunk_passages(passages: Iterable[Passage]) -> list[Passage]:
    """Return the chunks of all passages, in order; chunking them again changes nothing.

    A passage of one chunk keeps its id; others become ``ID#1``, ``ID#2`` and so on, each with the
    passage's title and label.
    """
    return [chunk for passage in passages for chunk in _chunks(passage)]


def _chunks(passage: Passage) -> list[Passage]:
    texts = windows(passage.text, CHUNK_TOKENS, CHUNK_OVERLAP)
    if len(texts) == 1:
        return [passage]
    return [
        passage.model_copy(update={"id": f"{passage.id}#{number}", "text": text})
        for number, text in enumerate(texts, start=1)
    ]
