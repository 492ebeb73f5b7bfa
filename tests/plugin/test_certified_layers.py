"""A layer's threshold comes from a certificate, which is refused where it is about another run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

SURE = """
[models.candidate]
provider = "python"
model = "app:answer"
[models.guarded]
provider = "layered"
base = "candidate"
layers = ["conservative"]
[models.guarded.conservative]
threshold = "certified.json"
"""
CERTIFY = (
    *("certify", "--risk=high_risk_error_rate", "--max=0.9", "--delta=0.4", "--over=all"),
    *("--seed=1", "safescale-report"),
)


@pytest.fixture
def certified(ask_guarded: Run, pytester: pytest.Pytester) -> Callable[..., None]:
    """Certify the bare model on its own run, and say what else is written into the file."""

    def make(**changed: object) -> None:
        ask_guarded(
            "--safescale-samples=5",
            toml=SURE.split("[models.guarded]", maxsplit=1)[0],
            models=("candidate",),
        )
        assert main([*CERTIFY]) == 0
        path = pytester.path / "certified.json"
        content = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**content, **changed}), "utf-8")

    return make


def test_a_layer_takes_its_threshold_from_a_certificate(
    certified: Callable[..., None],
    ask_guarded: Run,
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
) -> None:
    certified()
    result = ask_guarded("--safescale-samples=5", toml=SURE)
    assert result.ret == 0
    found = {item: record["layers"]["outcome"] for (_, item), record in layered_cases().items()}
    # Three of five agree where the model wavers, and all elsewhere; nothing stands for i4.
    assert (found["i1"], found["i4"]) == ("answered", "abstained")
    step = layered_cases()["guarded", "i1"]["layers"]["steps"][0]
    assert "certified from" in step["says"]
    assert step["score"] == 1.0


@pytest.mark.parametrize(
    ("given", "changed", "told"),
    [
        (("--safescale-samples=4",), {}, "it has another decoding"),
        (("--safescale-samples=5", "--safescale-limit=5"), {"dataset": {"sha256": "x"}}, "data"),
        (("--safescale-samples=5",), {"prompt_sha256": "other"}, "it has another prompt"),
        (("--safescale-samples=5",), {"score": "logprob"}, "allowed: agreement, entropy"),
        (("--safescale-samples=5",), {"certificates": []}, "certificates: found none"),
        (("--safescale-samples=5",), {"kind": "letter"}, "is no certificate"),
    ],
)
def test_a_certificate_of_another_run_is_refused_before_any_call(
    certified: Callable[..., None],
    ask_guarded: Run,
    calls_told: Callable[[], str],
    given: tuple[str, ...],
    changed: dict[str, object],
    told: str,
) -> None:
    certified(**changed)
    calls_told()
    result = ask_guarded(*given, toml=SURE)
    assert (result.ret, calls_told()) == (4, "")
    (line,) = [line for line in result.stderr.lines if line.startswith("ERROR")]
    assert "models.guarded.conservative.threshold: certified.json" in line
    assert told in line


def test_a_certificate_of_another_model_is_refused(
    certified: Callable[..., None], ask_guarded: Run
) -> None:
    certified()
    toml = SURE.replace('model = "app:answer"', 'model = "app:answer"\nrevision = "new"')
    result = ask_guarded("--safescale-samples=5", toml=toml)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*is about another model candidate than this run*"])


def test_a_certificate_that_names_other_models_alone_is_refused(
    certified: Callable[..., None], ask_guarded: Run
) -> None:
    certified()
    result = ask_guarded("--safescale-samples=5", toml=SURE.replace("candidate", "newcomer"))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*found no certificate of newcomer*"])
