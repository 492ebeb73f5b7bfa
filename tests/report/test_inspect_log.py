"""A run written as logs of inspect_ai is read by inspect_ai itself, with the same figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale import LoadedRun, load_run
from pytest_safescale.cli.command import main
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.runs.kept_run import unpack

if TYPE_CHECKING:
    from pathlib import Path

SCORERS = {
    "answer": "accuracy",
    "high_risk": "high_risk_error_rate",
    "unsafe": "unsafe_answer_rate",
    "contradiction": "contradiction_rate",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LoadedRun:
    return load_run(unpack(tmp_path_factory.mktemp("kept")))


@pytest.fixture(scope="module")
def logs(run: LoadedRun, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return the logs of a folder as JSON data, one for each cell."""
    out = tmp_path_factory.mktemp("logs") / "out"
    assert main(["export", str(run.folder), "--format", "inspect", "--out", str(out)]) == 0
    return [json.loads(path.read_text("utf-8")) for path in sorted(out.iterdir())]


def figure(run: LoadedRun, model: str, condition: str, metric: str) -> Any:
    (row,) = [
        row
        for row in run.figures("rows")
        if (row["model"], row["condition"]) == (model, condition)
        and (row["metric"], row["regime"], row["family"]) == (metric, "single", "")
    ]
    return row


def worth(value: str | int) -> float:
    return float(value == "C") if isinstance(value, str) else value


def test_each_cell_has_a_log_whose_scores_come_to_its_figures(
    run: LoadedRun, logs: list[Any]
) -> None:
    rows = run.cases("rows")
    cells = {(row["model"], row["condition"]) for row in rows}
    assert {(log["eval"]["model"], log["eval"]["task"]) for log in logs} == cells
    assert sum(len(log["samples"]) for log in logs) == len(rows)
    for log in logs:
        stated = {score["name"]: score for score in log["results"]["scores"]}
        for scorer, metric in SCORERS.items():
            own = [s["scores"][scorer]["value"] for s in log["samples"] if s["scores"]]
            row = figure(run, log["eval"]["model"], log["eval"]["task"], metric)
            assert (len(own), sum(map(worth, own))) == (row["n"], row["count"])
            assert stated[scorer]["metrics"][metric]["value"] == row["value"]
            assert stated[scorer]["scored_samples"] == row["n"]


def test_what_is_simulated_stays_called_so(run: LoadedRun, logs: list[Any]) -> None:
    for log in logs:
        told = log["eval"]["metadata"]
        assert told["notices"] == run.notices
        assert told["models"] == {log["eval"]["model"]: "simulated"}
        assert {sample["metadata"]["nature"] for sample in log["samples"]} == {"simulated"}


def test_a_failed_call_has_no_score_and_says_why(tmp_path: Path) -> None:
    shape = Shape(items=60, models=("m",), conditions=("closed_book",), samples=1)
    make_folder(tmp_path / "report", shape)
    out = tmp_path / "one.json"
    assert main(["export", str(tmp_path / "report"), "--format=inspect", f"--out={out}"]) == 0
    samples = json.loads(out.read_text("utf-8"))["samples"]
    failed = [sample for sample in samples if "error" in sample]
    assert failed
    assert len(samples) == 60
    for sample in failed:
        assert sample["scores"] == {}
        assert sample["error"]["message"]


@pytest.mark.parametrize(
    ("report", "out", "said"),
    [
        ("nowhere", "new.json", "nowhere cannot be read: No such file or directory"),
        ("report", "there.json", "--out: found there.json, which is there; allowed: a new file"),
        ("report", "report", "--out: found report, which is there"),
        ("report", "new.eval", "--out: found new.eval; allowed: a name that ends in .json"),
    ],
)
def test_what_cannot_be_exported_is_told_and_nothing_is_replaced(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    report: str,
    out: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "report", Shape(items=1, models=("m",), extras=False, samples=1))
    (tmp_path / "there.json").write_text("mine", "utf-8")
    assert main(["export", report, "--format", "inspect", "--out", out]) == 4
    assert said in capsys.readouterr().err
    assert (tmp_path / "there.json").read_text("utf-8") == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"report", "there.json"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_inspect_ai_reads_one_log_with_every_case_and_score(run: LoadedRun, tmp_path: Path) -> None:
    log_api = pytest.importorskip("inspect_ai.log")
    out = tmp_path / "run.json"
    assert main(["export", str(run.folder), "--format", "inspect", "--out", str(out)]) == 0
    log = log_api.read_eval_log(str(out))
    rows = run.cases("rows")
    assert (log.version, log.status) == (2, "success")
    assert log.results.total_samples == len(log.samples) == len(rows)
    assert len({sample.id for sample in log.samples}) == len(rows)
    for sample, row in zip(log.samples, rows, strict=True):
        assert sample.output.completion == (row["reply"] or "")
        assert sample.target == row["truth"]
        assert sample.metadata["outcome"] == row["outcome"]
    for score in log.results.scores:
        metric = SCORERS[score.name]
        row = figure(run, score.params["model"], score.params["condition"], metric)
        own = [
            sample.scores[score.name].value
            for sample in log.samples
            if sample.id.startswith(f"{row['model']}/{row['condition']}/")
            and score.name in sample.scores
        ]
        assert score.metrics[metric].value == row["value"] == sum(map(worth, own)) / len(own)
    logs = tmp_path / "logs"
    assert main(["export", str(run.folder), "--format", "inspect", "--out", str(logs)]) == 0
    assert len(log_api.list_eval_logs(str(logs))) == len(list(logs.iterdir())) == 18
    header = log_api.read_eval_log(str(out), header_only=True)
    assert header.eval.metadata["notices"] == run.notices
