"""What the layers of a model take beside its base's cases, told before the first call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.calls.usage import money
from pytest_safescale.layers.conservative import Conservative
from pytest_safescale.layers.protocol import LayerStage
from pytest_safescale.layers.triage import Triage
from pytest_safescale.runs.planned_price import asked_as
from pytest_safescale.settings.layer_settings import STOPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.layers.layered_model import LayeredModel, NamedLayer
    from pytest_safescale.models.model import ModelInfo
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = ["OfLayers", "of_layers"]

ANSWER_TOKENS = 3


@dataclass(frozen=True, kw_only=True)
class OfLayers:
    """What layers take, from the fewest calls to the most; tokens and money at most."""

    fewest: int = 0
    most: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float = 0.0

    def and_also(self, other: OfLayers) -> OfLayers:
        """Return what both take."""
        theirs = vars(other)
        return OfLayers(**{name: value + theirs[name] for name, value in vars(self).items()})


def of_layers(run: Run, cases: Sequence[Case], model: LayeredModel, prompt: int) -> OfLayers:
    """Return what the layers of a model take for some cases of a cell.

    ``prompt`` is what the base's prompts take for one answer to each of the cases, in tokens. How
    many calls it will be depends on what layers let pass, so it is a range; the fewest is 0 but for
    triage by a model, which sees every case that its rules leave open.
    """
    found = OfLayers()
    for one in model.deciding:
        found = found.and_also(_of_layer(run, cases, model, one, prompt))
    return found


def _of_layer(
    run: Run, cases: Sequence[Case], model: LayeredModel, one: NamedLayer, prompt: int
) -> OfLayers:
    layer, base = one.layer, asked_as(run, model.base)
    if isinstance(layer, Conservative):
        drawn = 0 if run.decoding.adaptive else run.decoding.samples
        lacking = max(0, layer.samples - drawn)
        return _asking(base, lacking * len(cases), prompt * lacking)
    found = OfLayers()
    if one.model is not None:
        certain = layer.stage is LayerStage.INPUT and one is model.deciding[0]
        asked = _open_cases(layer, cases)
        share = prompt * asked // len(cases)
        found = _asking(asked_as(run, one.model), asked, share, fewest=asked if certain else 0)
    if isinstance(layer, Triage) and layer.settings.then not in STOPS:
        turns = 1 + len(run.layer_profiles[layer.settings.then].steps)
        found = found.and_also(_asking(base, turns * len(cases), turns * prompt))
    return found


def _open_cases(layer: object, cases: Sequence[Case]) -> int:
    """Return how many cases a layer asks its model about at most."""
    if not isinstance(layer, Triage):
        return len(cases)
    return sum(
        not layer.by_rules(
            question=case.item.question,
            question_type=case.item.question_type,
            subspecialty=case.item.subspecialty,
        )
        for case in cases
    )


def _asking(info: ModelInfo, calls: int, prompt: int, *, fewest: int = 0) -> OfLayers:
    completion = calls * ANSWER_TOKENS
    return OfLayers(
        fewest=fewest,
        most=calls,
        prompt_tokens=prompt,
        completion_tokens=completion,
        money=money(info, prompt, completion),
    )
