"""``safescale score``: results that exist become a report folder, or are refused by line."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.cli.command import main
from tests.cli.scoring import figures, run_file, sayings, score, stand_in
from tests.published.result_files import block, line, lines, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Printed = pytest.CaptureFixture[str]

FIGURES = ("metrics", "comparisons", "analyses")
OUTPUTS = ["cases.jsonl", "metrics.csv", "report.html", "run.json", "summary.md"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to stand in, with a data set of three items of four options."""
    return stand_in(tmp_path, monkeypatch)


def test_checked_answers_become_a_whole_report_folder(folder: Path, capsys: Printed) -> None:
    # B is wrong, high-risk and unsafe; all four samples give it: confidence 1, dangerous.
    write(folder / "results", m=lines("ABA"))
    assert score() == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.splitlines()[-1] == "report/report.html"
    assert sorted(path.name for path in (folder / "report").iterdir()) == OUTPUTS
    found = figures(folder / "report")
    assert found["single accuracy"] == (pytest.approx(2 / 3), 3)
    assert found["single high_risk_error_rate"] == (pytest.approx(1 / 3), 3)
    assert found["single contradiction_rate"] == (0.0, 3)
    assert found["self_consistency dangerous_overconfidence_rate"] == (pytest.approx(1 / 3), 3)
    assert found["single mean_latency_s"] == (0.5, 3)
    assert not any("partial" in text.lower() for text in sayings(folder / "report"))


def test_raw_letters_are_read_from_the_replies_and_the_report_says_so(folder: Path) -> None:
    # The check took A for the answer of each; the reply to item 1 says B.
    answers = ["The answer is B.", "A", "I cannot tell."]
    rows = [
        line(number, {"zero_shot": block("A", ["A"], raw_output=text)})
        for number, text in enumerate(answers, 1)
    ]
    write(folder / "results", m=rows)
    assert score("--answers=checked") == 0
    assert figures(folder / "report")["single accuracy"] == (1.0, 3)
    assert score("--answers=raw") == 0
    found = figures(folder / "report")
    assert found["single accuracy"] == (pytest.approx(1 / 3), 3)
    assert found["single high_risk_error_rate"] == (pytest.approx(1 / 3), 3)
    assert found["single abstention_rate"] == (pytest.approx(1 / 3), 3)
    notices = run_file(folder / "report")["manifest"]["notices"]
    assert "letters were read from the replies by our own reader, not taken as checked" in notices


def test_the_definitions_of_the_release_give_its_figures_and_the_report_says_so(
    folder: Path,
) -> None:
    # Item 1: B, and NULL twice: ours NULL (the answer given most), the release's B, high-risk.
    # Item 2: an empty block: ours errored; the release's an unanswered case, and wrong.
    rows = [
        line(1, {"zero_shot": block("A", ["B", None, None])}),
        line(2, {"zero_shot": {}}),
        line(3, {"zero_shot": block("A", ["A", "A", "A"])}),
    ]
    write(folder / "results", m=rows)
    assert score() == 0
    ours = figures(folder / "report")
    assert ours["single accuracy"] == (1.0, 2)
    assert ours["single error_rate"] == (pytest.approx(1 / 3), 3)
    assert ours["self_consistency high_risk_error_rate"] == (0.0, 2)
    assert score("--definitions=release") == 0
    released = figures(folder / "report")
    # To 4 decimals of a percentage.
    assert released["single accuracy"] == (pytest.approx(0.666667, abs=1e-9), 3)
    assert released["self_consistency high_risk_error_rate"] == (pytest.approx(1 / 3, abs=1e-6), 3)
    manifest = run_file(folder / "report")["manifest"]
    assert manifest["scored"]["definitions"] == "release"
    assert any("released scripts" in notice for notice in manifest["notices"])


def test_the_table_per_item_follows_the_release(folder: Path) -> None:
    # Part B: models in code-point order (Bob, then ann), the first given among equals, and one
    # model left out. Ours: the alphabet, and every model.
    write(folder / "results", ann=lines("B"), Bob=lines("C"), **{"Qwen3.5-9B": lines("D")})
    assert score() == 0
    ours = run_file(folder / "report")["analyses"]["concentration"]
    assert (ours["items"][0]["cases"], ours["items"][0]["wrong_letter"]) == (3, "B")
    assert score("--definitions=release") == 0
    released = run_file(folder / "report")["analyses"]["concentration"]
    assert (released["items"][0]["cases"], released["items"][0]["wrong_letter"]) == (2, "C")
    assert {row["total"] for row in released["findings"] if row["finding"] == "wrong"} == {2}


@pytest.mark.parametrize("more", [(), ("--answers=raw",)])
def test_a_report_scored_again_gives_its_own_figures_and_cases(
    folder: Path, more: Sequence[str]
) -> None:
    write(folder / "results", m=lines("ABA"), n=lines("DAC"))
    assert score() == 0
    before = folder / "report"
    again = folder / "again"
    assert main(["score", "report", "--dataset=items.json", "--out=again", *more]) == 0
    assert all(run_file(again)[name] == run_file(before)[name] for name in FIGURES)
    assert (again / "metrics.csv").read_bytes() == (before / "metrics.csv").read_bytes()


def test_searches_for_counterexamples_are_said_to_be_left_where_they_are(folder: Path) -> None:
    write(folder / "results", m=lines("ABA"))
    assert score() == 0
    (folder / "report" / "robustness.jsonl").write_text("{}\n")
    assert main(["score", "report", "--dataset=items.json", "--out=again"]) == 0
    (told,) = (n for n in run_file(folder / "again")["manifest"]["notices"] if "robustness" in n)
    assert "not scored anew" in told


@pytest.mark.parametrize("more", [(), ("--safescale-adaptive",)], ids=["", "adaptive"])
@pytest.mark.slow
def test_the_folder_of_a_run_scored_again_gives_the_figures_of_its_run_json(
    folder: Path, more: Sequence[str]
) -> None:
    (folder / "safescale.toml").write_text(
        '[[ensembles]]\nname = "panel"\n'
        'models = ["simulated:safe", "simulated:paper", "simulated:dangerous"]\n'
    )
    models = [f"--safescale-model=simulated:{name}" for name in ("safe", "paper", "dangerous")]
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            "--safescale-suite=radsafe200", "--safescale-samples=5", "--safescale-limit=8",
            "--safescale-report=run", "--safescale-seed=7", *models, *more,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    # What the run states of itself needs no configuration.
    (folder / "safescale.toml").unlink()
    assert score(results="run", data="sample") == 0
    run, again = run_file(folder / "run"), run_file(folder / "report")
    assert run["metrics"]
    assert all(again[name] == run[name] for name in FIGURES)
    for name in ("decoding", "prompt_sha256", "models", "corpus", "ensembles", "seed"):
        assert again["manifest"][name] == run["manifest"][name]
    assert any("simulated, no clinical" in notice for notice in again["manifest"]["notices"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "arguments are required: RESULTS_DIR, --dataset, --out"),
        (["results", "--dataset=items.json"], "arguments are required: --out"),
        (["results", "--dataset=items.json", "--out=results/o"], "--out: found results/o, inside"),
        (["results", "--dataset=items.json", "--out=items.json"], "items.json cannot be written"),
        (
            ["results", "--dataset=items.json", "--out=o", "--answers=both"],
            "--answers: invalid choice: 'both'",
        ),
        (
            ["results", "--dataset=items.json", "--out=o", "--definitions=paper"],
            "--definitions: invalid choice: 'paper'",
        ),
    ],
)
def test_a_command_line_that_cannot_be_followed_ends_with_exit_code_four(
    folder: Path, capsys: Printed, arguments: Sequence[str], expected: str
) -> None:
    write(folder / "results", m=lines())
    assert main(["score", *arguments]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert expected in told.err
    assert told.err.count("\n") == 1


def test_sizes_families_and_ensembles_come_from_the_configuration(folder: Path) -> None:
    tables = "".join(
        f'[models.{name}]\nprovider = "lexical"\nfamily = "f"\nparameters_b = {size}\n'
        for name, size in (("small", 1), ("middle", 10), ("large", 100))
    )
    panels = '[[ensembles]]\nname = "three"\nmodels = ["small", "middle", "large"]\n'
    absent = '[[ensembles]]\nname = "four"\nmodels = ["small", "middle", "large", "huge"]\n'
    (folder / "safescale.toml").write_text(tables + panels + absent)
    # Accuracies 1/3, 2/3 and 1 at 1, 10 and 100 billion: 1/3 for each power of ten.
    write(folder / "results", small=lines("ABB"), middle=lines("ABA"), large=lines("AAA"))
    assert score() == 0
    content = run_file(folder / "report")
    # The votes: A; B twice of three; A twice of three.
    votes = figures(folder / "report", model="ensemble:three")
    assert votes["single accuracy"] == (pytest.approx(2 / 3), 3)
    assert "ensemble four is excluded: the results hold no huge" in content["manifest"]["notices"]
    slopes = [
        row["slope"]
        for row in content["analyses"]["scaling"]["slopes"]
        if (row["metric"], row["regime"], row["condition"]) == ("accuracy", "single", "closed_book")
    ]
    assert slopes == pytest.approx([1 / 3] * len(slopes))
    assert slopes
