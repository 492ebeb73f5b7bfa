"""A layer of the user's own: a class that a table names as ``module:Class``."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import CallFailed, ModelSpecError
from pytest_safescale.layers.protocol import LayerDecision, LayerStage
from pytest_safescale.models.python.named_object import named_object
from pytest_safescale.models.python.sources import hash_of_sources
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_safescale.layers.protocol import LayerDesk, SeenCase

__all__ = ["OWN_KEYS", "OwnLayer", "own_layer", "sources_sha256"]

OWN_KEYS = ("layer", "model")
"""Keys of its table that are ours: which class it is, and whom its desk asks."""
_MOST_OF_AN_ERROR = 500


@dataclass(frozen=True, kw_only=True)
class OwnLayer:
    """Takes what the user's class decides, and an exception of it for a failed call."""

    name: str
    made: Any
    stage: LayerStage

    async def decide(self, seen: SeenCase, desk: LayerDesk) -> LayerDecision:
        """Return the decision of the user's class, sync or async."""
        try:
            found = self.made.decide(seen, desk)
            decision = await found if inspect.isawaitable(found) else found
        except CallFailed:
            raise
        except Exception as error:
            raise CallFailed(f"layer {self.name}: {_said(error)}") from error
        if not isinstance(decision, LayerDecision):
            raise CallFailed(
                f"layer {self.name} returned {type(decision).__name__}; allowed: a LayerDecision"
            )
        return decision


def own_layer(place: str, name: str, table: Mapping[str, Any], root: Path) -> OwnLayer:
    """Return the layer of a table; ``place`` names it for people.

    The class is called with the keys that are not ours. Raises ModelSpecError.
    """
    spec = table.get("layer")
    module, colon, path = spec.partition(":") if isinstance(spec, str) else ("", "", "")
    if not (module and colon and path):
        raise ModelSpecError(
            f'{place}.layer: found {spec!r}; allowed: "module:Class", a layer of your own'
        )
    try:
        kind = named_object(module, path, root)
        made = kind(**{key: value for key, value in table.items() if key not in OWN_KEYS})
        stage = _stage(made.stage)
    except ModelSpecError as error:
        raise ModelSpecError(f"{place}: {error}") from error
    except (Exception, SystemExit) as error:
        raise ModelSpecError(f"{place}: {_said(error)}") from error
    if not callable(getattr(made, "decide", None)):
        raise ModelSpecError(f"{place}: {spec} has no method decide(seen, desk)")
    return OwnLayer(name=name, made=made, stage=stage)


def _stage(stage: object) -> LayerStage:
    allowed = [one.value for one in LayerStage]
    if stage not in allowed:
        raise ModelSpecError(f"stage: found {stage!r}; allowed: {', '.join(allowed)}")
    return LayerStage(stage)


def sources_sha256(tables: Mapping[str, Mapping[str, Any]], root: Path) -> str:
    """Return a hash of the sources of the user's own layers; empty where there are none."""
    modules = [str(table.get("layer", "")).partition(":")[0] for table in tables.values()]
    return hash_of_sources(modules, root) if modules else ""


def _said(error: BaseException) -> str:
    return shorten(f"{type(error).__name__}: {error}", _MOST_OF_AN_ERROR)
