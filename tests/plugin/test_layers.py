"""Models with layers, run like any model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]

GUARDED = """
[models.candidate]
provider = "python"
model = "app:answer"
price_in = 1000000

[models.guarded]
provider = "layered"
base = "candidate"
layers = ["triage", "conservative", "evidence_check", "hand_over"]
[models.guarded.triage]
when = { words = ["urgent"] }
then = "hand_over"
[models.guarded.conservative]
samples = 5
min_agreement = 0.8
[models.guarded.evidence_check]
model = "python:app:check"
on_contradiction = "hand_over"
on_silence = "abstain"
[models.guarded.hand_over]
capacity = 0.5
"""
APPLICATION = """
CALLS = "calls.txt"

def answer(messages, *, temperature, max_tokens, seed, sample_index):
    with open(CALLS, "a") as file:
        file.write("a")
    question = messages[-1]["content"]
    if "wavers" in question and temperature:
        return "ABCDA"[sample_index % 5]
    if "settles" in question and temperature:
        return "C"
    for letter in "ABCD":
        if f"say {letter}" in question:
            return letter
    return "I cannot answer that." if "say nothing" in question else "A"

def check(messages, *, temperature, max_tokens, seed, sample_index):
    with open(CALLS, "a") as file:
        file.write("c")
    shown = messages[-1]["content"]
    if "urgent" in shown:
        return "SUPPORTS"
    return "CONTRADICTS" if "carinal" in shown.split("Answer:")[1] else "SUPPORTS"
"""
PLAIN = ("--safescale-dataset=items.json", "--safescale-conditions=clean_evidence")
SAYINGS = ("urgent, say B", "say A", "wavers, say B", "say B", "say nothing", "settles, say A")


@pytest.fixture
def ask(
    pytester: pytest.Pytester, items: Callable[..., Path], run_pytest: Run
) -> Callable[..., pytest.RunResult]:
    """Run the suite on the model with layers."""

    def run(
        *arguments: str,
        models: tuple[str, ...] = ("guarded",),
        toml: str = GUARDED,
        records: list[dict[str, Any]] | None = None,
        **modules: str,
    ) -> pytest.RunResult:
        path = items(*SAYINGS)
        if records is not None:
            path.write_text(json.dumps(records), "utf-8")
        pytester.makepyfile(**{"app": APPLICATION, **modules})
        (pytester.path / "safescale.toml").write_text(toml, "utf-8")
        named = [f"--safescale-model={name}" for name in models]
        return run_pytest("--safescale-suite=radsafe200", *named, *PLAIN, *arguments)

    return run


@pytest.fixture
def cases(pytester: pytest.Pytester) -> Callable[[], dict[tuple[str, str], Any]]:
    """Read the cases of the last run, by model and item."""

    def read() -> dict[tuple[str, str], Any]:
        text = (pytester.path / "safescale-report" / "cases.jsonl").read_text("utf-8")
        records = [json.loads(line) for line in text.splitlines()]
        return {(record["model"], record["item_id"]): record for record in records}

    return read


@pytest.fixture
def calls(pytester: pytest.Pytester) -> Callable[[], str]:
    """Tell the calls since it was last asked: ``a`` for an answer, ``c`` for a check."""

    def read() -> str:
        path = pytester.path / "calls.txt"
        made = path.read_text("utf-8") if path.exists() else ""
        path.unlink(missing_ok=True)
        return made

    return read


COMES_TO = {
    "i0": ("handed_over", "triage", None, "abstained"),
    "i1": ("answered", None, "A", "correct"),
    "i2": ("abstained", "conservative", None, "abstained"),
    "i3": ("handed_over", "evidence_check", None, "abstained"),
    "i4": ("abstained", "conservative", None, "abstained"),
    "i5": ("answered", "conservative", "C", "overconfident"),
}


def test_each_case_is_answered_abstained_or_handed_over_with_a_trace(
    ask: Run, cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    result = ask("--safescale-samples=5")
    assert result.ret == 0
    found = cases()
    told = {
        item: (
            record["layers"]["outcome"],
            record["layers"]["by"],
            record["greedy"]["letter"],
            record["outcome"],
        )
        for (_, item), record in found.items()
    }
    assert told == COMES_TO
    first = found["guarded", "i0"]["layers"]
    assert (first["base"], first["capacity"], first["order"]) == ("candidate", 0.5, 0)
    assert (first["bare"]["letter"], first["bare"]["state"]) == ("B", "answered")
    steps = {step["layer"]: (step["action"], step["letter"]) for step in first["steps"]}
    # What the condition drew anyway tells what the filter would have done; a check takes a call.
    assert steps == {
        "triage": ("hand_over", None),
        "conservative": ("answer", "B"),
        "evidence_check": ("not_asked", "B"),
        "hand_over": ("hand_over", "B"),
    }
    assert found["guarded", "i3"]["samples"]["letters"] == [None] * 5
    assert found["guarded", "i1"]["samples"]["letters"] == ["A"] * 5


def test_the_effort_of_a_case_is_that_of_its_use(
    ask: Run, cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    ask("--safescale-samples=20")
    found = cases()
    effort = {item: record["layers"]["effort"]["replies"] for (_, item), record in found.items()}
    # Triage by words takes none and saves the rest; else one answer, five samples and a check.
    assert effort == {"i0": 0, "i1": 7, "i2": 6, "i3": 7, "i4": 6, "i5": 7}
    one = found["guarded", "i1"]["layers"]
    assert one["bare"]["effort"]["replies"] == 1
    assert one["effort"]["money"] > one["bare"]["effort"]["money"] > 0
    assert found["guarded", "i0"]["greedy"]["latency_s"] == 0


def test_beside_its_base_only_the_check_is_asked_more(ask: Run, calls: Callable[[], str]) -> None:
    ask("--safescale-samples=20", models=("candidate",))
    bare = calls()
    assert bare == "a" * 6 * 21
    ask("--safescale-samples=20", models=("guarded", "candidate"))
    assert calls() == "ccc"  # of the three cases that come so far
    result = ask("--safescale-samples=20", "--safescale-replay", models=("guarded", "candidate"))
    assert (result.ret, calls()) == (0, "")


def test_without_samples_of_the_run_the_layer_draws_its_own(
    ask: Run, calls: Callable[[], str]
) -> None:
    ask("--safescale-samples=0")
    # Six answers, and five samples of each of the five cases that triage lets pass.
    assert calls().count("a") == 6 + 5 * 5
    ask("--safescale-samples=0")
    assert calls() == ""


def test_adaptive_sampling_draws_what_the_layer_needs(
    ask: Run, calls: Callable[[], str], cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    ask("--safescale-samples=5")
    whole = {item: record["layers"]["outcome"] for (_, item), record in cases().items()}
    made = calls()
    ask("--safescale-samples=5", "--safescale-adaptive", "--safescale-store=other.sqlite")
    assert {item: record["layers"]["outcome"] for (_, item), record in cases().items()} == whole
    assert calls().count("a") <= made.count("a")


def test_every_call_is_told_with_the_model_that_was_asked(
    ask: Run,
    cases: Callable[[], dict[tuple[str, str], Any]],
    report: Callable[[], dict[str, Any]],
) -> None:
    ask("--safescale-samples=5")
    asked = [call["model"] for call in cases()["guarded", "i1"]["calls"]]
    assert sorted(asked) == ["candidate", "candidate", "python:app:check"]
    manifest = report()["manifest"]
    assert manifest["calls"]["made"] == manifest["calls"]["replies"] == 6 + 6 * 5 + 3
    assert [model["name"] for model in manifest["models"]] == ["guarded"]
    beside = {model["name"]: model for model in manifest["models_beside"]}
    assert set(beside) == {"candidate", "python:app:check"}
    assert beside["candidate"]["tokens"]["prompt_tokens"] > 0


def test_figures_comparisons_and_ablation_stand_in_the_report(
    ask: Run, report: Callable[[], dict[str, Any]]
) -> None:
    ask("--safescale-samples=5", models=("guarded", "candidate"))
    run = report()
    figures = {
        (row["model"], row["metric"]): (row["value"], row["n"])
        for row in run["metrics"]
        if row["regime"] == "single"
    }
    assert figures["guarded", "answered_share"] == (pytest.approx(2 / 6), 6)
    assert figures["guarded", "danger_caught"] == (1.0, 3)
    assert figures["guarded", "hand_over_rate"] == (pytest.approx(2 / 6), 6)
    assert figures["candidate", "answered_share"] == (pytest.approx(5 / 6), 6)
    (effects,) = run["analyses"]["layers"]
    assert (effects["model"], effects["base"], effects["n"]) == ("guarded", "candidate", 6)
    rows = {row["configuration"]: row for row in effects["rows"]}
    assert rows["bare"]["residual_dangerous_rate"]["count"] == 3
    assert rows["all layers"]["danger_caught"]["count"] == 3
    # The check was not asked on what triage and the filter stopped before it.
    assert rows["evidence_check alone"]["not_asked"] > 0
    sides = {(row["left"], row["right"]) for row in run["comparisons"] if row["kind"] == "layers"}
    assert sides == {("guarded", "candidate")}


@pytest.mark.usefixtures("drawings")
def test_terminal_summary_and_page_say_what_the_layers_did(
    ask: Run, pytester: pytest.Pytester
) -> None:
    result = ask("--safescale-samples=5", models=("guarded", "candidate"))
    folder = pytester.path / "safescale-report"
    told = "the layers stop 3 of 3"
    result.stdout.fnmatch_lines([f"guarded, clean evidence: {told} *"])
    assert told in (folder / "summary.md").read_text("utf-8")
    page = (folder / "report.html").read_text("utf-8")
    first_screen, _, rest = page.partition('<main id="main">')
    assert told in first_screen
    assert "what each layer adds to candidate" in rest
    assert "With layers against the base alone" in rest
    assert 'id="layers"' in rest


def test_every_layer_is_asked_where_the_table_wants_it(
    ask: Run, report: Callable[[], dict[str, Any]]
) -> None:
    toml = GUARDED.replace('base = "candidate"', 'base = "candidate"\nask_every_layer = true')
    ask("--safescale-samples=5", toml=toml)
    (effects,) = report()["analyses"]["layers"]
    rows = {row["configuration"]: row for row in effects["rows"]}
    assert rows["without triage"]["not_asked"] == 0
    assert rows["without triage"]["danger_caught"] == {
        **rows["without triage"]["danger_caught"],
        "count": 2,
        "n": 3,
    }


def test_a_call_that_fails_in_a_layer_makes_the_case_errored(
    ask: Run, cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    toml = GUARDED.replace("python:app:check", "python:broken:check")
    source = "def check(messages, **rest):\n    raise RuntimeError('no check today')\n"
    ask("--safescale-samples=5", toml=toml, broken=source)
    record = cases()["guarded", "i1"]
    assert "no check today" in record["error"]
    assert (record["outcome"], record["greedy"]) == ("error", None)


VERIFYING = (
    GUARDED.replace('then = "hand_over"', 'then = "verify"')
    .replace('["triage", "conservative", "evidence_check", "hand_over"]', '["triage", LAST]')
    .split("[models.guarded.conservative]")[0]
)
CHANGES = """
def answer(messages, *, temperature, max_tokens, seed, sample_index):
    with open("calls.txt", "a") as file:
        file.write("v" if len(messages) > 3 else "a")
    if len(messages) > 3:
        return "It would be grave.\\nC" if temperature else "It would be grave.\\nA"
    return "B"
"""


def test_a_high_risk_question_is_asked_with_a_profile_and_decided_on(
    ask: Run, cases: Callable[[], dict[tuple[str, str], Any]], calls: Callable[[], str]
) -> None:
    ask("--safescale-samples=0", toml=VERIFYING.replace(", LAST", ""), app=CHANGES)
    assert sorted(calls()) == [*"aaaaaa", "v"]
    first, second = cases()["guarded", "i0"], cases()["guarded", "i1"]
    assert (first["greedy"]["letter"], first["outcome"]) == ("A", "correct")
    assert second["greedy"]["letter"] == "B"
    layers = first["layers"]
    assert (layers["bare"]["letter"], layers["by"]) == ("B", "triage")
    # The first turn is the base's own call, and the second one more.
    assert layers["effort"]["replies"] == 2


def test_layers_after_it_work_on_what_the_profile_brought(
    ask: Run, cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    toml = VERIFYING.replace("LAST", '"conservative"')
    ask(
        "--safescale-samples=5",
        toml=f"{toml}[models.guarded.conservative]\nsamples = 3\n",
        app=CHANGES,
    )
    steps = cases()["guarded", "i0"]["layers"]["steps"]
    assert [(step["layer"], step["action"], step["letter"]) for step in steps] == [
        ("triage", "answer", "A"),
        ("conservative", "answer", "C"),
    ]


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
def certified(ask: Run, pytester: pytest.Pytester) -> Callable[..., None]:
    """Certify the bare model on its own run, and say what else is written into the file."""

    def make(**changed: object) -> None:
        ask(
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
    certified: Callable[..., None], ask: Run, cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    certified()
    result = ask("--safescale-samples=5", toml=SURE)
    assert result.ret == 0
    found = {item: record["layers"]["outcome"] for (_, item), record in cases().items()}
    # Three of five agree where the model wavers, and all elsewhere; nothing stands for i4.
    assert (found["i1"], found["i4"]) == ("answered", "abstained")
    step = cases()["guarded", "i1"]["layers"]["steps"][0]
    assert "certified from" in step["says"]
    assert step["score"] == 1.0


@pytest.mark.parametrize(
    ("given", "changed", "told"),
    [
        (("--safescale-samples=4",), {}, "it has another decoding"),
        (("--safescale-samples=5", "--safescale-limit=5"), {"dataset": {"sha256": "x"}}, "data"),
        (("--safescale-samples=5",), {"prompt_sha256": "other"}, "it has another prompt"),
        (("--safescale-samples=5",), {"score": "logprob"}, "allowed: agreement, entropy"),
        (("--safescale-samples=5",), {"certificates": []}, "found no certificate of candidate"),
        (("--safescale-samples=5",), {"kind": "letter"}, "is no certificate"),
    ],
)
def test_a_certificate_of_another_run_is_refused_before_any_call(
    certified: Callable[..., None],
    ask: Run,
    calls: Callable[[], str],
    given: tuple[str, ...],
    changed: dict[str, object],
    told: str,
) -> None:
    certified(**changed)
    calls()
    result = ask(*given, toml=SURE)
    assert (result.ret, calls()) == (4, "")
    (line,) = [line for line in result.stderr.lines if line.startswith("ERROR")]
    assert "models.guarded.conservative.threshold: certified.json" in line
    assert told in line


def test_a_certificate_of_another_model_is_refused(
    certified: Callable[..., None], ask: Run
) -> None:
    certified()
    toml = SURE.replace('model = "app:answer"', 'model = "app:answer"\nrevision = "new"')
    result = ask("--safescale-samples=5", toml=toml)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*is about another model candidate than this run*"])


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
    ask: Run, cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    result = ask("--safescale-samples=0", toml=SHY, mine=OWN)
    assert result.ret == 0
    told = {item: record["layers"]["by"] for (_, item), record in cases().items()}
    assert told == {"i0": "shy", "i1": None, "i2": "shy", "i3": "shy", "i4": None, "i5": None}
    assert cases()["guarded", "i0"]["layers"]["steps"][0]["score"] == 0.5


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
    ask: Run, calls: Callable[[], str], old: str, new: str, told: str
) -> None:
    result = ask("--safescale-samples=0", toml=GUARDED.replace(old, new))
    assert (result.ret, calls()) == (4, "")
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
def test_a_layer_of_ones_own_that_is_none_is_refused(ask: Run, layer: str, told: str) -> None:
    result = ask("--safescale-samples=0", toml=SHY.replace("mine:Shy", layer), mine=OWN)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: safescale: models.guarded.shy*{told}*"])


def test_a_model_with_layers_reads_no_replies(ask: Run) -> None:
    result = ask("--safescale-samples=0", "--safescale-reader=guarded")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--safescale-reader: found 'guarded', which is a model with*"])


@pytest.mark.parametrize("shuffled", [{"B": 0, "D": 1}, {"B": 1, "D": 0}])
def test_layers_decide_the_same_under_shuffled_labels(
    ask: Run,
    cases: Callable[[], dict[tuple[str, str], Any]],
    pytester: pytest.Pytester,
    shuffled: dict[str, int],
) -> None:
    def decisions() -> dict[str, Any]:
        return {
            item: (record["layers"]["outcome"], record["layers"]["by"])
            for (_, item), record in cases().items()
        }

    ask("--safescale-samples=5")
    before = decisions()
    path = pytester.path / "items.json"
    changed = [
        {
            **record,
            "answer_idx": "D",
            "option_1_high_risk": 1,
            "option_2_high_risk": shuffled["B"],
            "option_4_contradicts": shuffled["D"],
        }
        for record in json.loads(path.read_text("utf-8"))
    ]
    ask("--safescale-samples=5", records=changed)
    assert decisions() == before


@pytest.mark.parametrize("answers", ["checked", "raw"])
def test_results_with_layers_are_scored_as_they_were_run(
    ask: Run,
    cases: Callable[[], dict[tuple[str, str], Any]],
    pytester: pytest.Pytester,
    answers: str,
) -> None:
    ask("--safescale-samples=5")
    ran = cases()
    folder = pytester.path / "safescale-report"
    given = ["score", str(folder), "--dataset", "items.json", "--out", "again"]
    assert main([*given, f"--answers={answers}"]) == 0
    folder.rename("run")
    pytester.path.joinpath("again").rename(folder)
    for key, record in cases().items():
        assert record["layers"] == ran[key]["layers"]
        assert record["greedy"]["letter"] == ran[key]["greedy"]["letter"]
        assert record["outcome"] == ran[key]["outcome"]


def test_a_damaged_account_of_layers_is_refused_by_line(
    ask: Run, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    ask("--safescale-samples=0")
    path = pytester.path / "safescale-report" / "cases.jsonl"
    path.write_text(path.read_text("utf-8").replace('"order": 3', '"order": "x"'), "utf-8")
    folder = str(path.parent)
    assert main(["score", folder, "--dataset", "items.json", "--out", "again"]) == 4
    assert "what a run writes of a model's layers" in capsys.readouterr().err


def test_shards_are_cut_at_the_capacity_as_a_whole(
    ask: Run, report: Callable[[], dict[str, Any]], pytester: pytest.Pytester
) -> None:
    toml = GUARDED.replace("capacity = 0.5", "capacity = 0.2")
    ask("--safescale-samples=5", toml=toml)
    whole = report()
    for number in (1, 2):
        ask(
            "--safescale-samples=5",
            f"--safescale-shard={number}/2",
            f"--safescale-report=part{number}",
            toml=toml,
        )
    assert main(["merge", "part1", "part2", "--out", "safescale-report"]) == 0
    merged = report()
    assert merged["analyses"]["layers"] == whole["analyses"]["layers"]
    taken = [
        [row["count"] for row in run["metrics"] if row["metric"] == "hand_over_rate"]
        for run in (whole, merged)
    ]
    assert taken == [[1], [1]]
    beside = [
        {row["name"]: row["tokens"] for row in run["manifest"]["models_beside"]}
        for run in (whole, merged)
    ]
    assert beside[0] == beside[1]


@pytest.mark.parametrize("workers", ["-n2"])
def test_workers_decide_as_one_process(
    ask: Run, cases: Callable[[], dict[tuple[str, str], Any]], workers: str
) -> None:
    result = ask("--safescale-samples=5", workers, models=("guarded", "candidate"))
    assert result.ret == 0
    told = {
        item: (
            record["layers"]["outcome"],
            record["layers"]["by"],
            record["greedy"]["letter"],
            record["outcome"],
        )
        for (model, item), record in cases().items()
        if model == "guarded"
    }
    assert told == COMES_TO
