"""What stands between the question and the answer of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["steps_before"]


def steps_before(record: Mapping[str, Any], greedy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what stands between question and answer: an agent's turns, the model's, the layers."""
    layers = record.get("layers") or {}
    return [*record.get("trace", ()), *_turns(greedy), *map(_layer_step, layers.get("steps", ()))]


def _layer_step(step: Mapping[str, Any]) -> dict[str, Any]:
    stopped = ", though the case was stopped before" if step["stopped"] else ""
    judged = f" on {step['letter']}" if step["letter"] else ""
    says = f": {step['says']}" if step["says"] else ""
    action = step["action"].replace("_", " ")
    return {"kind": f"layer {step['layer']}", "text": f"{action}{judged}{stopped}{says}"}


def _turns(greedy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the turns before the answer as steps on the way to it."""
    return [
        {"kind": f"turn {number}", "text": turn["text"], "letter": turn["letter"]}
        for number, turn in enumerate(greedy.get("turns", ()), start=1)
    ]
