"""Which cases a process of the run asks again: known from gates and baseline before its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.packaged import data_folder

if TYPE_CHECKING:
    from pytest_safescale.runs.confirming import Confirming
    from pytest_safescale.runs.run import Run

__all__ = ["confirming_of"]


def confirming_of(run: Run) -> Confirming | None:
    """Return what asks for the run's gates with ``confirm``; ``None`` where there are none.

    Every process reads them: which one asks a case is not known before.
    """
    settings = run.settings
    if not settings.gates or not settings.earlier_runs:
        return None
    from pytest_safescale.analysis.custom_metrics import specs_with
    from pytest_safescale.gates.written_gates import load_gates
    from pytest_safescale.results.certificate_file import GateCertificates
    from pytest_safescale.runs.confirming import confirming

    default, specs = data_folder("suites") / "gates.toml", specs_with(run.metrics)
    gates = load_gates(settings.gates, default, specs, GateCertificates().read)
    return confirming(run, gates)
