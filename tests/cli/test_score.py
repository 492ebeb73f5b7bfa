"""``safescale score``: results that exist become a report folder, or are refused by line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.errors import Problem
from pytest_safescale.published.results import RELEASED
from pytest_safescale.results.record_lines import CASES
from tests.dataset.writing import json_array, merged
from tests.published.result_files import block, item, line, lines, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Printed = pytest.CaptureFixture[str]

FIGURES = ("metrics", "comparisons", "analyses")
OUTPUTS = ["cases.jsonl", "metrics.csv", "report.html", "run.json", "summary.md"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to stand in, with a data set of three items of four options."""
    monkeypatch.chdir(tmp_path)
    items = json_array([merged(item(name)) for name in "123"])
    (tmp_path / "items.json").write_bytes(items)
    return tmp_path


def score(*more: str, results: str = "results", data: str = "items.json") -> int:
    return main(["score", results, f"--dataset={data}", "--out=report", *more])


def run_file(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return content


def figures(folder: Path, model: str = "m", condition: str = "closed_book") -> dict[str, Any]:
    """Return value and number of cases of each figure of a cell, by "regime metric"."""
    return {
        f"{row['regime']} {row['metric']}": (row["value"], row["n"])
        for row in run_file(folder)["metrics"]
        if (row["model"], row["condition"]) == (model, condition)
    }


def told_by(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


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
    assert not any("partial" in text.lower() for text in _sayings(folder / "report"))


def _sayings(folder: Path) -> list[str]:
    """Return what each output says beside its figures."""
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
        table = [row["partial"] for row in csv.DictReader(file)]
    assert len(set(table)) == 1
    page = (folder / "report.html").read_text(encoding="utf-8")
    cases = [json.loads(one) for one in (folder / CASES).read_text(encoding="utf-8").splitlines()]
    return [
        "a partial table" if table[0] == "True" else "",
        "a partial page" if "only a part of the results could be scored" in page else "",
        "partial cases" if all(case.get("partial") for case in cases) else "",
        *run_file(folder)["manifest"]["notices"],
        (folder / "summary.md").read_text(encoding="utf-8"),
    ]


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


GOOD = lines()
Results = dict[str, "Sequence[dict[str, Any] | str]"]


def _without_a_file(folder: Path) -> None:
    write(folder, a=GOOD)
    (folder / "b").mkdir()


def _own(**change: Any) -> Callable[[Path], None]:
    """Return what writes three cases of our own, the second of them changed."""

    def make(folder: Path) -> None:
        write(folder.parent / "released", m=GOOD)
        arguments = ["score", "released", "--dataset=items.json", f"--out={folder.name}"]
        assert main(arguments) == 0
        rows = [json.loads(one) for one in (folder / CASES).read_text().splitlines()]
        rows[1] = {**rows[1], **change}
        (folder / CASES).write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    return make


def _files(**models: Sequence[dict[str, Any] | str]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        write(folder, **models)

    return make


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a line that is not JSON": (
        _files(a=[*GOOD[:2], '{"question_id": 3,', *GOOD[2:]]),
        f"a/{RELEASED}, line 3: found '{{\"question_id\": 3,'",
    ),
    "a line cut off at its end": (
        _files(a=[*GOOD, json.dumps(GOOD[0])[:60]]),
        f"a/{RELEASED}, line 4: found ",
    ),
    "a line that is no object": (_files(a=[*GOOD, "[1]"]), f"a/{RELEASED}, line 4: found [1]"),
    "an unknown letter": (
        _files(a=lines("AZA")),
        f"a/{RELEASED}, line 2, item risk_radiorag_2, "
        "conditions.zero_shot.greedy.checked_answer.confirmed_answer: found 'Z'",
    ),
    "an unknown letter among the samples": (
        _files(a=[*GOOD[:2], line(3, {"zero_shot": block("A", ["A", "f"])})]),
        f"a/{RELEASED}, line 3, item 3, "
        "conditions.zero_shot.stochastic.checked_answers.1.confirmed_answer: found 'f'",
    ),
    "a missing condition": (
        _files(a=[*GOOD[:2], line(3, {})], b=GOOD),
        f"a/{RELEASED}, line 3, item 3: found no condition closed_book of a",
    ),
    "a condition that one model lacks": (
        _files(a=GOOD, b=lines(condition="top_1")),
        f"b/{RELEASED}: found no case of b under closed_book",
    ),
    "a model folder without its file": (
        _without_a_file,
        f"b: found neither {RELEASED} nor {CASES}; allowed: one of them",
    ),
    "unequal item sets": (
        _files(a=GOOD, b=GOOD[:2]),
        f"b/{RELEASED}: found no b answers to item 3",
    ),
    "a duplicate item": (
        _files(a=[*GOOD, GOOD[0]]),
        f"a/{RELEASED}, line 4, item risk_radiorag_1, question_id: found ",
    ),
    "an item the data set lacks": (
        _files(a=[*GOOD, line(9, {"zero_shot": block("A")})]),
        f"a/{RELEASED}, line 4, item 9, question_id: found ",
    ),
    "an empty file": (_files(a=GOOD, b=[]), f"b/{RELEASED}: found an empty file"),
    "a case of our own with an unknown letter": (
        _own(greedy={"letter": "Z", "text": "Z"}),
        f"{CASES}, line 2, item 2, greedy.letter: found 'Z'",
    ),
    "a case of our own twice": (
        _own(item_id="1"),
        f"{CASES}, line 2, item 1, item_id: found '1'; allowed: each case once, "
        "as that of m under closed_book",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_results_are_refused_by_file_and_line_and_nothing_is_written(
    folder: Path, capsys: Printed, case: str
) -> None:
    make, place = DAMAGE[case]
    make(folder / "results")
    capsys.readouterr()
    assert score() == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("safescale: results cannot be scored: ")
    assert f"\n  {place}" in told.err
    assert "--allow-partial scores what can be scored" in told.err
    assert not (folder / "report").exists()


@pytest.mark.parametrize("case", DAMAGE)
def test_what_is_left_of_damaged_results_is_scored_only_if_wanted_and_every_output_says_so(
    folder: Path, capsys: Printed, case: str
) -> None:
    make, place = DAMAGE[case]
    make(folder / "results")
    capsys.readouterr()
    assert score("--allow-partial") == 0
    told = capsys.readouterr()
    assert "! only a part of the results could be scored (--allow-partial): " in told.out
    assert f"! {place}" in told.out
    content = run_file(folder / "report")
    assert content["metrics"]
    assert content["manifest"]["scored"]["partial"] is True
    problems = content["manifest"]["scored"]["problems"]
    assert any(str(Problem(**one)).startswith(place) for one in problems)
    table, page, cases, first, *_, summary = _sayings(folder / "report")
    assert all((table, page, cases))
    assert "only a part" in first
    assert "only a part of the results could be scored" in summary


def test_figures_of_a_part_are_those_of_the_cases_that_are_left(folder: Path) -> None:
    write(folder / "results", m=[*lines("AB"), '{"question_id": 3,'])
    assert score("--allow-partial") == 0
    assert figures(folder / "report")["single accuracy"] == (0.5, 2)


def test_a_part_scored_again_without_its_run_json_still_says_that_it_is_one(folder: Path) -> None:
    write(folder / "results", m=[*lines("AB"), '{"question_id": 3,'])
    assert score("--allow-partial") == 0
    (folder / "report" / "run.json").unlink()
    assert main(["score", "report", "--dataset=items.json", "--out=again"]) == 0
    manifest = run_file(folder / "again")["manifest"]
    assert manifest["scored"]["partial"] is True
    told = "cases.jsonl: cases of results of which only a part could be scored: 2"
    assert told in manifest["notices"]
    marks = [
        json.loads(one)["partial"] for one in (folder / "again" / CASES).read_text().splitlines()
    ]
    assert marks == [True, True]


def test_of_very_many_problems_the_first_are_named_and_run_json_has_all(
    folder: Path, capsys: Printed
) -> None:
    write(folder / "results", m=[*GOOD, *["{"] * 500])
    assert score("--allow-partial") == 0
    shown = [one for one in capsys.readouterr().out.splitlines() if f"m/{RELEASED}, line " in one]
    assert len(shown) == 10
    content = run_file(folder / "report")
    assert len(content["manifest"]["scored"]["problems"]) == 500
    assert "500 problem(s), the first named below" in content["manifest"]["notices"][0]
    assert len((folder / "report" / "summary.md").read_text().splitlines()) <= 60


@pytest.mark.parametrize("more", [(), ("--allow-partial",)])
def test_a_folder_in_which_nothing_can_be_scored_is_refused_even_in_part(
    folder: Path, capsys: Printed, more: Sequence[str]
) -> None:
    results = folder / "results"
    results.mkdir()
    assert score(*more) == 4
    assert "results: found no folder of a model in it" in capsys.readouterr().err
    write(results, a=["{", "no"])
    assert score(*more) == 4
    told = capsys.readouterr().err
    assert told.startswith("safescale: results: no case can be scored\n")
    assert f"a/{RELEASED}, line 2: found 'no'" in told
    assert score(*more, results="absent") == 4
    assert "absent: found nothing; allowed: a folder" in capsys.readouterr().err
    assert not (folder / "report").exists()


def test_an_earlier_report_stays_whole_where_later_results_are_refused(folder: Path) -> None:
    write(folder / "results", m=GOOD)
    assert score() == 0
    before = told_by(folder / "report")
    (folder / "results" / "m" / RELEASED).write_text("{\n")
    assert score() == 4
    assert told_by(folder / "report") == before
    assert {path.name for path in folder.iterdir()} == {"items.json", "report", "results"}


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
    write(folder / "results", m=GOOD)
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


def test_a_process_ends_with_the_code_and_names_the_place(folder: Path) -> None:
    write(folder / "results", m=[*GOOD, "{"])
    program = "import sys; from pytest_safescale.cli.command import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "score", "results", "--dataset=items.json", "--out=o"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert f"m/{RELEASED}, line 4" in done.stderr
    assert "Traceback" not in done.stderr
