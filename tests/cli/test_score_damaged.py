"""``safescale score`` on damaged results: refused by line, or scored in part, which is said."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.errors import Problem
from pytest_safescale.published.results import RELEASED
from pytest_safescale.results.record_lines import CASES
from tests.cli.scoring import figures, run_file, sayings, score, stand_in
from tests.published.result_files import block, line, lines, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Printed = pytest.CaptureFixture[str]

GOOD = lines()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to stand in, with a data set of three items of four options."""
    return stand_in(tmp_path, monkeypatch)


def told_by(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


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
    "the only line of an item, its conditions no object": (
        _files(a=[*GOOD[:2], line(3, cast("Any", []))]),
        f"a/{RELEASED}, line 3, item 3, conditions: found []; allowed: an object",
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
    table, page, cases, first, *_, summary = sayings(folder / "report")
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
    assert "500 problems, the first named below" in content["manifest"]["notices"][0]
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
