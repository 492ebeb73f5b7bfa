from __future__ import annotations

from pytest_safescale.dataset.item import Passage
from pytest_safescale.retrieval.chunks import chunk_passages
from pytest_safescale.text.tokens import count_tokens


def numbered(n: int) -> str:
    return " ".join(f"w{i}" for i in range(n))


def test_a_short_passage_is_its_own_chunk() -> None:
    passage = Passage(id="p", title="Title", text=numbered(300))
    assert chunk_passages([passage]) == [passage]


def test_a_long_passage_is_numbered_and_every_chunk_keeps_its_title_and_label() -> None:
    chunks = chunk_passages([Passage(id="p", title="Title", label="Label", text=numbered(560))])
    assert {chunk.label for chunk in chunks} == {"Label"}
    assert [chunk.id for chunk in chunks] == ["p#1", "p#2", "p#3"]
    assert {chunk.title for chunk in chunks} == {"Title"}
    # Starts every 250 tokens: 0-299, 250-549, 500-559.
    assert [count_tokens(chunk.text) for chunk in chunks] == [300, 300, 60]
    assert [chunk.text.split()[0] for chunk in chunks] == ["w0", "w250", "w500"]


def test_chunking_chunks_changes_nothing() -> None:
    chunks = chunk_passages([Passage(id="p", text=numbered(900)), Passage(id="q", text="short")])
    assert chunk_passages(chunks) == chunks
