"""The ledger: whole lines, whoever else writes, and what cannot be read is told and counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import SettingsError
from pytest_safescale.results.ledger import FINISHED, LedgerLine, packed_line, read_ledger
from pytest_safescale.runs.ledger import OPTION, begin_attempt

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.results.ledger import Ledger


def begun(run_id: str, lock: str = "one", items: str = "same") -> LedgerLine:
    return {
        "event": "begun",
        "run_id": run_id,
        "time": "2026-01-01T00:00:00+00:00",
        "lock": lock,
        "items_sha256": items,
        "models": {"m": "f"},
        "cases": 4,
    }


def test_attempts_that_begin_at_once_are_each_counted_after_those_before(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "ledger.jsonl"

    def begin(number: int) -> int:
        return begin_attempt(path, begun(f"run {number}")).attempts("one")

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(begin, range(12)))
    assert sorted(seen) == list(range(12))
    assert len(path.read_bytes().splitlines()) == 12


def test_earlier_attempts_are_told_with_what_came_of_them(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for line in (begun("a"), begun("b"), begun("c", lock="two"), begun("d", "two", "others")):
        begin_attempt(path, line)
    gates = [{"gate": f"g{n}", "outcome": "passed" if n else "failed"} for n in range(3)]
    finished = {**begun("a"), "event": FINISHED, "asked": 3, "gates": gates, "verdict": "Blocked."}
    with path.open("ab") as file:
        file.write(packed_line(finished))  # type: ignore[arg-type]
    mine = begun("e")
    told = begin_attempt(path, mine).part_of_manifest(mine)
    assert told["attempt"] == 3
    assert [(row["run_id"], row["asked"], row["outcomes"]) for row in told["earlier"]] == [
        ("a", 3, {"failed": 1, "passed": 2}),
        ("b", None, None),
    ]
    assert told["beside"] == 1
    assert told["unreadable"] == []


def test_a_torn_line_is_told_by_file_and_line_and_harms_no_other(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    begin_attempt(path, begun("a"))
    with path.open("ab") as file:
        file.write(packed_line(begun("torn"))[:40])
    begin_attempt(path, begun("b"))
    found = read_ledger(path, option=OPTION)
    assert [line["run_id"] for line in found.lines] == ["a", "b"]
    assert found.unreadable == [f"{path}, line 2, is not JSON"]
    assert found.attempts("one") == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{}", "event: found nothing; allowed: a text"),
        (packed_line({**begun("a"), "event": "broken"}), "event: found 'broken'; allowed: begun"),
    ],
)
def test_a_line_that_is_no_attempt_is_told(line: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"\n" + line)
    (unreadable,) = read_ledger(path, option=OPTION).unreadable
    assert f"{path}, line 2, {told}" in unreadable


def test_an_attempt_that_must_not_be_leaves_no_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"

    def refuse(_: Ledger) -> None:
        raise SettingsError("no more")

    with pytest.raises(SettingsError, match="no more"):
        begin_attempt(path, begun("a"), check=refuse)
    assert not path.exists()


def test_a_ledger_that_cannot_be_written_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").mkdir()
    with pytest.raises(Exception, match=r"--safescale-ledger: .*ledger.jsonl cannot be"):
        begin_attempt(tmp_path / "ledger.jsonl", begun("a"))
