"""The texts that prompts are made of, for the page to put together as they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.cells import PLAIN, unrepaired
from pytest_safescale.text.escaping import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.manifest import Manifest

__all__ = ["prompts_of"]

_KEYS = ("system", "user_with_evidence", "user_without_evidence")
_AGENT = "agentic_rag"


def prompts_of(manifest: Manifest) -> dict[str, Any]:
    """Return the texts by prompt profile, and the agent's where a condition had it.

    Empty where they are not known, as of results that were scored from files.
    """
    found: dict[str, Any] = {}
    if texts := manifest.get("prompt"):
        found[PLAIN] = _texts(texts)
    for profile in manifest.get("profiles", ()):
        found[profile["name"]] = _texts(profile["texts"])
    agent = manifest.get("agent_prompt")
    asked = _AGENT in map(unrepaired, manifest.get("conditions", ()))
    told = {name: plain(str(text)) for name, text in agent.items()} if agent and asked else {}
    return {"profiles": found, "agent": told} if found else {}


def _texts(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the three texts of a prompt and what is said in further turns."""
    own = {key: plain(texts.get(key) or "") for key in _KEYS}
    return {**own, "steps": [plain(step) for step in texts.get("steps") or ()]}
