"""From a model's table to the model with its layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import ModelSpecError
from pytest_safescale.layers.conservative import Conservative
from pytest_safescale.layers.evidence_check import EvidenceCheck
from pytest_safescale.layers.hand_over import HandOver
from pytest_safescale.layers.layered_model import LAYERED, LayeredModel, NamedLayer, layered_info
from pytest_safescale.layers.own_layer import own_layer, sources_sha256
from pytest_safescale.layers.triage import Triage
from pytest_safescale.settings.layer_settings import BUILT_IN_LAYERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_safescale.layers.conservative import Certified
    from pytest_safescale.layers.protocol import Layer
    from pytest_safescale.models.model import Model
    from pytest_safescale.settings.model_settings import ModelSettings

__all__ = ["build_layered"]

_KINDS: Mapping[str, Callable[..., Layer]] = {
    "triage": Triage,
    "conservative": Conservative,
    "evidence_check": EvidenceCheck,
    "hand_over": HandOver,
}


def build_layered(
    name: str,
    tables: Mapping[str, ModelSettings],
    *,
    root: Path,
    model_of: Callable[[str, str], Model],
    certified_of: Callable[[Path, str, str], Certified],
) -> LayeredModel:
    """Return the model with layers of this name.

    ``model_of`` returns the model that a specification names, told with the key that names it;
    ``certified_of`` what a certificate says of a base, told with the key that names the file.
    Raises ModelSpecError for a base or helper that has layers itself, or that does not exist.
    """
    table = tables[name]
    assert table.base is not None

    def asked(spec: str, key: str) -> Model:
        place = f"models.{name}.{key}"
        if (other := tables.get(spec)) is not None and other.provider == LAYERED:
            itself = " itself" if spec == name else ""
            raise ModelSpecError(
                f"{place}: found {spec!r}, which is a model with layers{itself}; allowed: a model "
                "that is asked directly"
            )
        return model_of(spec, place)

    base = asked(table.base, "base")
    layers = [_named(name, layer, table, root, asked) for layer in table.layers]
    told = {layer: _told(table, layer) for layer in table.layers}
    if table.conservative is not None and table.conservative.threshold is not None:
        threshold = table.conservative.threshold
        place = f"models.{name}.conservative.threshold: {threshold}"
        certified = certified_of(root / threshold, base.info.name, place)
        told["conservative"]["certified"] = dict(certified.thresholds)
        made = Conservative(settings=table.conservative, certified=certified)
        layers = [replace(one, layer=made) if one.name == "conservative" else one for one in layers]
    info = layered_info(
        name,
        table.family,
        base.info,
        told,
        helpers=[one.model.info for one in layers if one.model is not None],
        sources=sources_sha256(table.own_layers, root),
    )
    return LayeredModel(
        info,
        base,
        layers,
        capacity=table.hand_over.capacity if table.hand_over else 0.0,
        ask_every_layer=table.ask_every_layer,
    )


def _told(table: ModelSettings, layer: str) -> dict[str, Any]:
    """Return the table of a layer as plain JSON data."""
    if layer in BUILT_IN_LAYERS:
        told: dict[str, Any] = getattr(table, layer).model_dump(mode="json", exclude_none=True)
        return told
    return {key: repr(value) for key, value in table.own_layers[layer].items()}


def _named(
    name: str,
    layer: str,
    table: ModelSettings,
    root: Path,
    asked: Callable[[str, str], Model],
) -> NamedLayer:
    if layer in BUILT_IN_LAYERS:
        settings = getattr(table, layer)
        key = f"{layer}.when.model" if layer == "triage" else f"{layer}.model"
        spec = getattr(getattr(settings, "when", settings), "model", None)
        made = _KINDS[layer](settings=settings)
    else:
        own = table.own_layers[layer]
        key, spec = f"{layer}.model", own.get("model")
        made = own_layer(f"models.{name}.{layer}", layer, own, root)
    return NamedLayer(name=layer, layer=made, model=asked(spec, key) if spec else None)
