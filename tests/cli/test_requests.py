"""A run as files of requests: what is missing is written, what came back is taken in and judged."""

from __future__ import annotations

import gzip
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.batch_jobs import Line
from pytest_safescale.calls.store import Store
from pytest_safescale.cli.command import main
from pytest_safescale.errors import SettingsError
from pytest_safescale.models.openai.batch_lines import request_line
from pytest_safescale.runs import request_files
from tests.servers import ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLE = """
samples = 3
limit = 2
conditions = ["closed_book", "agentic_rag"]
store = "batch.sqlite"

[models.m]
provider = "openai"
model = "served"
base_url = "{url}"
price_in = 100
price_out = 1000
"""
RUN = ("--model=m",)
LIVE = ("--safescale-suite=radsafe200", "--safescale-model=m")


def answer(payload: dict[str, Any]) -> str:
    """Search first, then report; answer every other prompt with a letter."""
    told = json.dumps(payload["messages"])
    if "reference library" not in told:
        return "The answer is B."
    return "Current answer: B\n" + ("REPORT: found" if "Results for" in told else "SEARCH: chest")


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer(answer) as served:
        yield served


@pytest.fixture
def folder(server: ChatServer, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project with a configuration of its own."""
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    Path("safescale.toml").write_text(TABLE.format(url=server.url))
    return pytester.path


def export(name: str, *options: str) -> int:
    return main(["requests", "export", f"--out={name}", *(options or RUN)])


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


def answered(server: ChatServer, name: str) -> list[dict[str, Any]]:
    """Return results as a batch endpoint gives them: each body posted to its path."""
    results = []
    for line in lines(name):
        post = urllib.request.Request(
            server.url.removesuffix("/v1") + line["url"],
            json.dumps(line["body"]).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(post) as response:
            body = json.loads(response.read())
        results.append(
            {"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}}
        )
    return results


def write(name: str, results: list[dict[str, Any]], more: str = "") -> str:
    Path(name).write_text("".join(json.dumps(one) + "\n" for one in results) + more)
    return name


def in_utf_16(text: bytes) -> bytes:
    return text.decode().encode("utf-16")


def take(*names: str, code: int = 0) -> None:
    assert main(["requests", "import", *names]) == code


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def records(report: str) -> list[dict[str, Any]]:
    """Return the cases of a report without what may differ: times, their run and its price."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            away = ("latency_s", "stored_at", "run_id", "seconds", "from_store", "money")
            return {name: plain(one) for name, one in value.items() if name not in away}
        return [plain(one) for one in value] if isinstance(value, list) else value

    found = [
        plain(json.loads(line)) for line in (Path(report) / "cases.jsonl").read_text().splitlines()
    ]
    return sorted(found, key=lambda case: (case["condition"], case["item_id"]))


@pytest.mark.slow
def test_a_run_goes_in_rounds_and_its_replay_is_what_a_live_run_is(
    server: ChatServer,
    folder: Path,
    run_pytest: Callable[..., pytest.RunResult],
    capsys: pytest.CaptureFixture[str],
) -> None:
    rounds = []
    for number in range(1, 9):
        name = f"round-{number}.jsonl"
        assert export(name) == 0
        said = told(capsys)
        if "nothing is missing" in said:
            assert not Path(name).exists()
            break
        rounds.append(said.splitlines())
        # In any order, and with lines that stand twice.
        results = answered(server, name)[::-1]
        take(write("results.jsonl", [*results, results[0]]))
        assert "1 result was there already" in told(capsys)
    # A search, the report, and the question with what was reported.
    assert [said[0].partition(":")[0] for said in rounds] == ["round 1", "round 2", "round 3"]
    assert rounds[0][1] == "at least 1 and at most 7 more rounds follow"
    assert rounds[0][2] == "4 cases: 0 complete, 4 waiting"
    assert rounds[1][2] == "4 cases: 2 complete, 2 waiting"
    assert "no round follows" not in said
    calls = server.calls
    replay = run_pytest(*LIVE, "--safescale-replay", "--safescale-report=replayed")
    assert (replay.ret, server.calls) == (0, calls)
    live = run_pytest(*LIVE, "--safescale-store=live.sqlite", "--safescale-report=live")
    assert live.ret == 0
    assert records("replayed") == records("live")
    with Store(folder / "batch.sqlite") as store, Store(folder / "live.sqlite") as asked:
        paid, full = (
            [spent for _, spent in one.spending.of_all_runs() if spent.calls]
            for one in (store, asked)
        )
        # The table's batch_discount is 0.5 unless it says otherwise.
        assert sum(one.money for one in paid) == pytest.approx(full[0].money / 2)
        assert sum(one.calls for one in paid) == full[0].calls


@pytest.mark.slow
def test_vectors_of_passages_and_of_queries_are_rounds_of_their_own(
    server: ChatServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Path("safescale.toml").read_text()
    Path("safescale.toml").write_text(f'retriever = "openai:e"\nbase_url = "{server.url}"\n{table}')
    options = ("--model=m", "--samples=0", "--conditions=closed_book,top_1")
    told_of = []
    for number in range(1, 4):
        name = f"round-{number}.jsonl"
        assert export(name, *options) == 0
        told_of.append(told(capsys).splitlines()[:2])
        for file in Path().glob(f"round-{number}*.jsonl"):
            take(write("results.jsonl", answered(server, file.name)))
        capsys.readouterr()
    first = ("round-1-1.jsonl", "round-1-2.jsonl")
    kinds = {line["url"]: line["body"] for name in first for line in lines(name)}
    # The question without evidence waits for nothing.
    assert set(kinds) == {"/v1/embeddings", "/v1/chat/completions"}
    assert [said[0].partition(":")[0] for said in told_of] == ["round 1", "round 2", "round 3"]
    assert [said[1] for said in told_of] == [
        "2 more rounds follow",
        "1 more round follows",
        "no round follows",
    ]
    assert [line["body"]["input"] for line in lines("round-2.jsonl")] != []
    assert len(lines("round-2.jsonl")) == len(lines("round-3.jsonl")) == 2
    assert export("more.jsonl", *options) == 0
    assert "nothing is missing" in told(capsys)


def test_whatever_is_no_result_of_the_store_is_told_with_its_line_and_the_rest_is_taken_in(
    server: ChatServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export("all.jsonl")
    good, failing, cut = results = answered(server, "all.jsonl")[:3]
    stranger = {**good, "custom_id": "A" * 43 + "_0"}
    results[1] = {"custom_id": failing["custom_id"], "response": None, "error": {"code": "expired"}}
    told(capsys)
    name = write("results.jsonl", [good, stranger, results[1]], json.dumps(cut)[:50])
    take(name, code=1)
    said = told(capsys)
    assert "1 request answered, 1 reply taken in" in said
    assert "1 line without a result:" in said
    assert "results.jsonl:2: no request" in said
    assert "results.jsonl:3: not answered: the endpoint did not answer in a batch: expired" in said
    assert "results.jsonl:4: it is no JSON, perhaps cut off" in said
    missing = len(lines("all.jsonl")) - 1
    main(["store", "info", "batch.sqlite"])
    assert f"{missing} exported requests wait for safescale requests import" in told(capsys)
    assert f"{missing} exported requests have no reply yet" in said
    export("rest.jsonl")
    assert f"{missing} of them stand in an earlier file too" in told(capsys)
    left = {line["custom_id"] for line in lines("rest.jsonl")}
    assert left == {line["custom_id"] for line in lines("all.jsonl")} - {good["custom_id"]}


@pytest.mark.parametrize(
    ("pack", "what"), [(gzip.compress, "packed by gzip"), (in_utf_16, "in UTF-16")]
)
def test_a_file_that_is_no_text_is_refused_before_anything_is_taken_in(
    server: ChatServer,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    pack: Callable[[bytes], bytes],
    what: str,
) -> None:
    export("all.jsonl", *RUN, "--conditions=closed_book")
    good = write("good.jsonl", answered(server, "all.jsonl"))
    Path("results").write_bytes(pack(Path(good).read_bytes()))
    told(capsys)
    take(good, "results", code=4)
    assert told(capsys) == f"safescale: results is {what}; allowed: lines of JSON in UTF-8\n"
    with Store(Path("batch.sqlite"), read_only=True) as store:
        assert store.size() == 0


def test_a_name_that_another_export_has_taken_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    line = request_line(b"k" * 32, [0], "/chat/completions", {"model": "m"})
    first, second = (request_files.RequestFiles(tmp_path / "r.jsonl") for _ in range(2))
    first.add(line)
    second.add(line)
    assert first.finish() == [tmp_path / "r.jsonl"]
    with pytest.raises(SettingsError, match=r"r\.jsonl is there"):
        second.finish()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [line.text]


def test_what_a_result_teaches_of_an_endpoint_shapes_the_next_requests(
    server: ChatServer, folder: Path
) -> None:
    export("first.jsonl")
    results = answered(server, "first.jsonl")
    several = next(n for n, line in enumerate(lines("first.jsonl")) if line["body"].get("n") == 3)
    body = results[several]["response"]["body"]
    body["choices"] = body["choices"][:1]
    refused = next(n for n, line in enumerate(lines("first.jsonl")) if "tools" in line["body"])
    error = {"message": "unsupported parameter: tools", "param": "tools"}
    results[refused]["response"] = {"status_code": 400, "body": {"error": error}}
    take(write("results.jsonl", [results[several], results[refused]]), code=1)
    export("second.jsonl")
    bodies = [line["body"] for line in lines("second.jsonl")]
    # One sample for each request, and no tools, as a live run would go on.
    assert not any("n" in body or "tools" in body for body in bodies)
    assert sum(body.get("temperature", 0) > 0 for body in bodies) == 2 + 3


def test_requests_are_split_at_the_limits_into_numbered_files_of_one_model(
    server: ChatServer,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_files, "MOST_REQUESTS", 3)
    assert export("r.jsonl", "--model=m", "--model=openai:n", f"--base-url={server.url}") == 0
    # Of either model two single answers, two drawn, and two first turns of the agent.
    names = [f"r-{number}.jsonl" for number in range(1, 5)]
    assert "written to" in (said := told(capsys))
    assert f"{names[0]} to" in said
    assert [len(lines(name)) for name in names] == [3, 3, 3, 3]
    models = [{line["body"]["model"] for line in lines(name)} for name in names]
    assert sorted(map(len, models)) == [1, 1, 1, 1]
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "--out=r.jsonl"), "no model is named"),
        (("export", "--out=no/r.jsonl", "--model=m"), "--out: there is no folder no"),
        (("export", "--out=there.jsonl", "--model=m"), "there.jsonl is there"),
        (("export", "--out=r.jsonl", "--model=m", "--fresh"), "--fresh: each export would"),
        (
            ("export", "--out=r.jsonl", "--model=m", "--conditions=own"),
            "own would come from a conftest",
        ),
        (("import", "gone.jsonl"), "there is no store"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    Path("there.jsonl").write_text("")
    assert main(["requests", *arguments]) == 4
    assert said in told(capsys)
    assert not Path("batch.sqlite").exists()
    assert not Path("r.jsonl").exists()


def test_what_a_batch_under_way_brings_is_not_asked_by_files_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store(folder / "batch.sqlite", run="r") as store:
        store.batches.prepare()
        store.batches.put("job", [Line(b"k", "id", "job")], money=0.0, at=1e9)
    assert export("r.jsonl") == 4
    assert "1 batch of --safescale-batch under way" in told(capsys)
    assert not list(folder.glob("r*"))
    assert main(["store", "merge", "batch.sqlite", "--into", "c.sqlite"]) == 0
    line = "batch.sqlite: 1 batch under way, whose replies a run with --safescale-batch"
    assert line in told(capsys)


def test_results_of_another_run_alone_are_refused(
    server: ChatServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export("r.jsonl")
    result = {"custom_id": "task-7", "response": {"status_code": 200, "body": {}}}
    take(write("results.jsonl", [result]), code=4)
    assert "results.jsonl:1: no request 'task-7' was exported from this store" in told(capsys)


def test_models_that_answer_by_themselves_are_asked_at_once_and_others_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("own.py").write_text("def answer(messages, **_):\n    raise RuntimeError\n")
    models = ("--model=lexical", "--model=python:own:answer", "--conditions=closed_book")
    assert export("r.jsonl", *models) == 0
    said = told(capsys)
    assert "nothing is missing" in said
    assert "python:own:answer: 4 calls are missing, which no file can hold" in said
    with Store(folder / "batch.sqlite") as store:
        assert store.size() == 2 * 4
