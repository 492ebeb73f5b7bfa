"""The scores on which a threshold can be found: option probabilities, and a layer's own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from pytest_safescale.analysis.answer_scores import OF_LAYER, RISKS, SCORES
from pytest_safescale.analysis.certificates import ALL, ANSWERED
from pytest_safescale.cli import certify
from pytest_safescale.cli.command import main
from tests.cli.certifiable_runs import RISK, content, write_run

pytestmark = pytest.mark.usefixtures("in_a_folder")


def with_probabilities(name: str, *cases: tuple[int, float | None]) -> None:
    """Write a run whose single answers have the probability for A, so many cases of each."""
    chances = [chance for count, chance in cases for _ in range(count)]
    write_run(name, ["AAAAA"] * len(chances))
    path = Path(name, "cases.jsonl")
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for record, chance in zip(records, chances, strict=True):
        stated = None if chance is None else {"letters": {"A": chance, "B": 0.02}}
        record["greedy"]["option_probabilities"] = stated
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")


def test_answers_without_a_usable_probability_are_taken_at_their_worst() -> None:
    with_probabilities("run", (100, 0.9))
    assert main(["certify", *RISK, "--score", "logprob", "run"]) == 0
    for name, chance in (("unknown", None), ("negative", -3.0), ("large", 4.0)):
        with_probabilities(name, (50, chance), (50, 0.9))
        out = ["--out", f"{name}.json"]
        assert main(["certify", *RISK, "--score", "logprob", name, *out]) == 1
        (cell,) = content(f"{name}.json")["certificates"]
        missing = cell["calibration_missing"] + cell["without"]["missing"]
        assert missing == 50


def with_layer(name: str, *cases: tuple[int, str | None, float | None]) -> None:
    """Write a run with so many cases of a single answer and of the score of a layer ``mine``."""
    kinds = [(letter, score) for count, letter, score in cases for _ in range(count)]
    write_run(name, ["AAAAA"] * len(kinds))
    path = Path(name, "cases.jsonl")
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    effort = {"replies": 1, "tokens": 1, "money": 0.0, "seconds": None}
    for record, (letter, score) in zip(records, kinds, strict=True):
        state = "abstained" if letter is None else "answered"
        record["greedy"] |= {"letter": letter, "state": state}
        step = {
            "layer": "mine",
            "stage": "output",
            "action": "pass",
            "letter": letter,
            "says": "",
            "stopped": False,
            "effort": effort,
        }
        record["layers"] = {
            "base": "b",
            "outcome": "answered" if letter else "handed_over",
            "by": None if letter else "mine",
            "capacity": 1.0,
            "order": 0,
            "bare": {"letter": "A", "state": "answered", "effort": effort},
            "effort": effort,
            "steps": [step if score is None else {**step, "score": score}],
        }
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")


def test_a_threshold_is_found_on_the_own_score_of_a_layer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On the answers that the layers let through; what they withhold answers at no threshold."""
    with_layer("run", (150, "A", 0.9), (50, "B", 0.3), (40, None, 0.95))
    assert main(["certify", *RISK, "--score", "layer:mine", "run"]) == 0
    (cell,) = content()["certificates"]
    assert cell["threshold"] == 0.9
    assert cell["shown"]["dangerous"] == 0
    assert cell["without"]["answered"] < cell["without"]["items"]
    told = " ".join(capsys.readouterr().out.split())
    assert "Score: layer:mine, how sure the layer mine is of the answer." in told
    # An answer of which it says nothing may be as sure as can be.
    with_layer("silent", (100, "A", 0.9), (100, "B", None))
    assert main(["certify", *RISK, "--score", "layer:mine", "silent", "--out", "s.json"]) == 1
    with_layer("loud", (100, "A", 3.5))
    assert main(["certify", *RISK, "--score", "layer:mine", "loud", "--out", "l.json"]) == 4
    assert "layer:mine is 3.5 of a case, and no number from 0 to 1" in capsys.readouterr().err


@pytest.mark.parametrize("chance", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(capsys: pytest.CaptureFixture[str], chance: float) -> None:
    with_probabilities("run", (5, 0.9), (5, chance))
    assert main(["certify", *RISK, "--score", "logprob", "run"]) == 4
    told = capsys.readouterr().err
    assert "cases.jsonl, line 6, is not JSON: found " in told
    assert told.count("\n") == 1


def test_every_score_and_what_danger_is_over_can_be_chosen_and_is_documented() -> None:
    parser = argparse.ArgumentParser()
    certify.add_options(parser)
    page = (Path(__file__).parents[2] / "docs" / "remedies.md").read_text(encoding="utf-8")
    choices = {action.dest: action.choices for action in parser._actions}
    assert tuple(choices["over"] or ()) == (ANSWERED, ALL)
    for name in (
        *SCORES,
        OF_LAYER,
        *RISKS,
        *(f"--{dest}" for dest in choices if dest not in ("help", "runs")),
    ):
        assert f"`{name}" in page, name
