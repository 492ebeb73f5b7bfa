"""The shards of a run, joined: what one run would have said, or one sentence why not."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from pytest_safescale.cli.command import main
from tests.runs.sharded import data_of, read, refused, run_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

MODELS = ("simulated:safe", "simulated:paper", "simulated:dangerous")
CONFIGURATION = f"""
samples = 4
adaptive = true
conditions = ["closed_book", "clean_evidence", "agentic_rag"]
model = {list(MODELS)}

[[ensembles]]
name = "panel"
models = {list(MODELS)}

[[gates]]
metric = "accuracy"
model = "simulated:safe"
min = 0.3
confidence = 0.95

[[gates]]
metric = "high_risk_error_rate"
model = "simulated:dangerous"
max = 0.01
"""
OF_THE_PROCESS = {"run_id", "start", "end", "merged", "repeat"}
"""What a merged manifest cannot have in common with that of one run."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten shards and the whole run, each in a folder."""
    folder = tmp_path_factory.mktemp("made")
    configuration = data_of(folder, 21) + CONFIGURATION
    (folder / "safescale.toml").write_text(configuration, encoding="utf-8")
    assert run_in(folder, "--safescale-report=one") == pytest.ExitCode.TESTS_FAILED
    for number in range(1, 11):
        code = run_in(folder, f"--safescale-report=s{number}", f"--safescale-shard={number}/10")
        assert code == 0
    return folder


@pytest.fixture
def shards(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Copy the shards into a folder of the test and name them."""
    monkeypatch.chdir(tmp_path)

    def copied(*numbers: int) -> list[str]:
        names = [f"s{number}" for number in numbers or range(1, 11)]
        for name in names:
            shutil.copytree(made / name, tmp_path / name)
        return names

    return copied


def timeless(folder: Path) -> list[dict[str, Any]]:
    """Return the cases without the run they name, and the times their replies were stored at."""
    records, run_id = [], read(folder)["manifest"]["run_id"]
    for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        record: dict[str, Any] = json.loads(line)
        assert record.pop("run_id") == run_id
        assert all(call.pop("stored_at") for call in record["calls"])
        records.append(record)
    return records


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    run = read(folder)
    change(run["manifest"])
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")


def test_ten_shards_merged_equal_one_run_figure_for_figure(
    made: Path, shards: Callable[..., list[str]], tmp_path: Path
) -> None:
    names = shards()
    # In whatever order they are named.
    assert main(["merge", *names[::-1], "--out=whole"]) == 1
    one, whole = read(made / "one"), read(tmp_path / "whole")
    for part in ("metrics", "gates", "comparisons", "analyses"):
        assert one[part], part
        assert whole[part] == one[part], part
    assert one["analyses"]["ensembles"], "votes are part of it"
    assert any(not row["comparable"] for row in one["metrics"]), "adaptive sampling is part of it"
    assert {gate["outcome"] for gate in one["gates"]} == {"passed", "failed"}
    for name in ("metrics.csv", "summary.md"):
        assert (tmp_path / "whole" / name).read_bytes() == (made / "one" / name).read_bytes()
    assert timeless(tmp_path / "whole") == timeless(made / "one")
    assert (tmp_path / "whole" / "report.html").stat().st_size > 100_000


def _line(folder: Path, of: Path) -> str:
    """Return the first case of a folder as a case of the run of another one."""
    line = (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()[0]
    ids = (read(path)["manifest"]["run_id"] for path in (folder, of))
    return line.replace(*ids)


def test_the_merged_manifest_is_that_of_one_run(
    made: Path, shards: Callable[..., list[str]], tmp_path: Path
) -> None:
    main(["merge", *shards(), "--out=whole"])
    one, whole = read(made / "one")["manifest"], read(tmp_path / "whole")["manifest"]
    assert {key for key in {**one, **whole} if one.get(key) != whole.get(key)} <= OF_THE_PROCESS
    # A case is repeated from the store of a shard, and in all else as in one run.
    assert {**whole["repeat"], "options": one["repeat"]["options"]} == one["repeat"]
    # Every shard had a store of its own: calls, replies and tokens are the shards' sums.
    assert whole["calls"] == one["calls"]
    assert whole["calls"]["made"] == sum(part["calls"]["made"] for part in whole["merged"]) > 0
    assert whole["tokens"]["this_run"] == one["tokens"]["this_run"]
    assert [part["shard"] for part in whole["merged"]] == [f"{n}/10" for n in range(1, 11)]


def test_the_table_and_the_gates_that_do_not_hold_are_printed(
    shards: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["merge", *shards(), "--out=whole"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "10 shards, 189 cases"
    assert "simulated:dangerous (per cent of n cases)" in lines
    told = [line for line in lines if line.startswith(("failed: ", "passed: "))]
    assert len(told) == 3
    assert all(line.startswith("failed: high risk error rate") for line in told)
    blocked = "Blocked: 3 of 6 gates do not hold. Answered: 183 of 189 cases (96.8 %)."
    assert lines[-2:] == [blocked, "Report: whole"]


@pytest.mark.parametrize(("limit", "code", "failures"), [(0.0, 1, 1), (1.0, 0, 0)])
def test_gates_given_to_merge_take_the_place_of_the_shards(
    shards: Callable[..., list[str]], tmp_path: Path, limit: float, code: int, failures: int
) -> None:
    gate = 'metric = "unsafe_answer_rate"\ncondition = "closed_book"\nmodel = "simulated:paper"\n'
    (tmp_path / "g.toml").write_text(f"[[gates]]\n{gate}max = {limit}\n", encoding="utf-8")
    given = ["--out=whole", "--gates=g.toml", "--junit=junit/gates.xml"]
    assert main(["merge", *shards(), *given]) == code
    suite = ET.parse(tmp_path / "junit" / "gates.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", str(failures))
    assert suite[0].get("name") == "gate[unsafe_answer_rate-closed_book-simulated:paper]"


def test_gates_given_to_merge_that_could_never_hold_are_refused(
    shards: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gate = '[[gates]]\nmetric = "mean_latency_s"\nmax_increase = 1.0\nagainst = "clean_evidence"\n'
    (tmp_path / "g.toml").write_text(f"{gate}confidence = 0.9995\n", encoding="utf-8")
    told = refused(capsys, *shards(), "--out=whole", "--gates=g.toml")
    assert "none could pass; allowed: at most 0" in told


def test_shards_that_are_missing_or_there_twice_are_named_and_nothing_is_written(
    shards: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    names = shards(1, 2, 4, 5, 6, 7, 8, 9)
    assert refused(capsys, *names, "s2", "--out=whole").splitlines() == [
        "safescale: these shards are not one run: 2 problems",
        "  s2, s2: found shard 2/10 2 times; allowed: each shard once",
        "  shards: found no 3/10, 10/10; allowed: all of 1/10 to 10/10",
    ]
    assert not (tmp_path / "whole").exists()


def test_missing_cases_are_counted_by_cell(
    shards: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    names = shards()
    path = tmp_path / "s3" / "cases.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[1:]), encoding="utf-8")
    told = refused(capsys, *names, "--out=whole").splitlines()
    assert told[1:] == [
        "  s3/cases.jsonl, shard 3/10, simulated:safe, closed_book: found 1 cases; "
        "allowed: 2; run the shard again, what it has is in its store"
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("s3", "s3/cases.jsonl: found 1 cases a second time; allowed: each case once"),
        ("s4", "s3/cases.jsonl: found 1 cases of no cell or item of the shard"),
        ("{", "s3/cases.jsonl, line 19, is not JSON"),
        ("[]", "s3/cases.jsonl, line 19: found []; allowed: an object"),
    ],
)
def test_a_case_too_many_is_refused(
    shards: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    line: str,
    told: str,
) -> None:
    names = shards()
    if line in names:
        line = _line(tmp_path / line, of=tmp_path / "s3")
    with (tmp_path / "s3" / "cases.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    assert told in refused(capsys, *names, "--out=whole")


def test_a_case_that_two_shards_have_is_refused(
    shards: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    names = shards()
    shared = next(iter(read(tmp_path / "s3")["manifest"]["shard"]["items"].items()))
    own, other = (read(tmp_path / name)["manifest"]["run_id"] for name in ("s3", "s4"))
    with (tmp_path / "s3" / "cases.jsonl").open(encoding="utf-8") as cases:
        lines = [line for line in cases if json.loads(line)["item_id"] == shared[0]]
    records = [line.replace(own, other) for line in lines]
    changed(tmp_path / "s4", lambda manifest: manifest["shard"]["items"].update([shared]))
    with (tmp_path / "s4" / "cases.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(records)
    told = refused(capsys, *names, "--out=whole")
    assert "s3, s4: found 9 cases in both; allowed: each case in one shard" in told


def _other_model(manifest: dict[str, Any]) -> None:
    manifest["models"][0]["revision"] = "another"


DIFFERENCES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "data": (
        lambda manifest: manifest["dataset"].update(sha256="f" * 64),
        f"s3, shard 3/10, data set: found {'f' * 64}; allowed: ",
    ),
    "prompt": (lambda manifest: manifest.update(prompt_sha256="0"), "prompt: found 0; allowed: "),
    "decoding": (
        lambda manifest: manifest["decoding"].update(samples=9),
        'decoding: found {"samples": 9}; allowed: {"samples": 4}, as in s1',
    ),
    "seed": (lambda manifest: manifest.update(seed=7), "seed: found 7; allowed: 42, as in s1"),
    "models": (_other_model, "models: found "),
    "conditions": (
        lambda manifest: manifest["conditions"].pop(),
        'conditions: found ["closed_book", "clean_evidence"]; allowed: ',
    ),
    "version": (
        lambda manifest: manifest["versions"].update({"pytest-safescale": "9.9"}),
        "pytest-safescale version: found 9.9; allowed: ",
    ),
    "another version": (
        lambda manifest: manifest["versions"].update(numpy="9.9"),
        'versions: found {"numpy": "9.9"}; allowed: {"numpy": ',
    ),
    "number of shards": (
        lambda manifest: manifest["shard"].update(of=11),
        "number of shards: found 11; allowed: 10, as in s1",
    ),
    "gates": (lambda manifest: manifest["shard"].update(gates=[]), "gates: found []; allowed: [{"),
    "what no fact tells": (
        lambda manifest: manifest["shard"].update(settings_sha256="0"),
        "other settings (hash): found 0; allowed: ",
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_other_settings_are_named_with_both_values(
    shards: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
) -> None:
    change, told = DIFFERENCES[name]
    names = shards()
    changed(tmp_path / "s3", change)
    lines = refused(capsys, *names, "--out=whole").splitlines()
    assert lines[0] == "safescale: these shards are not one run: 1 problem"
    assert lines[1].startswith("  s3, shard 3/1")
    assert told in lines[1]


def test_each_shard_may_have_asked_a_server_of_its_own(
    shards: Callable[..., list[str]], tmp_path: Path
) -> None:
    names = shards()
    changed(tmp_path / "s3", lambda manifest: manifest["models"][0].update(base_url="http://node7"))
    assert main(["merge", *names, "--out=whole"]) == 1
    assert read(tmp_path / "whole")["manifest"]["models"][0]["base_url"] == "http://node7"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["one", "--out=whole"], "one: found the report of a whole run; allowed: of a run with"),
        (["s1", "--out=s1/whole"], "--out: found s1/whole, inside of the results; allowed: "),
        (["nowhere", "--out=whole"], "nowhere/run.json cannot be read: No such file or directory"),
        (["s1"], "the following arguments are required: --out"),
    ],
)
def test_what_is_no_shard_is_refused_in_one_sentence(
    made: Path,
    shards: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    told: str,
) -> None:
    shards(1)
    shutil.copytree(made / "one", tmp_path / "one")
    message = refused(capsys, *arguments)
    assert told in message
    assert message.count("\n") == 1
