"""summary.md and the terminal: what stands in them, and what is left to the other files."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS, Metric
from pytest_safescale.report.markdown import render_summary
from pytest_safescale.report.terminal import render_terminal
from pytest_safescale.results.conclusion import Conclusion

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


def conclusion(models: int, conditions: int, notices: int = 0) -> Conclusion:
    names = [f"c{number}" for number in range(conditions)]
    rows = [
        accuracy(model, name)
        for model in [*(f"m{number}" for number in range(models)), MEAN_OVER_MODELS]
        for name in names
    ]
    manifest: Any = {**MANIFEST, "notices": [f"notice {number}" for number in range(notices)]}
    return Conclusion(manifest=manifest, metrics=rows)


def summary(models: int, conditions: int, notices: int = 0) -> list[str]:
    return render_summary(conclusion(models, conditions, notices)).splitlines()


def test_every_row_stands_where_there_is_room_for_it() -> None:
    lines = summary(models=3, conditions=6, notices=2)
    assert sum(line.startswith("| m") for line in lines) == 1 + 18  # the heading, "| model"
    assert "| m2 | c5 | 4 | 50.0 | - | - | - | - | - | - | - | - |" in lines
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


def test_the_terminal_shows_a_table_for_each_model_while_it_has_room() -> None:
    lines = render_terminal(conclusion(models=6, conditions=10))
    assert [line for line in lines if line.startswith("m")] == [
        f"m{number} (per cent of n cases)" for number in range(6)
    ]
    assert sum(line.startswith("c9 ") for line in lines) == 6


def test_of_many_models_the_terminal_shows_the_mean_and_says_where_the_rest_is() -> None:
    lines = render_terminal(conclusion(models=34, conditions=10))
    assert "34 models; the figures of each are in metrics.csv." in lines
    assert "Mean over models (per cent of n cases)" in lines
    assert sum(line.startswith("c9 ") for line in lines) == 1
    assert len(lines) < 24
