"""The gates of a run that is only planned: read, and held against its items before any call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.results.certificate_file import GateCertificates
    from pytest_safescale.runs.assumed_truth import Assumptions
    from pytest_safescale.runs.outlook_of_gates import Plans
    from pytest_safescale.runs.plan import PlanRow
    from pytest_safescale.runs.run import Run
    from pytest_safescale.settings.schema import Settings

__all__ = ["gates_of", "plans_of", "require_possible"]


def gates_of(settings: Settings) -> tuple[list[Gate], GateCertificates]:
    """Return the configured gates, and the certificates that they name; raises GateError.

    No conftest is read, so that metrics of the user's own are known by their names alone.
    """
    from pytest_safescale.analysis.custom_metrics import PresumedSpecs
    from pytest_safescale.gates.written_gates import load_gates, robustness_gates
    from pytest_safescale.packaged import data_folder
    from pytest_safescale.results.certificate_file import GateCertificates

    certificates, suites = GateCertificates(), data_folder("suites")
    gates = load_gates(
        settings.gates,
        suites / "gates.toml",
        PresumedSpecs(),
        certificates.read,
        and_of_searches=robustness_gates(suites, searches=settings.wants_robustness),
    )
    return gates, certificates


def require_possible(
    planned: Run, settings: Settings, gates: Sequence[Gate], certificates: GateCertificates
) -> None:
    """Raise UsageError for gates and layers that such a run can never decide.

    ``settings`` are the given ones: a run is planned also where they name no model.
    """
    from pytest_safescale.gates.requirements import require_of_items, require_reachable
    from pytest_safescale.runs.certified_layers import check_certified_layers
    from pytest_safescale.runs.manifest import stated_before

    require_of_items(gates, planned.dataset.items)
    require_reachable(
        gates,
        models=[model.info.name for model in planned.models],
        conditions=planned.cell_conditions,
        family_wise=settings.joint_method == "holm",
    )
    if settings.model:
        certificates.require(gates, stated_before(planned))
        check_certified_layers(planned)


def plans_of(
    planned: Run, settings: Settings, rows: Sequence[PlanRow], assumed: Assumptions
) -> Plans:
    """Return what the gates are planned over; ``rows`` are those of the run's plan."""
    from pytest_safescale.runs.outlook_of_gates import Plans
    from pytest_safescale.runs.outlook_of_items import layout_of

    return Plans(
        sizes={row.condition: row.cases for row in rows},
        models=len(planned.models),
        layout=layout_of(planned.dataset.items),
        assumed=assumed,
        seed=planned.decoding.seed,
        samples=planned.decoding.samples,
        holm=settings.joint_method == "holm",
        searches=settings.wants_robustness,
    )
