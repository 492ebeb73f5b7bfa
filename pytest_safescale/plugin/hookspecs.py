"""The hooks by which a conftest extends a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.custom_metrics import CaseMetric
    from pytest_safescale.conditions.condition import Condition
    from pytest_safescale.models.model import Model
    from pytest_safescale.perturb.relations import Relation


@pytest.hookspec(firstresult=True)
def pytest_safescale_make_model(config: pytest.Config, spec: str) -> Model | None:
    """Return a model for a specification of your own, ``None`` for every other."""


@pytest.hookspec
def pytest_safescale_conditions(config: pytest.Config) -> Sequence[Condition]:  # type: ignore[empty-body]
    """Return conditions of your own; they are chosen by name like the built-in ones."""


@pytest.hookspec
def pytest_safescale_relations(config: pytest.Config) -> Sequence[Relation]:  # type: ignore[empty-body]
    """Return relations of your own; robustness suites put cases to them beside the built-in."""


@pytest.hookspec
def pytest_safescale_metrics(config: pytest.Config) -> Sequence[CaseMetric]:  # type: ignore[empty-body]
    """Return metrics of your own: functions of a case, usable in gates and shown in reports."""


@pytest.hookspec
def pytest_safescale_gates(  # type: ignore[empty-body]
    config: pytest.Config, metrics: Sequence[Any]
) -> Sequence[Any]:
    """Return further gates, as the tables one would write in TOML.

    ``metrics`` are the run's figures (``Metric`` rows), so a gate may depend on what was measured.
    The hook is called once after the last case; and before the first call with the figures of two
    planted models, one always correct and one always dangerous, so that gates that cannot be meant
    end the run before it costs anything.
    """
