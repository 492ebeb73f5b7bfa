"""A run read back: typed tables that tell whose each row is, by pandas, polars or neither."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale import LoadedRun, UsageError, load_run
from tests.report.folders import make_folder
from tests.report.made_records import Shape

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("figures", "cases", "gates", "comparisons")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LoadedRun:
    return load_run(make_folder(tmp_path_factory.mktemp("run"), Shape(items=3)))


def content(run: LoadedRun) -> Any:
    return json.loads((run.folder / "run.json").read_text("utf-8"))


@pytest.mark.parametrize(("table", "key"), [("figures", "metrics"), ("gates", "gates"),
                                            ("comparisons", "comparisons")])  # fmt: skip
def test_rows_are_those_of_the_file_and_tell_whose_they_are(
    run: LoadedRun, table: str, key: str
) -> None:
    rows = getattr(run, table)("rows")
    stated = content(run)[key]
    assert len(rows) == len(stated) > 0
    for row, own in zip(rows, stated, strict=True):
        assert {name: row[name] for name in own if own[name] is not None} == {
            name: value for name, value in own.items() if value is not None
        }
        assert (row["run_id"], row["dataset"]) == ("run-7", "sample")
        assert row["nature"] == "simulated"


def test_a_figure_tells_family_and_profile_of_models_means_and_ensembles(run: LoadedRun) -> None:
    told = {row["model"]: (row["model_family"], row["profile"]) for row in run.figures("rows")}
    assert told == {
        "small": ("oak", "plain"),
        "large": ("elm", "plain"),
        "huge": ("oak", "plain"),
        "*": ("", "plain"),
        "ensemble:three": ("", "plain"),
    }


def test_cases_are_flat(run: LoadedRun) -> None:
    rows = run.cases("rows")
    records = [json.loads(line) for line in (run.folder / "cases.jsonl").read_bytes().splitlines()]
    assert len(rows) == len(records) == 3 * 6 * 3
    for row, record in zip(rows, records, strict=True):
        single, samples = record["greedy"], record["samples"]
        assert row["letter"] == (single and single["letter"])
        assert row["correct"] == (single and single["letter"] == record["truth"])
        assert row["sample_letters"] == (samples["letters"] if samples else [])
        assert row["options"] == record["options"]
        assert row["money"] == sum(call["money"] for call in record.get("calls", ()))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_frames_hold_what_the_rows_hold(run: LoadedRun, table: str, frame: Any) -> None:
    pytest.importorskip(frame)
    rows, found = getattr(run, table)("rows"), getattr(run, table)(frame)
    assert list(found.columns) == list(rows[0])
    for name in rows[0]:
        for cell, row in zip(found[name].to_list(), rows, strict=True):
            assert as_in_rows(cell, row[name]) == row[name], name


def as_in_rows(cell: Any, told: Any) -> Any:
    """Return a frame's cell as rows have it: ``None`` where it is missing, and data as data."""
    if str(cell) in {"<NA>", "nan"} and told is None:
        return None
    return json.loads(cell) if isinstance(cell, str) and isinstance(told, dict | list) else cell


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_columns_are_typed_also_where_nothing_is_known(run: LoadedRun, frame: Any) -> None:
    pytest.importorskip(frame)
    types = {name: str(kind) for name, kind in zip(
        run.figures(frame).columns, run.figures(frame).dtypes, strict=True
    )}  # fmt: skip
    number, whole, text = (
        ("float64", "Int64", "string")
        if frame == "pandas"
        else ("Float64", "Int64", "String")
    )  # fmt: skip
    assert (types["value"], types["clusters"], types["ci_reason"]) == (number, whole, text)


def test_half_a_surrogate_pair_of_a_reply_does_not_break_a_frame(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    shape = Shape(items=1, models=("m",), conditions=("closed_book",), extras=False, errors=False)
    folder = make_folder(tmp_path, shape)
    (record,) = [json.loads(line) for line in (folder / "cases.jsonl").read_bytes().splitlines()]
    record["greedy"]["text"] = "A \ud83d"
    (folder / "cases.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    assert load_run(folder).cases("polars")["reply"].to_list() == ["A ?"]


def test_the_first_library_at_hand_is_taken_and_rows_without(
    run: LoadedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"pandas", "polars"}
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "pytest_safescale.results.frames.find_spec",
        lambda name: find("json") if name in there else None,
    )
    frames = "pytest_safescale.results.frames"
    monkeypatch.setattr(f"{frames}._pandas", lambda *_: "pandas")
    monkeypatch.setattr(f"{frames}._polars", lambda *_: "polars")
    assert run.gates() == "pandas"
    there.remove("pandas")
    assert run.gates() == "polars"
    with pytest.raises(UsageError, match="frame: found 'pandas', which is not installed; allowed"):
        run.gates("pandas")
    there.clear()
    assert run.gates() == run.gates("rows")


def test_what_cannot_be_read_is_told_in_one_sentence(run: LoadedRun, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere cannot be read: No such file or directory$"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"frame: found 'arrow'; allowed: pandas, polars, rows"):
        run.figures("arrow")  # type: ignore[call-overload]
    assert load_run(run.folder / "run.json").folder == run.folder
    make_folder(tmp_path, Shape(items=1))
    cases = tmp_path / "cases.jsonl"
    cases.write_text(cases.read_text("utf-8") + "{\n", "utf-8")
    broken = load_run(tmp_path)  # the cases are not read yet
    assert len(broken.figures("rows")) > 0
    with pytest.raises(UsageError, match=r"cases\.jsonl, line 19, is not JSON"):
        broken.cases("rows")
    cases.unlink()
    with pytest.raises(UsageError, match=r"cases\.jsonl cannot be read: No such file"):
        broken.cases("rows")


def test_a_run_is_found_again_from_another_folder(
    run: LoadedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.folder)
    here = load_run(".")
    monkeypatch.chdir(tmp_path)
    assert here.cases("rows") == run.cases("rows")
