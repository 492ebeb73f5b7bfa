"""An item as a prompt shows it: its own options, or one more, by which a model abstains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import Answer, AnswerForm
from pytest_safescale.dataset.item import Item, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ShownItem"]


@dataclass(frozen=True, kw_only=True)
class ShownItem:
    """What a model is shown of an item, and what its letters mean."""

    item: Item
    letters: Mapping[str, str | None]
    """The item's letter of each that is shown; ``None`` for the option that abstains."""

    @classmethod
    def plain(cls, item: Item) -> ShownItem:
        """Return an item that is shown as it is."""
        return cls(item=item, letters={letter: letter for letter in item.letters})

    @classmethod
    def with_abstention(cls, item: Item, letters: Mapping[str, str | None], text: str) -> ShownItem:
        """Return an item with one more option, ``text``; ``letters`` are all that are shown."""
        options = [
            Option(letter=shown, text=text)
            if own is None
            else replace(item.option(own), letter=shown)
            for shown, own in letters.items()
        ]
        answer = next(shown for shown, own in letters.items() if own == item.answer)
        fields = {name: getattr(item, name) for name in Item.model_fields}
        # Made anew: a copy would keep the hash of what the item said before.
        return cls(item=Item(**{**fields, "options": options, "answer": answer}), letters=letters)

    @property
    def abstains(self) -> str | None:
        """The letter of the option that abstains, where there is one."""
        return next((shown for shown, own in self.letters.items() if own is None), None)

    @property
    def own_letters(self) -> dict[str, str]:
        """The letter under which each of the item's is shown."""
        return {own: shown for shown, own in self.letters.items() if own is not None}

    @property
    def shown_as(self) -> Mapping[str | None, str]:
        """The letter under which each of the item's is shown; ``None`` is the abstaining one."""
        return {own: shown for shown, own in self.letters.items()}

    def in_item(self, answer: Answer) -> Answer:
        """Return an answer to what is shown as one to the item: the added option abstains."""
        if answer.letter is None or answer.letter not in self.letters:
            return answer
        own = self.letters[answer.letter]
        if own == answer.letter:
            return answer
        form = AnswerForm.ABSTAIN_OPTION if own is None else answer.form
        return replace(answer, letter=own, form=form)
