"""From lines of ``cases.jsonl`` to what the layers of a model decided, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.layer_configurations import LayeredCase, LayerStep
from pytest_safescale.results.case_record import cell_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_safescale.results.case_record import KeptCase

__all__ = ["bases_of", "layered_cases_of"]


def layered_cases_of(records: Iterable[KeptCase]) -> list[LayeredCase]:
    """Return the cases of models with layers; those whose call failed have no account."""
    return [_case(record) for record in records if "layers" in record]


def bases_of(records: Iterable[KeptCase]) -> dict[str, str]:
    """Return the base of each model with layers, by name."""
    return {record["model"]: record["layers"]["base"] for record in records if "layers" in record}


def _case(record: KeptCase) -> LayeredCase:
    (model, condition), layers = cell_of(record), record["layers"]
    letter = layers["bare"]["letter"]
    return LayeredCase(
        model=model,
        base=layers["base"],
        condition=condition,
        item_id=record["item_id"],
        letter=letter if letter in record["options"] else None,
        capacity=layers["capacity"],
        order=layers["order"],
        steps=tuple(
            LayerStep(
                layer=step["layer"],
                stage=step["stage"],
                action=step["action"],
                letter=step["letter"],
                replies=step["effort"]["replies"],
            )
            for step in layers["steps"]
        ),
        bare_replies=layers["bare"]["effort"]["replies"],
    )
