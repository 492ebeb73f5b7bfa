"""summary.md: what stands in it, and what is left to the other files."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.report.conclusion import Conclusion
from pytest_safescale.report.markdown import render_summary
from pytest_safescale.scoring.metrics import MEAN_OVER_MODELS, Metric

MANIFEST: dict[str, Any] = {
    "notices": [],
    "dataset": {"name": "d.json", "sha256": "0" * 64},
    "calls": {"made": 3},
    "errors": 0,
    "versions": {"pytest-safescale": "1"},
}


def accuracy(model: str, condition: str, value: float = 0.5) -> Metric:
    return Metric(
        model=model, condition=condition, regime="single", metric="accuracy", value=value, n=4
    )


def summary(models: int, conditions: int, notices: int = 0) -> list[str]:
    names = [f"c{number}" for number in range(conditions)]
    rows = [
        accuracy(model, name)
        for model in [*(f"m{number}" for number in range(models)), MEAN_OVER_MODELS]
        for name in names
    ]
    manifest = {**MANIFEST, "notices": [f"notice {number}" for number in range(notices)]}
    return render_summary(Conclusion(manifest=manifest, metrics=rows)).splitlines()


def test_every_row_stands_where_there_is_room_for_it() -> None:
    lines = summary(models=3, conditions=6, notices=2)
    assert sum(line.startswith("| m") for line in lines) == 1 + 18  # the heading, "| model"
    assert "| m2 | c5 | 4 | 50.0 | - | - | - | - | - | - |" in lines
    assert not any("more" in line for line in lines)
    assert not any("Mean over models" in line for line in lines)


@pytest.mark.parametrize(("models", "conditions"), [(10, 6), (34, 10), (200, 13)])
@pytest.mark.parametrize("notices", [0, 3, 40])
def test_many_models_and_notices_leave_sixty_lines_that_say_where_the_rest_is(
    models: int, conditions: int, notices: int
) -> None:
    lines = summary(models, conditions, notices)
    assert len(lines) <= 60
    shown = [line for line in lines if line.startswith(("| m", "| Mean"))][1:]
    # The means come first: they say something of every model.
    assert [line[:8] for line in shown[:conditions]] == ["| Mean o"] * conditions
    left = models * conditions + conditions - len(shown)
    assert f"{left} more rows in metrics.csv." in lines
    assert ("> and 34 more notices, see run.json" in lines) is (notices == 40)
    assert lines[-1].startswith("Data: d.json, sha256 `000000000000`; calls made 3")
