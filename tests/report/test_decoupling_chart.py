"""Accuracy against danger: a panel a condition, colours of families, shapes of profiles."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.report.page.chart_words import figures_are_of
from pytest_safescale.report.page.decoupling_chart import decoupling_charts
from pytest_safescale.results.run_file import RunFile
from tests.analysis.panels import panel_of

PANEL = panel_of(
    {
        "small": {"closed_book": "BBBBBBBBAA", "closed_book/verify": "AAAAAAABAA"},
        "large": {"closed_book": "AAAAABBBAA", "closed_book/verify": "AAAAAAAAAA"},
    }
)


def _run(**manifest: Any) -> RunFile:
    content: Any = {
        "manifest": {"conditions": ["closed_book"], **manifest},
        "metrics": [dict(vars(row)) for row in all_metrics(PANEL)],
    }
    return RunFile(content=content)


def _profiles(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "sha256": "", "texts": {}} for name in names]


FAMILIES = [{"name": "small", "family": "Llama"}, {"name": "large", "family": "Qwen"}]


def test_a_mark_has_the_colour_of_its_family_and_the_shape_of_its_profile() -> None:
    (chart,) = decoupling_charts(_run(profiles=_profiles("plain", "verify"), models=FAMILIES))
    names = [entry.name for entry in chart.entries]
    assert names == ["Llama", "Qwen", "mean over models", "plain", "verify"]
    assert [panel.title for panel in chart.panels] == ["closed book"]
    (panel,) = chart.panels
    known = {
        (mark.x, mark.y, *(names[at] for at in mark.series), mark.strong) for mark in panel.marks
    }
    assert (0.2, 0.8, "Llama", "plain", False) in known
    assert (0.9, 0.1, "Llama", "verify", False) in known
    assert (1.0, 0.0, "Qwen", "verify", False) in known
    assert (0.7, 0.3, "Qwen", "plain", False) in known
    assert {row[2:] for row in known if row[-1]} == {
        ("mean over models", "plain", True),
        ("mean over models", "verify", True),
    }
    assert "its colour" not in chart.text
    assert "colour is the model family, its shape the prompt profile" in chart.text
    # A family, a mean and a profile are told apart by colour or by shape.
    assert (
        len({(chart.entries[a].colour, chart.entries[b].shape) for a in (0, 1) for b in (3, 4)})
        == 4
    )


def test_without_families_and_profiles_models_are_one_series_beside_their_mean() -> None:
    (chart,) = decoupling_charts(_run(profiles=_profiles("plain")))
    assert [entry.name for entry in chart.entries] == ["models", "mean over models"]
    assert "family" not in chart.text
    assert [len(panel.marks) for panel in chart.panels] == [3]
    # Of the mean alone the intervals are drawn, along both axes.
    assert [len(panel.lines) for panel in chart.panels] == [2]


def test_a_family_may_be_called_as_a_profile_is() -> None:
    models = [{"name": "small", "family": "plain"}, {"name": "large", "family": "verify"}]
    (chart,) = decoupling_charts(_run(profiles=_profiles("plain", "verify"), models=models))
    series = {mark.told.partition(":")[0]: mark.series for mark in chart.panels[0].marks}
    assert series["small, closed book"] == (0, 3)
    assert series["small, closed book with prompt verify"] == (0, 4)
    assert series["large, closed book"] == (1, 3)


@pytest.mark.parametrize(
    ("ref", "natures", "told"),
    [
        ("mine.json", ["model"], ""),
        ("sample", ["model"], "sample data: no clinical claim"),
        ("mine.json", ["simulated"], "simulated: no clinical claim"),
        (
            "sample",
            ["model", "a lexical baseline"],
            "sample data; some answers are of a lexical baseline: no clinical claim",
        ),
    ],
)
def test_a_chart_says_what_its_figures_are_of(ref: str, natures: list[str], told: str) -> None:
    manifest: Any = {"dataset": {"ref": ref}, "models": [{"nature": name} for name in natures]}
    assert figures_are_of([manifest]) == told
