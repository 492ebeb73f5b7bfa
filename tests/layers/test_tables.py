"""The tables of layers: what is taken, and what is refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_safescale.errors import SettingsError
from pytest_safescale.runs.models_of_run import build_models
from pytest_safescale.settings.resolve import resolve_settings

LAYERED = {"provider": "layered", "base": "lexical"}
TRIAGE = {"when": {"words": ["harm"]}, "then": "abstain"}


def resolved(table: dict[str, Any]) -> Any:
    return resolve_settings({}, {"models": {"g": table}}).models["g"]


def test_a_table_of_any_other_name_is_one_of_the_users_own() -> None:
    own = {"layer": "mine:Layer", "limit": 3}
    found = resolved({**LAYERED, "layers": ["mine"], "mine": own})
    assert found.own_layers == {"mine": own}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({**LAYERED}, "layers are missing"),
        ({**LAYERED, "layers": ["guess"]}, "layer 'guess' is unknown"),
        ({**LAYERED, "layers": ["triage"]}, "layer 'triage' has no table"),
        ({**LAYERED, "layers": ["triage", "triage"], "triage": TRIAGE}, "more than once"),
        (
            {**LAYERED, "layers": ["triage"], "triage": TRIAGE, "hand_over": {"capacity": 0.1}},
            "table 'hand_over' is of no layer",
        ),
        ({"provider": "layered", "layers": ["triage"], "triage": TRIAGE}, "base is missing"),
        (
            {**LAYERED, "layers": ["hand_over"], "hand_over": {"capacity": 1.5}},
            "models.g.hand_over.capacity': found '1.5'; allowed: 1 or less",
        ),
        (
            {**LAYERED, "layers": ["triage"], "triage": {**TRIAGE, "then": "hand_over"}},
            "triage.then hands over and hand_over is not among the layers",
        ),
        ({**LAYERED, "layers": ["triage"], "triage": {"when": {}}}, "no question is meant"),
        (
            {**LAYERED, "layers": ["triage"], "triage": {"when": {"prompt": "?", "words": "x"}}},
            "a prompt is for a model",
        ),
        (
            {**LAYERED, "layers": ["triage"], "triage": {**TRIAGE, "wen": 1}},
            "'models.g.triage.wen' is unknown; did you mean 'when'?",
        ),
        (
            {**LAYERED, "layers": ["triage"], "triage": TRIAGE, "price_in": 1.0},
            "price_in is a key of the model that the layers are around",
        ),
        ({"provider": "lexical", "base": "x"}, 'base is a key of provider = "layered" alone'),
        (
            {**LAYERED, "layers": ["conservative"], "conservative": {"min_agreement": 0}},
            "models.g.conservative.min_agreement",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(table: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        resolved(table)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_another_model_under_the_name_of_the_base_or_of_a_helper_makes_another_model() -> None:
    """So a certificate of the one is refused for the other."""

    def revision(base: str, helper: str) -> str:
        check = {"model": "checker", "on_silence": "pass"}
        tables = {
            "g": {**LAYERED, "base": "b", "layers": ["evidence_check"], "evidence_check": check},
            "b": {"provider": "simulated", "model": base},
            "checker": {"provider": "simulated", "model": helper},
        }
        settings = resolve_settings({"model": ["g"]}, {"models": tables})
        (model,) = build_models(["g"], settings, root=Path()).tested
        return model.info.revision

    told = [revision("safe", "safe"), revision("paper", "safe"), revision("safe", "paper")]
    assert len(set(told)) == 3
    assert revision("safe", "safe") == told[0]
