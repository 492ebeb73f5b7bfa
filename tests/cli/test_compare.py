"""Two runs that exist, compared: the same as a run is told of its baseline."""

from __future__ import annotations

import json
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = ("--safescale-suite=radsafe200", "--safescale-samples=0", "--safescale-limit=30")
CONDITIONS = "--safescale-conditions=closed_book,clean_evidence"


@pytest.fixture
def made(run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> Path:
    """Make an old and a new run, the new one with the old one as its baseline."""
    for name, more in (("old", ()), ("new", ("--safescale-baseline=old/run.json",))):
        model = f"--safescale-model=simulated:upgrade_{name}"
        result = run_pytest(*RUN, CONDITIONS, model, f"--safescale-report={name}", *more)
        assert result.ret == 0
    return pytester.path


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / "run.json").read_text(encoding="utf-8"))
    return content


def of_condition(out: str, condition: str) -> list[str]:
    """Return the rows below a condition's name."""
    lines = out.splitlines()
    start = lines.index(condition) + 1
    return list(takewhile(lambda line: line.startswith(" "), lines[start:]))


def test_compare_tells_from_two_files_what_the_run_told(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "old/run.json", "new/run.json", "--out=c.md"]) == 0
    out = capsys.readouterr().out
    run = read(made / "new")
    assert out.startswith("A: old/run.json: simulated:upgrade_old; sample, 30 items; ended")
    rows = [row for row in run["comparisons"] if row["kind"] == "baseline"]
    assert len(rows) == 12
    for row in rows:
        interval = f"{100 * row['ci_low']:+.1f} to {100 * row['ci_high']:+.1f}"
        (line,) = [
            line
            for line in of_condition(out, row["condition"])
            if line.startswith("  " + row["metric"].removesuffix("_rate").replace("_", " "))
        ]
        assert f"{100 * row['delta']:+.1f}" in line
        assert interval in line
    told = " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    for cell in run["analyses"]["changes"]:
        for key in ("newly_dangerous", "newly_safe", "changed_answer"):
            for case in cell[key]:
                assert f"{case['item_id']} ({case['before'] or case['state_before']} to" in told
    assert any(cell["newly_dangerous"] for cell in run["analyses"]["changes"])
    text = Path("c.md").read_text(encoding="utf-8")
    assert text.startswith("## Run B against run A\n")
    assert out.splitlines()[-1] in text


def test_a_model_of_the_same_name_that_answers_as_another_is_told(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, served in (("old", "m-2026-01"), ("new", "m-2026-05")):
        path = made / folder / "run.json"
        run = read(made / folder)
        run["manifest"]["models"][0].update(
            name="m", served=[{"model": served, "fingerprint": "fp_1"}]
        )
        path.write_text(json.dumps(run), encoding="utf-8")
        cases = path.with_name("cases.jsonl")
        records = [json.loads(line) for line in cases.read_text(encoding="utf-8").splitlines()]
        cases.write_text("".join(json.dumps(r | {"model": "m"}) + "\n" for r in records))
    assert main(["compare", "old", "new"]) == 0
    assert (
        "! m answered as m-2026-05 (fp_1), in the baseline as m-2026-01 (fp_1): "
        "what is served was changed"
    ) in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["old", "nothing"],
            "safescale compare: nothing cannot be read: No such file or directory",
        ),
        (["old"], "the following arguments are required: B"),
        (["old", "other"], "safescale compare: old has 30 items, 1 of them with an id of this run"),
        (["old", "new", "--out=no/c.md"], "--out: no/c.md cannot be written: No such file"),
    ],
)
def test_what_cannot_be_compared_ends_with_exit_code_4_and_one_sentence(
    made: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    (made / "other").mkdir()
    (made / "other" / "run.json").write_bytes((made / "new" / "run.json").read_bytes())
    record = json.loads((made / "new" / "cases.jsonl").read_text().splitlines()[0])
    record["item_sha256"] = "another"
    (made / "other" / "cases.jsonl").write_text(json.dumps(record) + "\n")
    assert main(["compare", *arguments]) == 4
    message = capsys.readouterr().err
    assert told in message
    assert message.count("\n") == 1
