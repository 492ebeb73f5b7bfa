"""One option that a reply names as its answer, and how it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import AnswerForm

if TYPE_CHECKING:
    from pytest_safescale.answers.reader.reply import Named, Reply

__all__ = ["Commitment", "commitment_of"]


@dataclass(frozen=True, kw_only=True)
class Commitment:
    """An option that a reply names as its answer."""

    at: int
    """Where it is named."""
    letter: str
    form: AnswerForm
    firm: bool = True
    """Whether it stands against judgements like "A is correct" elsewhere in the reply."""
    of_others: bool = False
    """Whether a source's words are given, or what holds at other times or in other cases."""
    shared: int | None = None
    """Where a second option is named with it; ``None`` for nowhere."""
    attached: str | None = None
    """The option whose text stands with the letter; ``None`` where there is none."""

    @property
    def by_text(self) -> bool:
        """Whether no letter is named."""
        return self.form is AnswerForm.OPTION_TEXT

    @property
    def contradicts(self) -> bool:
        """Whether the letter stands with the text of another option."""
        return self.attached is not None and self.attached != self.letter


def commitment_of(
    reply: Reply,
    named: Named,
    form: AnswerForm,
    *,
    firm: bool = True,
    of_others: bool = False,
) -> Commitment:
    """Return the commitment to an option that is named, with what stands with its name."""
    return Commitment(
        at=named.at,
        letter=named.letter,
        form=form,
        firm=firm and not of_others,
        of_others=of_others,
        shared=reply.names_another(named.end, named.letter),
        attached=reply.attached(named),
    )
