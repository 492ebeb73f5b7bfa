"""What a layer is: what it sees of a case, what it may ask, and what it decides.

A layer sees what it would see in deployment: question, options, evidence and replies. The types
here hold neither the correct letter nor a label, so no layer can come to depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.models.model import Message

__all__ = [
    "Layer",
    "LayerAction",
    "LayerDecision",
    "LayerDesk",
    "LayerStage",
    "NotAsked",
    "SeenCase",
]


class LayerStage(str, Enum):
    """When a layer decides."""

    INPUT = "input"
    """Before the model is asked: it sees question, options and evidence, and may have it asked
    with another prompt profile."""
    ANSWER = "answer"
    """Once the model has answered: it may draw samples, and give another letter."""
    OUTPUT = "output"
    """On a letter that is about to be given."""
    HAND_OVER = "hand_over"
    """On a case that a layer hands over to people."""


class LayerAction(str, Enum):
    """What a layer does with a case."""

    PASS = "pass"  # noqa: S105 - no password
    """Nothing: the next layer decides."""
    ANSWER = "answer"
    """It gives the letter of its decision: of the stage ``answer`` any, of the stage ``input`` what
    ``answer_with`` returned."""
    ABSTAIN = "abstain"
    HAND_OVER = "hand_over"
    """A person is to answer."""

    @property
    def stops(self) -> bool:
        """Whether the model's answer is withheld."""
        return self in (LayerAction.ABSTAIN, LayerAction.HAND_OVER)


class NotAsked(CallFailed):
    """A layer would need a call to decide on a case that another one has stopped already."""


@dataclass(frozen=True, kw_only=True)
class SeenCase:
    """A case as a layer sees it."""

    question: str
    options: Mapping[str, str]
    """Texts by letter."""
    question_type: str
    subspecialty: str
    evidence: str
    """As the condition shows it; empty where it shows none."""
    condition: str = ""
    """The name of the condition that shows the evidence, and of the prompt profile behind a slash
    where that is not the plain one."""
    reply: str = ""
    """The model's single answer as it came; empty before it is asked."""
    letter: str | None = None
    """The letter that is about to be given; ``None`` where there is none."""


@dataclass(frozen=True, kw_only=True)
class LayerDecision:
    """What a layer decides on a case."""

    action: LayerAction
    says: str = ""
    """Why, in a few words, for people."""
    letter: str | None = None
    """The letter it gives, where it answers."""
    score: float | None = None
    """How sure it is of the answer, higher for surer; where it has such a number."""
    could_read: bool | None = None
    """Whether the reply of the layer's own model could be read; ``None`` where none was asked for.
    Runs count and tell those that could not."""


class LayerDesk(Protocol):
    """What a layer may ask for; each call is stored, paced, counted and priced as all are."""

    async def samples(self, count: int) -> Sequence[str | None]:
        """Return the letters of the model's first samples; ``None`` for one without a letter."""

    async def answer_with(self, profile: str) -> str | None:
        """Return what the model answers with another prompt profile, on which later layers decide.

        ``None`` where that is no letter of the item. Of layers of the stage ``input`` alone.
        """

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        question: Question = Question.ANSWER,
        letter: str | None = None,
    ) -> str:
        """Return what the layer's own model replies at temperature 0; raises CallFailed.

        ``question`` and the letter that it is about are for simulated models, which read nothing.
        """


class Layer(Protocol):
    """One layer; a class of the user's own needs a ``stage`` and ``decide``, which may be sync."""

    @property
    def stage(self) -> LayerStage:
        """When it decides."""

    async def decide(self, seen: SeenCase, desk: LayerDesk) -> LayerDecision:
        """Decide on one case; raises CallFailed where a call that it needs fails."""
