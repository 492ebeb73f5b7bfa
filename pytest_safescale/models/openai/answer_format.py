"""Structured output: the endpoint is asked for a letter of the item, or for "abstain", alone.

``json`` is a JSON schema in ``response_format``. ``choice`` is a parameter of the server's own
whose name differs: those of ``_CHOICES`` are tried in their order. Whether an endpoint takes
one and holds to it is probed before the first answer is asked for, by a prompt that wants something
else: nobody takes an answer in free words for one in the format.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import EndpointRefused
from pytest_safescale.models.model import as_mapping
from pytest_safescale.text.escaping import shorten
from pytest_safescale.text.hidden import visible_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.models.model import Message

__all__ = ["ABSTAIN", "PROBE", "AnswerFormat"]

ABSTAIN = "abstain"
"""What an endpoint may answer in the place of a letter."""
PROBE: tuple[Message, ...] = (
    {"role": "user", "content": "Write one sentence about the weather, in words of your own."},
)
"""What is asked to see whether the format is held to: free words show that it is not."""
_SHOWN = 60
"""Characters of a server's words that a sentence shows."""


def _json_schema(allowed: Sequence[str]) -> dict[str, Any]:
    letter = {"type": "string", "enum": list(allowed)}
    schema = {
        "type": "object",
        "properties": {"letter": letter},
        "required": ["letter"],
        "additionalProperties": False,
    }
    named = {"name": "answer", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _structured_outputs(allowed: Sequence[str]) -> dict[str, Any]:
    return {"structured_outputs": {"choice": list(allowed)}}


def _guided_choice(allowed: Sequence[str]) -> dict[str, Any]:
    return {"guided_choice": list(allowed)}


def _grammar(allowed: Sequence[str]) -> dict[str, Any]:
    return {"grammar": "root ::= " + " | ".join(json.dumps(word) for word in allowed)}


_JSON: Mapping[str, Callable[[Sequence[str]], dict[str, Any]]] = {"response_format": _json_schema}
_CHOICES: Mapping[str, Callable[[Sequence[str]], dict[str, Any]]] = {
    "structured_outputs": _structured_outputs,  # vLLM from 0.11 on
    "guided_choice": _guided_choice,  # vLLM before
    "grammar": _grammar,  # llama.cpp
}


class AnswerFormat:
    """The format that one model's table asks for, and what is known of its endpoint."""

    def __init__(self, kind: str) -> None:
        """``kind`` is ``json`` or ``choice``."""
        self.kind = kind
        self.lock = asyncio.Lock()
        """Held while the endpoint is probed: no answer is asked for meanwhile."""
        self.settled = False
        """Whether the parameter in use is known to be held to."""
        self._left = dict(_JSON if kind == "json" else _CHOICES)
        self._why: list[str] = []

    @property
    def parameter(self) -> str:
        """The name of the parameter in use, or to be probed next."""
        return next(iter(self._left))

    def parameters(self, letters: Sequence[str]) -> dict[str, Any]:
        """Return what a request for one of these letters has beside its usual parameters."""
        return self._left[self.parameter]((*letters, ABSTAIN))

    def refused(self, words: str) -> None:
        """Note that the endpoint refuses the parameter, in these words."""
        self._drop(f"refuses {self.parameter} ({shorten(words, _SHOWN)})")

    def answered(self, text: str, letters: Sequence[str]) -> None:
        """Note what the endpoint replied to the probe."""
        if self._follows(text, (*letters, ABSTAIN)):
            self.settled = True
        else:
            said = shorten(visible_text(text), _SHOWN)
            self._drop(f"takes {self.parameter} and does not hold to it (it replied {said!r})")

    def require(self, name: str) -> None:
        """Raise EndpointRefused where nothing is left to try; ``name`` is the model's."""
        if self._left:
            return
        raise EndpointRefused(
            f'{name}: answer_format = "{self.kind}" is not held to: the endpoint '
            f"{'; it '.join(self._why)}. Without answer_format the replies are read as free text"
        )

    def _drop(self, why: str) -> None:
        self._why.append(why)
        del self._left[self.parameter]

    def _follows(self, text: str, allowed: Sequence[str]) -> bool:
        said = visible_text(text).strip()
        if self.kind == "choice":
            return said in allowed
        try:
            found = as_mapping(json.loads(said))
        except (ValueError, RecursionError):
            return False
        return set(found) == {"letter"} and found["letter"] in allowed
