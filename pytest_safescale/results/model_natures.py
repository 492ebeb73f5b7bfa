"""What a manifest says of each name in the column ``model``: its family, and what kind it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.analysis.metrics import ENSEMBLE, MEAN_OVER_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_models import ModelRow

__all__ = ["UNKNOWN", "ModelNature", "model_natures"]


class ModelNature(NamedTuple):
    """What is told of a model beside each of its figures."""

    family: str
    """The model family; empty where nobody states one, and where several are together."""
    nature: str
    """A value of ``Nature``; of several models together each of theirs, with commas between."""


UNKNOWN = ModelNature("", "")
"""Of a name that the manifest does not tell of."""


def model_natures(manifest: Manifest) -> Mapping[str, ModelNature]:
    """Return what is known by the name in ``model``, of means and ensembles too."""
    models = manifest.get("models", ())
    found = {model["name"]: _together([model]) for model in models}
    for ensemble in manifest.get("ensembles", ()):
        members = [model for model in models if model["name"] in ensemble["models"]]
        found[f"{ENSEMBLE}{ensemble['name']}"] = _together(members)
    return {**found, MEAN_OVER_MODELS: _together(models)}


def _together(models: Iterable[ModelRow]) -> ModelNature:
    families = {model.get("family", "") for model in models}
    natures = dict.fromkeys(model.get("nature", "") for model in models)
    family = families.pop() if len(families) == 1 else ""
    return ModelNature(family, ", ".join(filter(None, natures)))
