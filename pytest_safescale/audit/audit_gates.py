"""The gates of an audit: how many findings of a class there may be, and whose count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.audit.audit_corpus import Audit
    from pytest_safescale.audit.finding import Finding
    from pytest_safescale.settings.audit_settings import AuditGate

__all__ = ["judged_gates"]

_LEFT_OUT: Mapping[str, Callable[[Finding], bool]] = {
    "not_denied": lambda one: one.denied,
    "rules": lambda one: one.wider,
    "all": lambda _: False,
}
"""Which findings do not count, by the gate's ``count``."""


def judged_gates(gates: Sequence[AuditGate], audit: Audit) -> list[dict[str, Any]]:
    """Return every gate with what was found; one on a class that was not looked for fails."""
    return [_judged(gate, audit) for gate in gates]


def _judged(gate: AuditGate, audit: Audit) -> dict[str, Any]:
    found, told = None, "not looked for without --dataset"
    if gate.finding in audit.looked_for:
        found, told = _counted(gate, audit.of_class(gate.finding))
    holds = found is not None and found <= gate.max
    return {
        "finding": gate.finding,
        "max": gate.max,
        "count": gate.count,
        "found": found,
        "outcome": "passed" if holds else "failed",
        "sentence": f"{'holds' if holds else 'does not hold'}: {gate.finding}: found {told}; "
        f"allowed: at most {gate.max}",
    }


def _counted(gate: AuditGate, findings: Sequence[Finding]) -> tuple[int, str]:
    """Return how many findings a gate counts, and the same in words."""
    left_out = _LEFT_OUT[gate.count]
    counted = [one for one in findings if not left_out(one)]
    told = str(len(counted))
    if unknown := sum(one.unknown for one in counted):
        told += f", {unknown} of them without a judgement"
    if denied := sum(one.denied and left_out(one) for one in findings):
        told += f", and {denied} that the auditor denies"
    return len(counted), told
