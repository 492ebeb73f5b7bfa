"""What gates need of a run: an earlier one, and the names that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import GateError
from pytest_safescale.gates.gate_fields import BASELINE, chosen

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.gates.spec import Gate

__all__ = ["require_baseline", "require_known_names", "require_subgroups", "uncounted_looks"]


def require_baseline(gates: Sequence[Gate], *, given: bool) -> None:
    """Raise GateError for a gate that holds a run against a baseline where none is given."""
    for gate in gates:
        if gate.needs_baseline and not given:
            raise GateError(
                f"gate {gate.name or gate.of_metric!r}: {gate.kind.value} holds the run against an "
                "earlier one; give --safescale-baseline FILE, or --safescale-gates none for the "
                "run that becomes the baseline"
            )


def require_subgroups(gates: Sequence[Gate], items: Collection[Item]) -> None:
    """Raise GateError for a gate ``by`` what no item of the data names."""
    for gate in gates:
        if gate.by is not None and not any(getattr(item, gate.by).strip() for item in items):
            raise GateError(
                f"gate {gate.name or gate.of_metric!r}: found by {gate.by!r}, which no item of the "
                "data names; leave by out, or say which column holds it (docs/data.md)"
            )


def require_known_names(
    gates: Sequence[Gate],
    *,
    conditions: Collection[str],
    models: Collection[str],
    profiles: Collection[str],
) -> None:
    """Raise GateError for a gate on what no such run can have: it would decide nothing.

    ``models`` are those of the run, ensembles by ``ensemble:NAME``; ``conditions`` and
    ``profiles`` are those it might have had.
    """
    known_names = {"condition": conditions, "model": models, "profile": profiles}
    for gate in gates:
        other = gate.against_profile
        named = [("condition", name) for name in chosen(gate.condition, ())]
        named += [("profile", other) if other else ("condition", gate.against)]
        named += [("model", name) for name in chosen(gate.model, ())]
        named += [("profile", name) for name in chosen(gate.profile, ())]
        for kind, name in named:
            known = known_names[kind]
            if name not in known and name != BASELINE:
                raise GateError(
                    f"gate {gate.name or gate.of_metric!r}: found {kind} {name!r}; allowed: "
                    f"{', '.join(known)}"
                )


def uncounted_looks(gates: Sequence[Gate], *, counted: bool) -> list[str]:
    """Say which gates have planned looks that no ledger counts."""
    names = [gate.name or gate.of_metric for gate in gates if gate.looks is not None]
    if counted or not names:
        return []
    return [
        f"nothing counts the looks of {', '.join(dict.fromkeys(names))}: --safescale-ledger does"
    ]
