"""The shards of a locked run: each held against the lock, and joined with the gates it fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.cli.command import main
from tests.runs.sharded import data_of, read, refused, run_in

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CONFIGURATION = """
samples = 0
model = "lexical"
conditions = ["closed_book"]

[[gates]]
metric = "high_risk_error_rate"
max = 0.9
confidence = 0.6
sequential = "anytime"
"""


def test_the_whole_is_under_the_lock_of_its_shards_and_takes_no_other_gates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    configuration = data_of(tmp_path, 6) + CONFIGURATION
    (tmp_path / "safescale.toml").write_text(configuration, encoding="utf-8")
    assert main(["lock"]) == 0
    for number in (1, 2):
        given = (f"--safescale-shard={number}/2", "--safescale-lock=safescale.lock.json")
        assert run_in(tmp_path, f"--safescale-report=s{number}", *given) == 0
    capsys.readouterr()
    assert "--gates: found default, and the shards' gates are fixed by their lock" in refused(
        capsys, "s1", "s2", "--out=whole", "--gates=default"
    )
    assert main(["merge", "s1", "s2", "--out=whole"]) == 0
    whole = read(tmp_path / "whole")
    assert (
        whole["manifest"]["lock"]["sha256"] == read(tmp_path / "s1")["manifest"]["lock"]["sha256"]
    )
    # The order of the list is put together from the shards.
    assert "items in the order of the list; shown after" in whole["gates"][0]["sentence"]
    assert run_in(tmp_path, "--safescale-report=s2", "--safescale-shard=2/2") == 0
    capsys.readouterr()
    assert "s2, shard 2/2, lock: found null; allowed: " in refused(
        capsys, "s1", "s2", "--out=whole"
    )
