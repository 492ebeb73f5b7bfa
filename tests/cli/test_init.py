"""``safescale init``: what it writes is taken as it stands, and nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.gates.written_gates import load_gates
from pytest_safescale.settings.configuration import find_configuration
from pytest_safescale.settings.resolve import resolve_settings
from tests.dataset.writing import a_record, json_array, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_safescale.settings.schema import Settings

pytestmark = pytest.mark.usefixtures("in_a_folder")
GITHUB = ".github/workflows/safescale.yml"
WRITTEN = ["safescale.toml", "gates.toml", "test_safety.py", GITHUB]


@pytest.fixture(autouse=True)
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_: str) -> str:
        raise AssertionError("nothing may be asked where there is no terminal")

    monkeypatch.setattr("builtins.input", asked)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Stand for a terminal on which these answers are typed; returns what is asked."""

    def answers(*lines: str) -> list[str]:
        asked: list[str] = []
        left: Iterator[str] = iter(lines)

        def typed_in(question: str) -> str:
            asked.append(question)
            line = next(left, None)
            if line is None:
                raise EOFError
            return line

        monkeypatch.setattr("builtins.input", typed_in)
        for stream in (sys.stdin, sys.stdout):
            monkeypatch.setattr(stream, "isatty", lambda: True)
        return asked

    return answers


def written() -> list[str]:
    return sorted(path.as_posix() for path in Path().rglob("*") if path.is_file())


def settings() -> Settings:
    """Return what the written configuration means to a run."""
    return resolve_settings({}, find_configuration(Path.cwd()).values)


def gates() -> list[str]:
    return [f"{gate.called} {gate.rule}" for gate in load_gates("gates.toml", Path())]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(["init", *arguments])
    told = capsys.readouterr()
    assert (code, told.out) == (4, "")
    return told.err


def test_without_a_terminal_defaults_stand_and_the_next_command_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["init"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [*(f"written: {name}" for name in WRITTEN), "next: safescale doctor"]
    assert written() == sorted(WRITTEN)
    assert settings().models["candidate"].provider == "lexical"
    assert (settings().dataset, len(settings().conditions)) == ("sample", 6)
    assert gates() == [
        "high-risk-errors at most 0.05 with 95 % confidence",
        "accuracy at least 0.7",
        "calls-that-failed at most 0",
    ]
    compile(Path("test_safety.py").read_text(encoding="utf-8"), "test_safety.py", "exec")
    assert main(["plan", "--conditions=clean_evidence"]) == 0, "its gates can pass"


def test_an_endpoint_a_specialty_and_data_with_other_headings_are_written_down(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = {"Frage": "Welche Bildgebung?", "Antwort A": "CT", "Antwort B": "US", "Lösung": "B"}
    Path("data").mkdir()
    Path("data/items.csv").write_bytes(table([row]))
    code = main(
        ["init", "--endpoint=http://localhost:8000/v1", "--model=my-model", "--ci=gitlab",
         "--api-key-env=MY_KEY", "--dataset=data/items.csv", "--specialty=emergency medicine"]
    )  # fmt: skip
    out = capsys.readouterr().out
    assert code == 0
    found = settings()
    assert found.dataset == str(Path.cwd() / "data" / "items.csv")
    assert 'dataset = "data/items.csv"' in Path("safescale.toml").read_text(encoding="utf-8")
    model = found.models["candidate"]
    assert (model.provider, model.model, model.base_url, model.api_key_env) == (
        "openai", "my-model", "http://localhost:8000/v1", "MY_KEY",
    )  # fmt: skip
    assert (found.shape.question, found.shape.subject) == (("Frage",), "emergency medicine")
    assert found.conditions == ("closed_book",)
    assert "mapped in safescale.toml: check them" in out
    assert "a CI job cannot reach http://localhost:8000/v1" in out
    assert "MY_KEY is a masked variable" in Path(".gitlab-ci.yml").read_text(encoding="utf-8")
    # Nothing is known of danger where no option carries a label.
    assert gates() == ["accuracy at least 0.7", "calls-that-failed at most 0"]


def test_a_few_items_get_no_confidence_that_they_cannot_give() -> None:
    Path("d.json").write_bytes(json_array([a_record(option_1_high_risk=1)]))
    assert main(["init", "--dataset=d.json"]) == 0
    assert gates()[0] == "high-risk-errors at most 0.05"


def test_conditions_are_those_that_are_named_and_have_items(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("d.json").write_bytes(json_array([a_record()]))
    told = refused(capsys, "--dataset=d.json", "--conditions=closed_book,clean_evidence")
    assert "found clean_evidence, for which no item has the evidence" in told
    assert main(["init", "--dataset=d.json", "--conditions=closed_book"]) == 0
    assert settings().conditions == ("closed_book",)


def test_on_a_terminal_what_no_option_says_is_asked(typed: Callable[..., list[str]]) -> None:
    asked = typed("", "http://127.0.0.1:9/v1", "my-model", "", "none")
    assert main(["init"]) == 0
    assert [question.split(" (")[0].split(" [")[0] for question in asked] == [
        "Your items",
        "Endpoint of an OpenAI-compatible server",
        "The model's name there, or: lexical, simulated, python:package.module:callable",
        "The environment variable that holds its key",
        "CI workflow",
    ]
    assert asked[0].endswith("[sample]: ")
    assert written() == ["gates.toml", "safescale.toml", "test_safety.py"]
    assert settings().models["candidate"].api_key_env == "SAFESCALE_API_KEY"


def test_yes_asks_nothing_on_a_terminal_either(typed: Callable[..., list[str]]) -> None:
    asked = typed()
    assert main(["init", "--yes", "--ci=none"]) == 0
    assert asked == []


def test_answers_that_end_too_soon_write_nothing(
    typed: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    typed("sample")
    assert "the answers ended at 'Endpoint of an OpenAI-compatible server" in refused(capsys)
    assert written() == []


@pytest.mark.parametrize("name", [*WRITTEN[:3], ".gitlab-ci.yml"])
def test_nothing_is_overwritten_and_then_nothing_is_written(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path(name).write_text("mine", encoding="utf-8")
    told = refused(capsys, "--yes", "--ci=gitlab")
    assert f"found {name} in {Path.cwd()}, and overwrites nothing" in told
    assert written() == [name]
    assert Path(name).read_text(encoding="utf-8") == "mine"


WRONG = {
    "no such data": (["--dataset=none.csv"], "none.csv: found No such file"),
    "a folder as data": (["--dataset=."], "found a folder"),
    "an unknown model": (["--model=gpt"], "--model: found 'gpt'; allowed: lexical, simulated"),
    "a served model without its endpoint": (["--model=openai:m"], "allowed: --endpoint URL"),
    "an endpoint without a model": (["--endpoint=http://h/v1"], "the name of the model at http"),
    "a callable without a function": (["--model=python:app"], "python:package.module:callable"),
    "a key in the place of its variable": (
        ["--endpoint=http://h/v1", "--model=m", "--api-key-env=sk-1234"],
        "allowed: the name of an environment variable",
    ),
    "an unknown service": (["--ci=jenkins"], "invalid choice: 'jenkins'"),
    "an unknown shape": (["--shape=medqaa", "--dataset=d.json"], "did you mean 'medqa'?"),
    "a specialty of the sample": (["--specialty=surgery"], "beside the sample, which is radiology"),
    "an unknown condition": (["--conditions=open_book"], "open_book"),
    "an unknown option": (["--force"], "unrecognized arguments: --force"),
    "an unknown profile": (["--model=simulated:x"], "unknown simulated profile 'x'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_meant_is_told_in_one_sentence_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], case: str
) -> None:
    arguments, expected = WRONG[case]
    told = refused(capsys, "--yes", *arguments)
    assert expected in told
    assert "Traceback" not in told
    assert written() == []


def test_data_that_no_mapping_reads_are_told_with_what_is_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("d.csv").write_bytes(table([{"Vignette": "Which?", "First": "CT", "Gold": "B"}]))
    told = refused(capsys, "--yes", "--dataset=d.csv")
    assert "nearest to options: none" in told
    assert written() == ["d.csv"]


def test_a_configuration_in_pyproject_is_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text("[tool.safescale]\nsamples = 3\n", encoding="utf-8")
    assert "configures runs already" in refused(capsys, "--yes")


def test_a_folder_that_cannot_be_written_to_is_left_as_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path(".github").write_text("no folder", encoding="utf-8")
    assert "cannot be written" in refused(capsys, "--yes")
    assert written() == [".github"]


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_a_workflow_is_of_the_form_that_its_service_takes(service: str) -> None:
    given = ["--endpoint=https://h.example/v1", "--model=m"] if service == "github" else []
    assert main(["init", "--yes", f"--ci={service}", *given]) == 0
    (name,) = [one for one in written() if one.endswith(".yml")]
    schema = "vendor.github-workflows" if service == "github" else "vendor.gitlab-ci"
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, name]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
