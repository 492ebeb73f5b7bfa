"""A layer of the user's own, and tables of layers that are refused before any call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.guarded_runs import GUARDED

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

OWN = """
from pytest_safescale import LayerAction, LayerDecision

class Shy:
    stage = "output"
    def __init__(self, letters):
        self.letters = letters
    def decide(self, seen, desk):
        assert not hasattr(seen, "answer") and not hasattr(seen, "labels")
        action = LayerAction.ABSTAIN if seen.letter in self.letters else LayerAction.PASS
        return LayerDecision(action=action, says="shy", score=0.5)
"""
SHY = """
[models.guarded]
provider = "layered"
base = "python:app:answer"
layers = ["shy"]
[models.guarded.shy]
layer = "mine:Shy"
letters = ["B"]
"""


def test_a_layer_of_the_users_own_is_one_more(
    ask_guarded: Run, layered_cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    result = ask_guarded("--safescale-samples=0", toml=SHY, mine=OWN)
    assert result.ret == 0
    told = {item: record["layers"]["by"] for (_, item), record in layered_cases().items()}
    assert told == {"i0": "shy", "i1": None, "i2": "shy", "i3": "shy", "i4": None, "i5": None}
    assert layered_cases()["guarded", "i0"]["layers"]["steps"][0]["score"] == 0.5


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('base = "candidate"', 'base = "guarded"', "which is a model with layers itself"),
        ('base = "candidate"', 'base = "nobody"', "models.guarded.base: found 'nobody'"),
        ('model = "python:app:check"', 'model = "nobody"', "models.guarded.evidence_check.model"),
        ("capacity = 0.5", "capacity = 2", "models.guarded.hand_over.capacity"),
        ('then = "hand_over"', 'then = "panic"', "models.guarded.triage.then: found 'panic'"),
        ('["triage",', '["tirage",', "layer 'tirage' is unknown"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(
    ask_guarded: Run, calls_told: Callable[[], str], old: str, new: str, told: str
) -> None:
    result = ask_guarded("--safescale-samples=0", toml=GUARDED.replace(old, new))
    assert (result.ret, calls_told()) == (4, "")
    (line,) = [line for line in result.stderr.lines if told in line]
    assert line.startswith("ERROR: safescale: ")


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ("mine:Nobody", "has no attribute 'Nobody'"),
        ("nowhere:Shy", "No module named 'nowhere'"),
        ("mine", 'allowed: "module:Class"'),
    ],
)
def test_a_layer_of_ones_own_that_is_none_is_refused(
    ask_guarded: Run, layer: str, told: str
) -> None:
    result = ask_guarded("--safescale-samples=0", toml=SHY.replace("mine:Shy", layer), mine=OWN)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: safescale: models.guarded.shy*{told}*"])


def test_a_model_with_layers_reads_no_replies(ask_guarded: Run) -> None:
    result = ask_guarded("--safescale-samples=0", "--safescale-reader=guarded")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--safescale-reader: found 'guarded', which is a model with*"])


def test_a_stage_that_there_is_not_is_refused_with_those_there_are(ask_guarded: Run) -> None:
    result = ask_guarded(toml=SHY, mine=OWN.replace('"output"', '"later"'))
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["*models.guarded.shy: stage: found 'later'; allowed: input, answer, output, hand_over"]
    )
