"""What one decision of a gate is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.gates.criterion_kind import CriterionKind

if TYPE_CHECKING:
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.spec import Gate

    Cell = tuple[str, str]

__all__ = ["Target", "targets"]


class Target(NamedTuple):
    """What one decision of a gate is about: a cell, or several taken together."""

    model: str
    condition: str
    cells: tuple[Cell, ...]


def targets(gate: Gate, inputs: GateInputs) -> list[Target]:
    """Return what the gate is judged on: every cell it names, concentration over all at once.

    A gate that is about no cell has a target all the same: it cannot be decided.
    """
    completeness = inputs.completeness
    cells = gate.cells(completeness.models, completeness.conditions)
    if gate.kind is CriterionKind.MAX_EXCESS_SHARE or not cells:
        return [Target(_joined_names(gate.model), _joined_names(gate.condition), tuple(cells))]
    return [Target(*cell, (cell,)) for cell in cells]


def _joined_names(names: str | tuple[str, ...]) -> str:
    return names if isinstance(names, str) else "+".join(names)
