"""Small typed edits of an item and of the evidence a condition showed, and what they make.

Edits name sentences by their number in the evidence as it was shown, and options by the letter
they had. So a list of edits means the same whichever of them is left out, which is what lets a
list be shrunk, stored and applied again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_safescale.dataset.item import LETTERS, Item
from pytest_safescale.errors import EditError
from pytest_safescale.perturb.edits.draft import Draft, Piece, gap_of, put, with_gap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "DropSentences",
    "Edit",
    "InsertText",
    "MoveSentences",
    "Patch",
    "RepeatSentence",
    "RotateOptions",
    "SwapOptions",
    "Variant",
    "apply_all",
    "edits_from_dicts",
]


@dataclass(frozen=True, kw_only=True)
class Edit(ABC):
    """One small change; a subclass gives it a ``kind`` of its own and is known from then on."""

    kind: ClassVar[str] = ""
    """Names the class in stored edits; unique."""
    known: ClassVar[dict[str, type[Edit]]] = {}
    """Every class of edits by its kind."""

    family: str
    """The family of edits it was drawn from, as in metrics."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind:
            Edit.known[cls.kind] = cls

    @abstractmethod
    def apply(self, draft: Draft) -> Draft:
        """Return the draft with this change; the same draft where there is nothing to change.

        Raises:
            EditError: the edit was made for another text.
        """

    @abstractmethod
    def describe(self) -> str:
        """Say in one line what is changed."""

    @property
    def cut(self) -> bool:
        """Whether it is a piece of a longer edit, as shrinking makes them."""
        return False

    @property
    def pieces(self) -> int:
        """How many pieces it has; a search leaves them out one by one where it has several."""
        return 1

    def only(self, pieces: Sequence[int]) -> Edit:  # noqa: ARG002 (it has a single one)
        """Return the edit with these of its pieces alone, by their numbers from 0."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the edit as plain JSON data."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Edit:
        """Return the edit that ``to_dict`` made this of; raises EditError for anything else."""
        kind = data.get("kind")
        if kind not in Edit.known:
            raise EditError(f"edit kind {kind!r}; allowed: {', '.join(sorted(Edit.known))}")
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
            if name != "kind"
        }
        try:
            return Edit.known[str(kind)](**fields)
        except TypeError as error:
            raise EditError(f"edit {kind!r} cannot be read from {dict(data)}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class SwapOptions(Edit):
    """Two options change places."""

    kind = "swap_options"

    left: str
    """The letter the option had."""
    right: str

    def apply(self, draft: Draft) -> Draft:
        """Return the draft with the two options swapped."""
        for letter in (self.left, self.right):
            if letter not in draft.order:
                raise EditError(f"swap: option {letter!r}; allowed: {', '.join(draft.order)}")
        swapped = {self.left: self.right, self.right: self.left}
        return replace(draft, order=tuple(swapped.get(letter, letter) for letter in draft.order))

    def describe(self) -> str:
        """Name the two letters."""
        return f"options {self.left} and {self.right} change places"


@dataclass(frozen=True, kw_only=True)
class RotateOptions(Edit):
    """Every option gets the letter ``by`` places on; their cyclic order stays."""

    kind = "rotate_options"

    by: int

    def apply(self, draft: Draft) -> Draft:
        """Return the draft with every option moved on."""
        by = self.by % len(draft.order)
        return replace(draft, order=(*draft.order[-by:], *draft.order[:-by]) if by else draft.order)

    def describe(self) -> str:
        """Say how far the letters move."""
        return f"every option is lettered {self.by} on"


@dataclass(frozen=True, kw_only=True)
class MoveSentences(Edit):
    """Sentences that belong together are put before another one, or to the end."""

    kind = "move_sentences"

    sentences: tuple[int, ...]
    before: int
    """A sentence's number; one past the last for the end of the text."""

    def apply(self, draft: Draft) -> Draft:
        """Return the draft with the sentences moved."""
        moved = tuple(piece for piece in draft.pieces if piece.origin in self.sentences)
        rest = tuple(piece for piece in draft.pieces if piece.origin not in self.sentences)
        at = replace(draft, pieces=rest).place(self.before)
        pieces = (*rest[:at], *moved, *rest[at:])
        # White space keeps its place, so that paragraphs end where they did.
        spaced = (with_gap(now, gap_of(was)) for now, was in zip(pieces, draft.pieces, strict=True))
        return replace(draft, pieces=tuple(spaced))

    def describe(self) -> str:
        """Name the sentences by their place, counted from 1."""
        return f"{_sentence_numbers(self.sentences)} moved before sentence {self.before + 1}"


@dataclass(frozen=True, kw_only=True)
class DropSentences(Edit):
    """Sentences that belong together are left out."""

    kind = "drop_sentences"

    sentences: tuple[int, ...]

    def apply(self, draft: Draft) -> Draft:
        """Return the draft without the sentences."""
        kept: list[Piece] = []
        for piece in draft.pieces:
            if piece.origin not in self.sentences:
                kept.append(piece)
            elif kept and "\n" in gap_of(piece):
                kept[-1] = with_gap(kept[-1], gap_of(piece))
        return replace(draft, pieces=tuple(kept))

    def describe(self) -> str:
        """Name the sentences by their place, counted from 1."""
        return f"{_sentence_numbers(self.sentences)} left out"


@dataclass(frozen=True, kw_only=True)
class RepeatSentence(Edit):
    """A sentence is said again before another one, or at the end."""

    kind = "repeat_sentence"

    sentence: int
    before: int

    def apply(self, draft: Draft) -> Draft:
        """Return the draft with the sentence repeated; unchanged where it was left out."""
        piece = draft.sentence(self.sentence)
        if piece is None:
            return draft
        return put(draft, self.before, f"{piece.text.rstrip()} ")

    def describe(self) -> str:
        """Name the sentence by its place, counted from 1."""
        return f"sentence {self.sentence + 1} repeated before sentence {self.before + 1}"


@dataclass(frozen=True, kw_only=True)
class InsertText(Edit):
    """Text is put before a sentence, or at the end."""

    kind = "insert_text"

    at: int
    """A sentence's number; one past the last for the end of the text."""
    words: tuple[str, ...]
    """What is put in, word by word, so that it can shrink."""
    of: int
    """How many words the whole text has."""
    paragraph: bool = False
    """Whether it stands in a paragraph of its own."""

    @property
    def cut(self) -> bool:
        """Whether words of the whole text are left out."""
        return len(self.words) < self.of

    @property
    def pieces(self) -> int:
        """How many words it has; a passage in a paragraph of its own stays whole."""
        return 1 if self.paragraph else len(self.words)

    def only(self, pieces: Sequence[int]) -> InsertText:
        """Return the edit with these of its words alone."""
        if self.paragraph:
            return self
        return replace(self, words=tuple(self.words[piece] for piece in pieces))

    @property
    def text(self) -> str:
        """The words, joined."""
        return " ".join(self.words)

    def apply(self, draft: Draft) -> Draft:
        """Return the draft with the text put in."""
        return put(draft, self.at, self.text + ("\n\n" if self.paragraph else " "))

    def describe(self) -> str:
        """Show the text and its place, counted from 1."""
        return f"put before sentence {self.at + 1}: {self.text!r}"


@dataclass(frozen=True, kw_only=True)
class Patch(Edit):
    """Some characters of a sentence, or of the space behind it, are replaced."""

    kind = "patch"

    sentence: int
    start: int
    """The place in the sentence, in characters from 0."""
    old: str
    new: str

    def apply(self, draft: Draft) -> Draft:
        """Return the draft with the characters replaced; unchanged where the sentence is gone."""
        piece, end = draft.sentence(self.sentence), self.start + len(self.old)
        if piece is None or any(a < end and self.start < b for a, b, _ in piece.patches):
            return draft
        if (found := piece.text[self.start : end]) != self.old:
            if not self.old.strip() and not found.strip():
                return draft  # the space behind a sentence that was moved
            raise EditError(
                f"sentence {self.sentence + 1} holds {found!r} at {self.start}, not {self.old!r}: "
                "the edit was made for another text"
            )
        patched = replace(piece, patches=(*piece.patches, (self.start, end, self.new)))
        return replace(draft, pieces=tuple(patched if p is piece else p for p in draft.pieces))

    def describe(self) -> str:
        """Show what stood there and what does now."""
        return f"sentence {self.sentence + 1}: {self.old!r} becomes {self.new!r}"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """An item as edits made it, with the evidence to show."""

    item: Item
    """Valid; lettered from A in the order shown."""
    evidence: str
    letters: Mapping[str, str]
    """The letter each option had before, by the letter it has now."""
    edits: tuple[Edit, ...]
    changed: bool
    """Whether a model sees anything else than before."""
    key: str
    """A hash over what a model sees: variants with the same key are one."""

    def original(self, letter: str | None) -> str | None:
        """Return the letter that the option had before; ``None`` for a letter without option."""
        return None if letter is None else self.letters.get(letter)

    def describe(self) -> str:
        """Say in one line what was changed."""
        return "; ".join(edit.describe() for edit in self.edits) or "nothing changed"


def apply_all(
    edits: Sequence[Edit], item: Item, evidence: str = "", *, draft: Draft | None = None
) -> Variant:
    """Apply edits one after the other and return the variant they make.

    ``draft`` saves splitting a long text again and again. Raises EditError where an edit was made
    for another item or text.
    """
    edited = draft or Draft.of(item, evidence)
    for edit in edits:
        edited = edit.apply(edited)
    text, shown = edited.evidence(), _reordered_item(edited)
    seen = [shown.question, [option.text for option in shown.options], text]
    packed = json.dumps(seen, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Variant(
        item=shown,
        evidence=text,
        letters=dict(zip(LETTERS, edited.order, strict=False)),
        edits=tuple(edits),
        changed=shown != item or text != evidence,
        key=hashlib.sha256(packed).hexdigest(),
    )


def edits_from_dicts(data: Sequence[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """Return the edits of a stored counterexample."""
    return tuple(Edit.from_dict(one) for one in data)


def _reordered_item(draft: Draft) -> Item:
    """Return the item with its options in the draft's order."""
    item = draft.item
    if "".join(draft.order) == item.letters:
        return item
    options = [
        replace(item.option(before), letter=now)
        for now, before in zip(LETTERS, draft.order, strict=False)
    ]
    answer = LETTERS[draft.order.index(item.answer)]
    return Item.model_validate({**item.model_dump(), "options": options, "answer": answer})


def _sentence_numbers(sentences: tuple[int, ...]) -> str:
    numbers = ", ".join(str(number + 1) for number in sentences)
    return f"sentence{'s' * (len(sentences) > 1)} {numbers}"
