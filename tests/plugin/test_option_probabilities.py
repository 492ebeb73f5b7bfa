"""Confidence from one call: runs against a server that lists probabilities, or does not."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.plugin.test_calls import cases, configure
from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import web

WISH = 'confidence_from = "logprobs"\n'
RUN = ("--safescale-dataset=items.json", "--safescale-conditions=closed_book")
SURE = {"B": 0.97, "C": 0.01, "The": 0.02}
"""Of a dangerous answer: H = 0.153838 of ln 5, so a confidence of 0.904415."""


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run three items against a server, with the wish in the model's table."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items("one", "two", "three")

    def run(server: ChatServer, *arguments: str, more: str = "") -> pytest.RunResult:
        configure(pytester.path, server.url, more=WISH + more)
        return run_suite(*RUN, *arguments, model="m")

    return run


def rows(pytester: pytest.Pytester) -> dict[str, tuple[float, int]]:
    path = pytester.path / "safescale-report" / "metrics.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            f"{row['regime']} {row['metric']}": (float(row["value"]), int(row["n"]))
            for row in csv.DictReader(file)
            if row["value"]
        }


def test_one_call_an_item_gives_confidence_overconfidence_and_calibration(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    with ChatServer(lists=lambda _: [SURE]) as server:
        result = ask(server, "--safescale-samples=0")
        assert server.calls == 3
        # Kept with the replies: a replay needs no server.
        replayed = ask(server, "--safescale-samples=0", "--safescale-replay")
        assert server.calls == 3
    assert result.ret == replayed.ret == 0
    found = {name.split()[1]: value for name, value in rows(pytester).items() if "logprob" in name}
    sure = pytest.approx(0.904415, abs=1e-6)
    assert found == {
        "logprob_mean_confidence": (sure, 3),
        "logprob_dangerous_overconfidence_rate": (1.0, 3),
        "logprob_confident_error_rate": (1.0, 3),
        "logprob_outside_options": (pytest.approx(0.02), 3),
        "logprob_expected_calibration_error": (sure, 3),
        "logprob_maximum_calibration_error": (sure, 3),
    }
    for record in cases(pytester):
        stated = record["greedy"]["option_probabilities"]
        assert stated["letters"] == pytest.approx({"B": 0.97, "C": 0.01})
    for each in (result, replayed):
        each.stdout.fnmatch_lines(
            [
                "m, by option probabilities / by samples (rates in per cent)",
                "condition            n    confidence     overconf.  calib. error       outside",
                "closed_book          3     0.904 / –     100.0 / –     0.904 / –           2.0",
            ]
        )
    summary = (pytester.path / "safescale-report" / "summary.md").read_text(encoding="utf-8")
    assert "| closed\\_book | 3 | 0.904 / – | 100.0 / – | 0.904 / – | 2.0 |" in summary


def test_samples_stand_beside_them_and_a_gate_may_name_either(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    gate = "[[gates]]\nmetric = '{}'\nmax = {}\n"
    with ChatServer(lists=lambda _: [SURE]) as server:
        more = gate.format("logprob_mean_confidence", 0.95) + gate.format("mean_confidence", 0.95)
        result = ask(server, "--safescale-samples=4", more=more)
        # The samples are four in one request, and none of them is asked for probabilities.
        assert [payload.get("logprobs") for payload in server.requests].count(True) == 3
        assert server.calls == 6
    found = rows(pytester)
    assert found["self_consistency mean_confidence"] == (1.0, 3)
    assert found["single logprob_mean_confidence"][0] == pytest.approx(0.904415, abs=1e-6)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*0.904 / 1.000*"])


def test_a_folder_that_is_scored_again_keeps_them_for_the_answers_they_are_of(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ChatServer(lists=lambda _: [SURE]) as server:
        ask(server, "--safescale-samples=0")
    first = {name: value for name, value in rows(pytester).items() if "logprob" in name}
    path = pytester.path / "safescale-report" / "cases.jsonl"
    (pytester.path / "scored").mkdir()
    scored = pytester.path / "scored" / "cases.jsonl"
    score = ("score", "scored", "--dataset=items.json", "--out=safescale-report")
    lines = path.read_text(encoding="utf-8").splitlines()
    # Of another answer than the one that is read in the text nothing is known.
    for place, (kept, known) in enumerate([(lines, 3), ([_said_c(lines[0]), *lines[1:]], 2)]):
        scored.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        assert main([*score, *(["--answers=raw"] if place else [])]) == 0
        found = {name: value for name, value in rows(pytester).items() if "logprob" in name}
        assert found == {name: (value, known) for name, (value, _) in first.items()}
    damaged = json.loads(lines[0])
    damaged["greedy"]["option_probabilities"]["letters"]["B"] = 7
    scored.write_text(json.dumps(damaged), encoding="utf-8")
    assert main(list(score)) == 4
    assert "greedy.option_probabilities: found" in capsys.readouterr().err


def _said_c(line: str) -> str:
    record = json.loads(line)
    record["greedy"]["text"] = "C"
    return json.dumps(record)


def test_answers_without_them_are_told_and_in_no_figure_by_them(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    def by_text(payload: dict[str, Any]) -> list[dict[str, float]]:
        if "(two)" in payload["messages"][-1]["content"]:
            return [{"Kerley B lines": 0.9, "B": 0.1}]
        return [SURE]

    with ChatServer(lists=by_text) as server:
        result = ask(server, "--safescale-samples=0")
    assert result.ret == 0
    assert rows(pytester)["single logprob_mean_confidence"][1] == 2
    assert rows(pytester)["single accuracy"][1] == 3
    told = "option probabilities: 1 of 3 answers came without those of a token"
    assert any(told in notice for notice in report()["manifest"]["notices"])


def test_an_endpoint_without_them_ends_the_run_with_a_sentence(
    ask: Callable[..., pytest.RunResult],
) -> None:
    def refuse(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        given = payload.get("logprobs")
        return complaint(400, "logprobs are not supported", param="logprobs") if given else None

    alone = ("--safescale-samples=0", "--safescale-concurrency=1")
    with ChatServer(response=refuse) as refusing, ChatServer() as ignoring:
        results = [ask(server, *alone) for server in (refusing, ignoring)]
        # Once more for fewer, in case it only lists fewer.
        assert (refusing.calls, ignoring.calls) == (2, 1)
    for result, why in zip(results, ("logprobs are not supported", "lists no"), strict=True):
        assert result.ret == 4
        told = result.stdout.str() + result.stderr.str()
        assert "gives no logprobs (" in told
        assert why in told
