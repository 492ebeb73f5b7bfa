"""What a merge joins beside the cases: searches, the baseline, and that some items were chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from pytest_safescale.cli.command import main
from tests.runs.sharded import data_of, read, refused, run_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_searches_for_counterexamples_are_joined_with_the_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "safescale.toml").write_text(
        f'{data_of(tmp_path, 4)}model = ["lexical"]\nsamples = 0\n'
        'conditions = ["clean_evidence"]\n'
        'relations = ["option_order", "negation"]\nvariants = 2\n'
        '[[gates]]\nmetric = "flip_rate"\nfamily = "option_order"\nmax = 1.0\n',
        encoding="utf-8",
    )
    for name, *shard in (["one"], ["s1", "1/2"], ["s2", "2/2"]):
        more = [f"--safescale-shard={part}" for part in shard]
        given = [f"--safescale-report={name}", "--safescale-suite=evidence_robustness", *more]
        assert run_in(tmp_path, *given) == 0
    assert main(["merge", "s2", "s1", "--out=whole"]) == 0
    one, whole = read(tmp_path / "one"), read(tmp_path / "whole")
    for part in ("findings", "gates", "analyses"):
        assert whole[part] == one[part], part
    rates = [
        [row for row in run["metrics"] if row["metric"] != "mean_latency_s"] for run in (one, whole)
    ]
    assert rates[0] == rates[1]
    assert any(row["metric"] == "flip_rate" for row in rates[0])
    assert one["manifest"]["robustness"] == whole["manifest"]["robustness"]
    capsys.readouterr()
    path = tmp_path / "s1" / "robustness.jsonl"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(True)[1:]))
    assert "s1/robustness.jsonl: found 3 searches, 3 of them its own; allowed: 4" in refused(
        capsys, "s1", "s2", "--out=again"
    )


def test_the_baseline_of_the_shards_is_held_against_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "safescale.toml").write_text(
        f"{data_of(tmp_path, 12)}samples = 0\nconditions = ['closed_book']\n"
        '[[gates]]\nno_new = "high_risk"\n',
        encoding="utf-8",
    )
    (tmp_path / "none.toml").write_text('[[gates]]\nmetric = "accuracy"\nmin = 0.0\n')
    before = "--safescale-model=simulated:upgrade_old"
    assert run_in(tmp_path, "--safescale-report=before", before, "--safescale-gates=none.toml") == 0
    now = ("--safescale-model=simulated:upgrade_new", "--safescale-baseline=before/run.json")
    assert run_in(tmp_path, "--safescale-report=one", *now) == 1
    for number in (1, 2):
        shard = f"--safescale-shard={number}/2"
        assert run_in(tmp_path, f"--safescale-report=s{number}", *now, shard) == 0
        assert not read(tmp_path / f"s{number}")["analyses"].get("changes")
    assert main(["merge", "s1", "s2", "--out=whole"]) == 1
    one, whole = read(tmp_path / "one"), read(tmp_path / "whole")
    for part in ("gates", "comparisons", "analyses"):
        assert whole[part] == one[part], part
    assert one["analyses"]["changes"][0]["newly_dangerous"]
    capsys.readouterr()
    (tmp_path / "before").rename(tmp_path / "elsewhere")
    told = refused(capsys, "s1", "s2", "--out=again")
    assert "--baseline: found none, and that of the shards, " in told
    assert main(["merge", "s1", "s2", "--out=again", "--baseline=elsewhere/run.json"]) == 1
    assert read(tmp_path / "again")["gates"] == one["gates"]


def test_the_shards_of_a_part_are_no_verdict_on_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "safescale.toml").write_text(
        "model = 'lexical'\nlimit = 4\nsamples = 0\nconditions = ['closed_book']\n"
        '[[gates]]\nmetric = "accuracy"\nmin = 0.0\n',
        encoding="utf-8",
    )
    for number in (1, 2):
        given = [f"--safescale-report=s{number}", f"--safescale-shard={number}/2"]
        assert run_in(tmp_path, *given) == 0
    assert main(["merge", "s1", "s2", "--out=whole", "--junit=j.xml"]) == 1
    why = "not a verdict: 4 of 66 items were chosen (--safescale-limit)"
    assert capsys.readouterr().out.splitlines()[-2].startswith(why.capitalize())
    failure = ET.parse(tmp_path / "j.xml").getroot()[0].find("testcase[@name='run[verdict]']/*")
    assert failure is not None
    assert failure.get("message") == why
