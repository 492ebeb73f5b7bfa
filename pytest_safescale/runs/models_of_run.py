"""The models of a run: those under test, and those that layers around them ask beside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError
from pytest_safescale.layers.conservative import Conservative
from pytest_safescale.layers.layered_model import LAYERED, LayeredModel
from pytest_safescale.models.build import build_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_safescale.layers.conservative import Certified
    from pytest_safescale.models.model import Model
    from pytest_safescale.settings.schema import Settings

__all__ = ["ModelsOfRun", "build_models", "check_ensembles", "has_certified_layers"]


@dataclass(frozen=True, kw_only=True)
class ModelsOfRun:
    """Every model of a run, built once whoever names it."""

    tested: tuple[Model, ...]
    """In the order in which they are named."""
    beside: tuple[Model, ...]
    """Bases of models with layers, and models that layers ask, which are not tested themselves."""


def build_models(
    specs: Sequence[str],
    settings: Settings,
    *,
    root: Path,
    make_model: Callable[[str], Model | None] = lambda _: None,
) -> ModelsOfRun:
    """Return the models of these specifications.

    Raises ModelSpecError, SettingsError, and DatasetError for a certificate that is none.
    """
    built: dict[str, Model] = {}

    def asked(spec: str, option: str) -> Model:
        if spec not in built:
            built[spec] = build_model(
                spec, settings, root=root, make_model=make_model, option=option
            )
        return built[spec]

    def tested(spec: str) -> Model:
        table = settings.models.get(spec)
        if table is not None and table.provider == LAYERED:
            # Most runs have no layers, and load none.
            from pytest_safescale.layers.build import build_layered

            return build_layered(
                spec,
                settings.models,
                root=root,
                model_of=asked,
                certified_of=_certified,
            )
        return asked(spec, "--safescale-model")

    models = tuple(tested(spec) for spec in dict.fromkeys(specs))
    beside = (model for model in built.values() if all(model is not one for one in models))
    return ModelsOfRun(tested=models, beside=tuple(beside))


def _certified(path: Path, base: str, place: str) -> Certified:
    # What reads certificates loads array libraries, which few runs need before their end.
    from pytest_safescale.runs.layer_certificates import certified_thresholds

    return certified_thresholds(path, base, place)


def has_certified_layers(models: Sequence[Model]) -> bool:
    """Say whether a layer of these models takes its threshold from a certificate."""
    return any(
        isinstance(one.layer, Conservative) and one.layer.certified is not None
        for model in models
        if isinstance(model, LayeredModel)
        for one in model.deciding
    )


def check_ensembles(settings: Settings, models: Sequence[str]) -> None:
    """Refuse an ensemble of models that the run has not, or not once; raises SettingsError."""
    for ensemble in settings.ensembles:
        strangers = [name for name in ensemble.models if name not in models]
        twice = [name for name, count in Counter(ensemble.models).items() if count > 1]
        if strangers or twice:
            found = ", ".join(strangers) or f"{', '.join(twice)} more than once"
            raise SettingsError(
                f"ensemble {ensemble.name!r}: found {found}; "
                f"allowed: models of the run, each once, {', '.join(models)}"
            )
    names = Counter(ensemble.name for ensemble in settings.ensembles)
    if again := [name for name, count in names.items() if count > 1]:
        raise SettingsError(
            f"ensembles: found {', '.join(again)} more than once; allowed: each name once"
        )
