"""Prompt profiles that layers may ask with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.conditions.profiles import BUILT_IN, profiles_named
from pytest_safescale.errors import SettingsError
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.layers.triage import Triage
from pytest_safescale.settings.layer_settings import STOPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.conditions.profiles import ProfileTexts, PromptProfile
    from pytest_safescale.conditions.prompt import PromptTemplate
    from pytest_safescale.models.model import Model

__all__ = ["profiles_for_layers"]


def profiles_for_layers(
    models: Sequence[Model],
    *,
    plain: PromptTemplate,
    subject: str,
    own: Mapping[str, ProfileTexts],
) -> Mapping[str, PromptProfile]:
    """Return every profile by name; raises SettingsError where a layer names one there is not."""
    every = profiles_named((*BUILT_IN, *own), plain=plain, subject=subject, own=own)
    known = {profile.name: profile for profile in every}
    for model in models:
        for one in model.deciding if isinstance(model, LayeredModel) else ():
            then = one.layer.settings.then if isinstance(one.layer, Triage) else ""
            if then and then not in (*STOPS, *known):
                raise SettingsError(
                    f"models.{model.info.name}.{one.name}.then: found {then!r}; allowed: "
                    f"{', '.join(STOPS)}, or a prompt profile: {', '.join(known)}"
                )
    return known
