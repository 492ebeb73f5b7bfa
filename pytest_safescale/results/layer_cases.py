"""From lines of ``cases.jsonl`` to what the layers of a model decided, case by case."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_safescale.analysis.layer_configurations import LayeredCase, LayerStep
from pytest_safescale.results.case_record import cell_of
from pytest_safescale.results.layer_checks import LayerChecks

if TYPE_CHECKING:
    from pytest_safescale.results.case_record import CaseRecord

__all__ = ["LayerBook"]


@dataclass(kw_only=True)
class LayerBook:
    """The cases of models with layers; those whose call failed have no account."""

    cases: list[LayeredCase] = field(default_factory=list)
    bases: dict[str, str] = field(default_factory=dict)
    """The base of each model with layers, by name."""
    checks: LayerChecks = field(default_factory=LayerChecks)
    """What their layers could not read."""

    def add(self, record: CaseRecord) -> None:
        """Take a case record in, which may be of a model without layers."""
        if "layers" not in record:
            return
        self.cases.append(_case(record))
        self.bases[record["model"]] = record["layers"]["base"]
        self.checks.add(record["model"], record["layers"])


def _case(record: CaseRecord) -> LayeredCase:
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
