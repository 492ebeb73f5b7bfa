"""A case as layers see it, and a desk whose words are scripted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import CallFailed
from pytest_safescale.layers.layered_model import LayeredModel, NamedLayer
from pytest_safescale.layers.protocol import NotAsked, SeenCase
from pytest_safescale.models.model import Question
from tests.calls.models import ScriptedModel, info

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.layers.protocol import Layer
    from pytest_safescale.models.model import Message


def seen(**fields: object) -> SeenCase:
    given = {
        "question": "Which drain is placed next?",
        "options": {"A": "A chest drain", "B": "None", "C": "A gastric tube"},
        "question_type": "management",
        "subspecialty": "Chest",
        "evidence": "A tension pneumothorax is drained.",
        "letter": "A",
    }
    return SeenCase(**{**given, **fields})  # type: ignore[arg-type]


class ScriptedDesk:
    """Gives the samples it was told, and one reply; notes what it was asked."""

    def __init__(self, letters: str = "", reply: str | None = None, *, free: bool = False) -> None:
        self.asked: list[Sequence[Message]] = []
        self.profiles: list[str] = []
        self.questions: list[tuple[Question, str | None]] = []
        self._letters = [None if letter == "-" else letter for letter in letters]
        self._reply = reply
        self._free = free

    async def samples(self, count: int) -> Sequence[str | None]:
        if self._free and len(self._letters) < count:
            raise NotAsked("not there")
        return self._letters[:count]

    async def answer_with(self, profile: str) -> str | None:
        if self._free:
            raise NotAsked("stopped")
        self.profiles.append(profile)
        return self._reply

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        question: Question = Question.ANSWER,
        letter: str | None = None,
    ) -> str:
        if self._free:
            raise NotAsked("stopped")
        if self._reply is None:
            raise CallFailed("nobody answers")
        self.asked.append(messages)
        self.questions.append((question, letter))
        return self._reply


def layered(**layers: Layer) -> LayeredModel:
    named = [NamedLayer(name=name, layer=layer) for name, layer in layers.items()]
    return LayeredModel(info(name="guarded"), ScriptedModel(), named)
