"""A model with layers around it, which is asked case by case."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import CallFailed
from pytest_safescale.layers.protocol import LayerStage
from pytest_safescale.models.model import EndpointFacts, ModelInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.layers.protocol import Layer
    from pytest_safescale.models.model import Model, Reply, Request

__all__ = ["LAYERED", "LayeredModel", "NamedLayer", "layered_info"]

LAYERED = "layered"
"""The provider of models with layers."""


@dataclass(frozen=True, kw_only=True)
class NamedLayer:
    """A layer as a model's table names it."""

    name: str
    layer: Layer
    model: Model | None = None
    """Who is asked where the layer asks a model."""


class LayeredModel:
    """A base and the layers around it: its case is the base's case, on which the layers decide.

    It makes no call of its own, so that each call is keyed by the model that was asked.
    """

    def __init__(
        self,
        info: ModelInfo,
        base: Model,
        layers: Sequence[NamedLayer],
        *,
        capacity: float = 0.0,
        ask_every_layer: bool = False,
    ) -> None:
        """``capacity`` is the share of the cases of a cell that people can take."""
        self.info = info
        self.facts = EndpointFacts()
        self.base = base
        self.capacity = capacity
        self.ask_every_layer = ask_every_layer
        self._layers = tuple(layers)

    @property
    def deciding(self) -> list[NamedLayer]:
        """The layers in the order in which they decide, those of people left out."""
        return [
            one
            for stage in (LayerStage.INPUT, LayerStage.ANSWER, LayerStage.OUTPUT)
            for one in self._layers
            if one.layer.stage is stage
        ]

    @property
    def people(self) -> list[NamedLayer]:
        """The layers that see what is handed over."""
        return [one for one in self._layers if one.layer.stage is LayerStage.HAND_OVER]

    @property
    def helpers(self) -> list[Model]:
        """The models that its layers ask."""
        return [one.model for one in self._layers if one.model is not None]

    async def ask(self, request: Request) -> Sequence[Reply]:  # noqa: ARG002
        """Refuse: single prompts go to its base."""
        raise CallFailed(f"{self.info.name} is asked by whole cases; its base answers prompts")

    async def aclose(self) -> None:
        """Hold nothing of its own, release nothing."""


def layered_info(
    name: str,
    family: str,
    base: ModelInfo,
    layers: dict[str, Any],
    *,
    helpers: Sequence[ModelInfo],
    sources: str,
) -> ModelInfo:
    """Return what is known of a model with these tables of layers around a base.

    ``helpers`` are the models that its layers ask, ``sources`` is a hash of what the user's own
    layers are made of.
    """
    told = {"base": base.name, "layers": layers}
    # Another model under the name of one of these makes another model of this one.
    under = [(one.provider, one.model, one.revision, one.identity) for one in (base, *helpers)]
    packed = json.dumps([told, under, sources], sort_keys=True)
    return ModelInfo(
        name=name,
        provider=LAYERED,
        model=base.name,
        revision=hashlib.sha256(packed.encode("utf-8", "surrogatepass")).hexdigest()[:12],
        nature=base.nature,
        family=family,
        context_tokens=base.context_tokens,
        reasoning=base.reasoning,
        shaping=told,
    )
