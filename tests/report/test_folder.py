"""metrics.csv tells of each figure whose it is."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.report.page.page_cases import PageCases
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.results import run_file
from pytest_safescale.results.conclusion import Conclusion
from pytest_safescale.results.loaded_run import load_run
from pytest_safescale.results.panel_records import panel_from_records
from pytest_safescale.results.record_lines import read_lines
from pytest_safescale.results.severity_facts import severity_in
from tests.report.folders import make_manifest
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.results.manifest import Manifest


@pytest.mark.parametrize("as_they_come", [False, True])
def test_the_page_reads_the_lines_once_that_its_own_process_wrote_or_takes_the_cases_as_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, as_they_come: bool
) -> None:
    shape = Shape(items=2, models=("small",), conditions=("closed_book",), samples=2)
    records = make_records(shape)
    conclusion = Conclusion(
        manifest=cast("Manifest", make_manifest(shape)),
        metrics=all_metrics(panel_from_records(records)),
    )
    read_as: list[object] = []

    def seen(path: Path, shape: type[Any], run_id: object = None) -> Any:
        read_as.append(shape)
        return read_lines(path, shape, run_id)

    monkeypatch.setattr(run_file, "read_lines", seen)
    folder = ReportFolder(
        tmp_path,
        run_id=str(conclusion.manifest["run_id"]),
        page_cases=_cases_of_page(conclusion.manifest) if as_they_come else None,
    )
    for record in records:
        folder.add(record)
    folder.finish(conclusion)
    assert read_as == ([] if as_they_come else [dict[str, Any]])
    page = (tmp_path / "report.html").read_bytes()
    assert write_html(tmp_path).read_bytes() == page


def _cases_of_page(manifest: Manifest) -> PageCases:
    return PageCases(severity_in(manifest), repeat=manifest.get("repeat"))


def test_a_row_has_family_nature_and_profile_as_the_figures_of_a_loaded_run(tmp_path: Path) -> None:
    shape = Shape(items=2, models=("small", "large"), conditions=("closed_book",), samples=2)
    metrics = all_metrics(panel_from_records(make_records(shape)))
    conclusion = Conclusion(manifest=cast("Manifest", make_manifest(shape)), metrics=metrics)
    ReportFolder(tmp_path, run_id="run-7").finish(conclusion, page=False)
    with (tmp_path / "metrics.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert {(row["model"], row["model_family"], row["nature"]) for row in written} == {
        ("small", "oak", "simulated"),
        ("large", "elm", "simulated"),
        ("*", "", "simulated"),
    }
    assert {(row["dataset"], row["profile"]) for row in written} == {("sample", "plain")}
    loaded = load_run(tmp_path).figures("rows")
    assert set(written[0]) - {"partial"} == set(loaded[0]) - {"run_id"}
    for row, figure in zip(written, loaded, strict=True):
        told = {name: "" if figure[name] is None else str(figure[name]) for name in figure}
        assert {name: row[name] for name in row if name != "partial"} == {
            name: told[name] for name in told if name != "run_id"
        }
