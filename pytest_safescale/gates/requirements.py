"""What gates need of a run: an earlier one, the names that they give, a p that can be reached."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_safescale.errors import GateError
from pytest_safescale.gates.gate_fields import EARLIER_RUNS, chosen
from pytest_safescale.statistics.intervals import RESAMPLES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.gates.spec import Gate

__all__ = [
    "require_earlier_runs",
    "require_known_names",
    "require_of_items",
    "require_reachable",
    "uncounted_looks",
]

_ROUNDING = 1e-9


def require_earlier_runs(gates: Sequence[Gate], *, given: Collection[str]) -> None:
    """Raise GateError for a gate that holds a run against an earlier one that is not given.

    ``given`` holds ``baseline`` and ``anchor``, as far as there is such a run.
    """
    for gate in gates:
        if gate.earlier_run and gate.earlier_run not in given:
            raise GateError(
                f"gate {gate.called!r}: {gate.kind.value} holds the run against an "
                f"earlier one; give --safescale-{gate.earlier_run} FILE, or --safescale-gates none "
                f"for the run that becomes the {gate.earlier_run}"
            )


def require_of_items(gates: Sequence[Gate], items: Collection[Item]) -> None:
    """Raise GateError for a gate that these items can never decide, whatever is answered."""
    _require_subgroups(gates, items)
    _require_single_items(gates, items)


def _require_subgroups(gates: Sequence[Gate], items: Collection[Item]) -> None:
    """Raise GateError for a gate ``by`` what no item of the data names."""
    for gate in gates:
        if gate.by is not None and not any(getattr(item, gate.by).strip() for item in items):
            raise GateError(
                f"gate {gate.called!r}: found by {gate.by!r}, which no item of the "
                "data names; leave by out, or say which column holds it (docs/data.md)"
            )


def _require_single_items(gates: Sequence[Gate], items: Collection[Item]) -> None:
    """Raise GateError for a gate at any stop where items share a cluster: it takes them singly."""
    named = [item.cluster for item in items if item.cluster]
    shared = next((name for name, many in Counter(named).items() if many > 1), None)
    for gate in gates:
        if gate.sequential is not None and shared is not None:
            raise GateError(
                f"gate {gate.called!r}: found sequential = {gate.sequential!r}, "
                f"which takes items singly, and {named.count(shared)} items in the cluster "
                f"{shared!r}; leave sequential out, or use looks"
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
            if name not in known and name not in EARLIER_RUNS:
                raise GateError(
                    f"gate {gate.called!r}: found {kind} {name!r}; allowed: {', '.join(known)}"
                )


def require_reachable(
    gates: Sequence[Gate], *, models: Sequence[str], conditions: Sequence[str], family_wise: bool
) -> None:
    """Raise GateError for a bound by resampling that can never hold.

    Of B resamples no p is below 1 / (B + 1). Where k such bounds are held together, Holm's method
    multiplies the smallest of their p by k at least. ``conditions`` go with their profiles.
    """
    resampled = [gate for gate in gates if gate.is_resampled]
    together = sum(len(gate.cells(models, conditions)) for gate in resampled)
    many = together if family_wise else 1
    for gate in resampled:
        level = 1 - (gate.tested_confidence or 0.0)
        most = int(level * (RESAMPLES + 1) + _ROUNDING)
        if many > most:
            raise GateError(
                f"gate {gate.called!r}: found {many} bounds by resampling held at "
                f"a level of {level:.3g} together; {RESAMPLES:,} resamples show no p below "
                f"1/{RESAMPLES + 1:,}, so that none could pass; allowed: at most {most}"
            )


def uncounted_looks(gates: Sequence[Gate], *, counted: bool) -> list[str]:
    """Say which gates have planned looks that no ledger counts."""
    names = [gate.called for gate in gates if gate.looks is not None]
    if counted or not names:
        return []
    return [
        f"nothing counts the looks of {', '.join(dict.fromkeys(names))}: --safescale-ledger does"
    ]
