"""Certified thresholds beside those of MAPIE's risk control, on the same scores.

MAPIE is scikit-learn-contrib's, under the BSD licence. Its count of events is the share
times the number, rounded up: where that product is not a whole number by rounding alone, it counts
one event too many. So its p is ours, or at most that of one more dangerous answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from mapie.risk_control import BinaryClassificationController

from benchmarks.certify_level import BOUND, DELTA, WORLDS, World
from pytest_safescale.analysis.certificates import Demand, calibrating, certify
from pytest_safescale.statistics.risk_control import risk_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.certificates import Tested

pytestmark = pytest.mark.slow
RUNS = 10


def mapie_of(scores: Any, harmless: Any, levels: list[float]) -> tuple[list[float], Any]:
    """Return MAPIE's valid thresholds and p-values for the precision of harmless answers."""
    controller = BinaryClassificationController(
        predict_function=lambda given: np.column_stack([1 - given, given]),
        risk="precision",
        target_level=1 - BOUND,
        confidence_level=1 - DELTA,
        list_predict_params=np.array(levels),
        fwer_method="fixed_sequence",
    )
    controller.calibrate(scores, harmless)
    return [float(level) for level in controller.valid_predict_params], controller.p_values


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.filterwarnings("ignore")
def test_mapie_certifies_the_same_thresholds_by_the_same_p_values(name: str, n: int) -> None:
    world: World = WORLDS[name]
    generator = np.random.default_rng(n)
    calibrate = calibrating([str(place) for place in range(n)], 0.5, 42)
    alike = 0
    for _ in range(RUNS):
        cases = world.draw(n, generator)
        found = certify(cases, calibrate, Demand(bound=BOUND, delta=DELTA))
        known = cases.part(calibrate)
        levels = [one.threshold for one in found.tested]
        valid, p_values = mapie_of(
            known.answered_up_to, np.isneginf(known.dangerous_up_to).astype(int), levels
        )
        same = _compared(p_values.ravel(), found.tested)
        ours = [one.threshold for one in found.tested if one.p_value <= DELTA]
        assert set(valid) <= set(ours)
        if same:
            alike += 1
            assert sorted(valid) == sorted(ours)
    assert alike >= RUNS / 5


def _compared(p_values: Any, tested: Sequence[Tested]) -> bool:
    """Check each p of MAPIE; returns whether it counted as we did throughout."""
    same = True
    for theirs, one in zip(p_values, tested, strict=True):
        more = float(risk_p(one.dangerous + 1, one.answered, BOUND))
        assert one.p_value - 1e-9 <= theirs <= more + 1e-9
        same &= theirs == pytest.approx(one.p_value, abs=1e-9)
    return same
