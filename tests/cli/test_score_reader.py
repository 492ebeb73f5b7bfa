"""``safescale score --answers raw`` with a second reader of what the rules leave unreadable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.dataset.writing import json_array, merged
from tests.published.result_files import block, item, line, write
from tests.servers import ChatServer, complaint

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    Printed = pytest.CaptureFixture[str]

PROSE = "The second of these is what I see on the film."
REPLIES = ("The answer is A.", PROSE, "It is dull.")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to stand in, with a data set of three items and their results."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAFESCALE_API_KEY", "key-of-the-second-reader")
    (tmp_path / "items.json").write_bytes(json_array([merged(item(name)) for name in "123"]))
    rows = [
        line(number, {"zero_shot": block(None, [None] * 2, raw_output=reply)})
        for number, reply in enumerate(REPLIES, 1)
    ]
    for row in rows:
        row["conditions"]["zero_shot"]["stochastic"]["raw_outputs"] = [PROSE, "The answer is A."]
    write(tmp_path / "results", m=rows)
    return tmp_path


def judge(payload: dict[str, Any]) -> str:
    reply = payload["messages"][-1]["content"].split("<reply>\n")[1].split("\n</reply>")[0]
    return {PROSE: "B", "The answer is A.": "A"}.get(reply, "UNCLEAR")


def configure(folder: Path, server: ChatServer) -> None:
    (folder / "safescale.toml").write_text(
        f'[models.judge]\nprovider = "openai"\nmodel = "judge"\nbase_url = "{server.url}"\n'
        "price_in = 1000000\n",
        "utf-8",
    )


def score(*more: str) -> int:
    return main(["score", "results", "--dataset=items.json", "--out=report", *more])


def run_file(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "report" / "run.json").read_text("utf-8"))
    return content


def cases(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "report" / "cases.jsonl").read_text("utf-8")
    return [json.loads(one) for one in text.splitlines()]


def test_what_the_rules_cannot_read_is_read_by_the_model_and_told(
    capsys: Printed, folder: Path
) -> None:
    with ChatServer(judge) as server:
        configure(folder, server)
        assert score("--answers=raw", "--safescale-reader=judge") == 0
        calls = server.calls
        printed = capsys.readouterr().out
        # The store holds every reading.
        assert score("--answers=raw", "--reader=judge") == 0
        assert server.calls == calls
    single = [(case["greedy"]["letter"], case["greedy"]["form"]) for case in cases(folder)]
    assert single == [("A", "declared"), ("B", "read_by_model"), (None, "no_letter")]
    assert [case["samples"]["letters"] for case in cases(folder)] == [["B", "A"]] * 3
    reader = run_file(folder)["manifest"]["second_reader"]
    # Each text to an item is read once: three times the samples' prose, and the dull film.
    assert reader["unreadable"] == {"asked": 4, "letter": 3, "unclear": 1}
    assert (reader["agreement"]["n"], reader["agreement"]["alike"]) == (4, 4)
    assert "judge read 4 replies that the rules could not: 3 as an answer, 1 not either." in printed
    assert "judge reads a seeded sample of readable replies as the rules do: 4 of 4" in printed
    assert "judge read 4 replies" in (folder / "report" / "summary.md").read_text("utf-8")


def test_the_calls_of_a_scoring_are_counted_and_priced(folder: Path) -> None:
    with ChatServer(judge) as server:
        configure(folder, server)
        assert score("--answers=raw", "--reader=judge") == 0
        manifest = run_file(folder)["manifest"]
        assert manifest["calls"]["made"] == server.calls
        # The server states 10 prompt tokens a call, at a price of 1 each.
        assert manifest["cost"]["this_run"] == 10 * server.calls
        assert not any("Question" in json.dumps(one["messages"]) for one in server.requests)


def test_readings_of_an_earlier_scoring_are_counted_as_from_the_store(folder: Path) -> None:
    with ChatServer(judge) as server:
        configure(folder, server)
        assert score("--answers=raw", "--reader=judge") == 0
        first = run_file(folder)["manifest"]["calls"]
        # One more text is asked about; the others are in the store.
        path = folder / "results" / "m" / "risk_radiorag_checked.jsonl"
        path.write_text(path.read_text("utf-8").replace("It is dull.", "It is duller."), "utf-8")
        assert score("--answers=raw", "--reader=judge") == 0
        second = run_file(folder)["manifest"]["calls"]
        assert server.calls == 4
    # Of three texts; the items have the same options, so a text is read in one call.
    assert first == {"made": 3, "retries": 0, "replies_made": 3, "replies_from_store": 0}
    assert second == {"made": 1, "retries": 0, "replies_made": 1, "replies_from_store": 2}


def test_a_scoring_asks_again_where_stored_readings_do_not_count(folder: Path) -> None:
    with ChatServer(judge) as server:
        configure(folder, server)
        assert score("--answers=raw", "--reader=judge") == 0
        path = folder / "safescale.toml"
        path.write_text(f"fresh = true\n{path.read_text('utf-8')}", "utf-8")
        assert score("--answers=raw", "--reader=judge") == 0
        assert server.calls == 6
    assert run_file(folder)["manifest"]["calls"]["replies_from_store"] == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--reader=judge",), "found 'judge' and --answers checked; allowed: --answers raw"),
        (("--answers=raw", "--reader=lexical"), "--safescale-reader: found 'lexical', a lexical"),
        (("--answers=raw", "--reader=nobody"), "--safescale-reader: found 'nobody'; allowed: "),
    ],
)
def test_a_reader_that_cannot_be_meant_is_refused(
    capsys: Printed, folder: Path, more: tuple[str, ...], told: str
) -> None:
    with ChatServer(judge) as server:
        configure(folder, server)
        assert score(*more) == 4
        assert server.calls == 0
    assert told in capsys.readouterr().err
    assert not (folder / "report").exists()


def test_a_reader_whose_endpoint_refuses_the_key_ends_the_scoring(
    capsys: Printed, folder: Path
) -> None:
    def refuse(_: web.Request, __: dict[str, Any]) -> web.Response:
        return complaint(401, "no such key")

    with ChatServer(response=refuse) as server:
        configure(folder, server)
        assert score("--answers=raw", "--reader=judge") == 4
    assert "refuses the key" in capsys.readouterr().err
    assert not (folder / "report").exists()


def test_damaged_results_are_refused_before_any_call(capsys: Printed, folder: Path) -> None:
    (folder / "results" / "m" / "risk_radiorag_checked.jsonl").write_text("{\n", "utf-8")
    with ChatServer(judge) as server:
        configure(folder, server)
        assert score("--answers=raw", "--reader=judge") == 4
        assert server.calls == 0
    assert "no case can be scored" in capsys.readouterr().err
