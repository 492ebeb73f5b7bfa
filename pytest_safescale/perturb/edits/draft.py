"""An item and its evidence while they are edited: sentences that keep their numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from pytest_safescale.dataset.item import Item

__all__ = ["Draft", "Piece", "gap_of", "put", "with_gap"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of a draft's evidence: a sentence that was there, or text put in."""

    origin: int | None
    """The sentence's number in the evidence as shown; ``None`` for text put in."""
    text: str
    """With the white space behind it."""
    patches: tuple[tuple[int, int, str], ...] = ()
    """Start, end and new text of what is replaced, places as in ``text``; none overlap."""

    def rendered(self) -> str:
        """Return the text with its patches in place."""
        text = self.text
        for start, end, new in sorted(self.patches, reverse=True):
            text = text[:start] + new + text[end:]
        return text


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An item and its evidence while edits are applied."""

    item: Item
    """With its options as they were; ``order`` says how they stand."""
    order: tuple[str, ...]
    """The options' own letters in the order in which they are shown."""
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, item: Item, evidence: str = "") -> Draft:
        """Return the draft that nothing was done to."""
        pieces = tuple(Piece(origin=part.number, text=part.text) for part in split(evidence))
        return cls(item=item, order=tuple(item.letters), pieces=pieces)

    def evidence(self) -> str:
        """Return the evidence as it reads now."""
        texts = [text for piece in self.pieces if (text := piece.rendered())]
        spaced = [text if text[-1].isspace() else f"{text} " for text in texts[:-1]]
        return "".join([*spaced, *texts[-1:]])

    def place(self, sentence: int) -> int:
        """Return where the sentence stands among the pieces; behind all where it is gone."""
        places = {piece.origin: at for at, piece in enumerate(self.pieces)}
        later = [n for n in places if n is not None and n >= sentence]
        return places[min(later)] if later else len(self.pieces)

    def sentence(self, number: int) -> Piece | None:
        """Return a sentence that is still there; ``None`` for one left out."""
        return next((piece for piece in self.pieces if piece.origin == number), None)


def put(draft: Draft, before: int, text: str) -> Draft:
    """Return the draft with text of its own before a sentence, or behind all."""
    at = draft.place(before)
    new = Piece(origin=None, text=text)
    if at == len(draft.pieces) and draft.pieces:
        # The space behind the last sentence is the text's end: what follows needs a space first.
        last = with_gap(draft.pieces[-1], "\n\n" if "\n" in text else " ")
        return replace(draft, pieces=(*draft.pieces[:-1], last, replace(new, text=text.rstrip())))
    return replace(draft, pieces=(*draft.pieces[:at], new, *draft.pieces[at:]))


def gap_of(piece: Piece) -> str:
    """Return the white space behind a piece."""
    return piece.text[len(piece.text.rstrip()) :]


def with_gap(piece: Piece, gap: str) -> Piece:
    """Return the piece with other white space behind it."""
    return piece if gap_of(piece) == gap else replace(piece, text=piece.text.rstrip() + gap)
