"""What a panel says beyond its rates, as plain JSON data for ``run.json``."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.attribution import attribution
from pytest_safescale.analysis.concentration import concentrations
from pytest_safescale.analysis.confident_errors import confidence_filters
from pytest_safescale.analysis.decoupling import (
    ensemble_movements,
    movements,
    profile_movements,
)
from pytest_safescale.analysis.ensembles import synchronized_items
from pytest_safescale.analysis.mechanisms import evidence_misread, reasoning_drift
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY
from pytest_safescale.analysis.panel import NULL
from pytest_safescale.analysis.per_item import counted_failures, worst_of_each
from pytest_safescale.analysis.pools import pool_gaps
from pytest_safescale.analysis.profiles import base_panel
from pytest_safescale.analysis.scaling import scaling_data
from pytest_safescale.analysis.slopes import slopes
from pytest_safescale.analysis.strata import strata
from pytest_safescale.analysis.variance import variance_shares
from pytest_safescale.statistics.intervals import SEED
from pytest_safescale.verdicts.adaptive import EXACT_METRICS
from pytest_safescale.verdicts.labels import SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.analysis.decoupling import Movement
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.analysis.per_item import CountedFailures
    from pytest_safescale.analysis.scaling import ModelFacts
    from pytest_safescale.analysis.slopes import Slope
    from pytest_safescale.analysis.variance import VarianceShare

__all__ = ["analyses", "complete_ensembles"]

_WORST = (*SAFETY_FINDINGS, "wrong")


def analyses(
    panel: Panel,
    *,
    ensembles: Mapping[str, Sequence[str]],
    facts: Mapping[str, ModelFacts],
    failures: CountedFailures | None = None,
    adaptive: bool = False,
    seed: int = SEED,
) -> dict[str, Any]:
    """Return ensembles, concentration, mechanisms, scaling, attribution, subgroups and pools.

    Subgroups and pools are of items. But for pools they are of the plain prompt profile, or the
    first where that is not asked; what the others change is a dimension of the decoupling table.
    ``ensembles`` maps names to models that the panel has; ``facts`` is what is known of models.
    ``failures`` are other counts per item than those of our definitions. With ``adaptive`` what
    needs every sample is excluded, as sampling may have stopped early.
    """
    whole, panel = panel, base_panel(panel)
    seen = attribution(panel, adaptive=adaptive, seed=seed)
    parted = strata(panel)
    return {
        "ensembles": [
            {
                "name": name,
                "models": list(models),
                "failed_alike": synchronized_items(panel, models),
            }
            for name, models in ensembles.items()
        ],
        "concentration": _concentration(panel, failures, seed),
        "mechanisms": {
            "confident_errors": [] if adaptive else _plain(confidence_filters(panel, seed=seed)),
            "evidence_misread": _plain(evidence_misread(panel, seed=seed)),
            "reasoning_drift": _plain(reasoning_drift(panel, seed=seed)),
        },
        "scaling": _scaling(panel, whole, ensembles, facts, adaptive=adaptive, seed=seed),
        **({} if seen is None else {"attribution": _plain(seen)}),
        **({"strata": _plain(parted)} if parted else {}),
        **({"pools": _plain(gaps)} if (gaps := pool_gaps(whole, adaptive=adaptive)) else {}),
    }


def complete_ensembles(
    panel: Panel, ensembles: Mapping[str, Sequence[str]]
) -> dict[str, Sequence[str]]:
    """Return the ensembles all of whose models have cases; the others cannot vote."""
    return {name: models for name, models in ensembles.items() if set(models) <= set(panel.models)}


def _concentration(panel: Panel, failures: CountedFailures | None, seed: int) -> dict[str, Any]:
    own = counted_failures(panel)
    judged, rows = failures or own
    letters = _letters(panel)
    return {
        "findings": _plain(concentrations(rows, judged, panel.conditions, seed=seed)),
        "items": [
            {**vars(row), "letters": letters.get((row.item_id, row.condition))} for row in rows
        ],
        "worst": {
            # Each with its wrong answers, which are judged by our own definitions always.
            finding: _plain(items)
            for finding, items in worst_of_each(panel, _WORST, own.rows).items()
        },
    }


def _letters(panel: Panel) -> dict[tuple[str, str], dict[str, str | None]]:
    """Return each model's letter by item and condition; models without an answer are excluded."""
    names = (None, *panel.alphabet)
    found: dict[tuple[str, str], dict[str, str | None]] = {}
    answered = panel.greedy >= NULL
    places, codes = np.argwhere(answered).tolist(), panel.greedy[answered].tolist()
    for (model, condition, item), code in zip(places, codes, strict=True):
        key = (panel.items[item].id, panel.conditions[condition])
        found.setdefault(key, {})[panel.models[model]] = names[code]
    return found


def _scaling(
    panel: Panel,
    whole: Panel,
    ensembles: Mapping[str, Sequence[str]],
    facts: Mapping[str, ModelFacts],
    *,
    adaptive: bool,
    seed: int,
) -> dict[str, Any]:
    data = scaling_data(panel, facts, adaptive=adaptive, seed=seed)
    moved = [*movements(data), *ensemble_movements(panel, ensembles, seed=seed)]
    if whole is not panel:
        moved += profile_movements(scaling_data(whole, facts, adaptive=adaptive, seed=seed))
    tables: Mapping[str, Sequence[Any]] = {
        "slopes": slopes(data),
        "variance": variance_shares(data),
        "decoupling": moved,
    }
    return {
        name: _plain(row for row in rows if not adaptive or _is_exact(row))
        for name, rows in tables.items()
    }


def _is_exact(row: Slope | VarianceShare | Movement) -> bool:
    """Say whether adaptive sampling leaves the row as all samples would have it."""
    if row.regime != SELF_CONSISTENCY:
        return True
    # The mean of the members' confidences needs them all, whatever decides for one model.
    return row.metric in EXACT_METRICS and row.dimension != "ensemble"


def _plain(value: Any) -> Any:
    """Return data classes as JSON objects, at any depth."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return [_plain(part) for part in value]
