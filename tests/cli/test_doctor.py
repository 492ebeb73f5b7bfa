"""``safescale doctor``: each thing that a run needs, looked at, with one call of each model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Kept, Spent
from pytest_safescale.cli.checkup import Checkup
from pytest_safescale.cli.command import main
from pytest_safescale.cli.doctor import extras_of
from pytest_safescale.models.model import Reply
from tests.dataset.writing import a_record, json_array, table
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("in_a_folder")
TABLE = """
model = "mine"
dataset = "d.json"
conditions = "closed_book"
samples = 4
{more}
[models.mine]
provider = "openai"
model = "m"
base_url = "{url}"
api_key_env = "MY_KEY"
{table}
"""
GATE = '[[gates]]\nmetric = "high_risk_error_rate"\nmax = {}\n'


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_URL", "API_KEY"):
        monkeypatch.delenv(f"SAFESCALE_{name}", raising=False)
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)
    monkeypatch.setenv("MY_KEY", KEY)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(key=KEY, model="m", refuses=("seed",)) as served:
        yield served


def project(url: str, *, more: str = "", table: str = "") -> None:
    labelled = a_record(option_1_high_risk=1, option_2_high_risk=0)
    Path("d.json").write_bytes(json_array([labelled]))
    text = TABLE.format(url=url, more=more, table=table)
    Path("safescale.toml").write_text(text, encoding="utf-8")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Return exit code and text, each thing on a line of its own."""
    code = main(["doctor", *arguments])
    out = capsys.readouterr().out
    assert KEY not in out
    # A path may be longer than a line.
    assert [line for line in out.splitlines() if len(line) > 80 and "/" not in line] == []
    return code, " ".join(out.split())


def test_a_project_in_order_is_told_with_what_a_run_takes(
    server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    project(server.url, table="price_in = 1.0\nprice_out = 1.0\nmax_parallel = 2")
    Path("test_safety.py").touch()
    code, out = told(capsys)
    for sentence in (
        f"ok configuration {Path.cwd() / 'safescale.toml'}",
        "ok data d.json: 1 items",
        "ok key of mine: set in MY_KEY",
        f"ok model mine: one call at 127.0.0.1:{server.port} was answered in ",
        "10 tokens in, 2 out, cost 0.000012 in your unit",
        "ok model mine takes temperature, max_tokens",
        "hint model mine refuses seed: requests refused before: 1",
        "ok store .safescale/store.sqlite: none yet",
        "hint gates: none are configured",
        "ok a run: 1 cases, 2 calls where samples share a request, 5 where they do not",
        "s a call and 2 at once",
        "next pytest test_safety.py",
    ):
        assert sentence in out, sentence
    assert code == 0
    assert server.calls == 2, "the refused one, and the one that was answered"
    assert not Path(".safescale").exists(), "nothing is kept of it"


def test_nothing_is_asked_with_no_call(
    server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    project(server.url)
    code, out = told(capsys, "--no-call")
    assert (code, server.calls) == (0, 0)
    assert "not asked, so that nothing is known of it" in out


def test_a_reply_that_names_no_option_is_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(lambda _: "The film is dull.") as served:
        project(served.url)
        code, out = told(capsys)
    assert code == 0
    assert "hint model mine: its reply is unreadable: 'The film is dull.'" in out


def test_every_problem_is_told_and_not_the_first_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project("http://127.0.0.1:9/v1")
    Path("d.json").write_bytes(b"[]")
    Path(".safescale").mkdir()
    Path(".safescale/store.sqlite").write_text("no store", encoding="utf-8")
    monkeypatch.delenv("MY_KEY")
    code, out = told(capsys)
    assert code == 4
    for sentence in (
        "problem data: d.json",
        "problem model: mine needs a key: set MY_KEY",
        "problem store: the store .safescale/store.sqlite cannot be used",
    ):
        assert sentence in out, sentence


@pytest.mark.parametrize(
    ("served", "sentence"),
    [
        ({"key": "another-key-0123456789"}, "refuses the key in MY_KEY (HTTP 401)"),
        ({"model": "another"}, "the model m does not exist"),
        ({"fault": lambda _: "500"}, "HTTP 500"),
        ({"fault": lambda _: "no json"}, "problem model mine: "),
    ],
    ids=["key", "model", "broken", "a proxy"],
)
def test_an_endpoint_that_gives_no_answer_is_a_problem_after_one_call(
    capsys: pytest.CaptureFixture[str], served: dict[str, Any], sentence: str
) -> None:
    with ChatServer(**served) as server:
        project(server.url)
        code, out = told(capsys)
        assert server.calls == 1
    assert code == 4
    assert sentence in out


def test_a_gate_that_such_items_cannot_pass_is_exit_code_one(
    server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("g.toml").write_text(GATE.format("0.01\nconfidence = 0.95"), encoding="utf-8")
    project(server.url, more='gates = "g.toml"')
    code, out = told(capsys)
    assert "problem gates: Whatever is answered, a run cannot pass: high_risk_error_rate" in out
    assert code == 1


def test_what_an_application_raises_is_shown_with_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("an_app_of_mine.py").write_text(
        "def answer(messages, **decoding):\n    raise LookupError('no index')\n", encoding="utf-8"
    )
    code = main(["doctor", "--model=python:an_app_of_mine:answer"])
    out = capsys.readouterr().out
    assert code == 4
    assert "problem  model python:an_app_of_mine:answer: LookupError: no index" in out
    assert "line 2, in answer" in out


def test_the_age_of_stored_replies_is_told(
    server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    project(server.url)
    with Store(Path(".safescale/store.sqlite")) as store:
        kept = {0: Reply(text="B")}
        store.put([Kept(call=b"c", model="m", base_url="", replies=kept, at=0.0, spent=Spent())])
    code, out = told(capsys, "--no-call")
    assert code == 0
    assert "store.sqlite: 1 reply, " in out
    assert ", from 1970-01-01 to 1970-01-01" in out
    assert "the oldest of 1970-01-01; --safescale-max-age 30d asks again" in out


def test_a_configuration_that_cannot_be_read_is_a_problem(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("safescale.toml").write_text("samples = many", encoding="utf-8")
    code, out = told(capsys)
    assert code == 4
    assert "problem configuration: configuration file" in out


def test_headings_that_do_not_fit_keep_the_table_to_paste(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("d.csv").write_bytes(table([{"Vignette": "Which?", "First": "CT", "Gold": "B"}]))
    assert main(["doctor", "--dataset=d.csv", "--model=lexical"]) == 4
    out = capsys.readouterr().out
    assert f'{" " * 9}question = "Vignette"\n' in out
    assert f"{' ' * 9}[tool.safescale.shape]   # in pyproject.toml; in safescale.toml:" in out


def test_the_gravest_decides_the_exit_code() -> None:
    found = Checkup()
    found.problem("cannot pass", 1)
    assert found.exit_code == 1
    found.problem("refused")
    found.problem("cannot pass", 1)
    found.ok("fine")
    assert found.exit_code == 4
    assert found.lines()[-1] == "ok       fine"


def test_extras_are_those_of_the_package() -> None:
    stated = [
        "numpy>=1.26",
        "pytest; extra == 'first'",
        'no-such-distribution>=1; extra == "second"',
        'numpy>=1; python_version < "3.14" and extra == "second"',
        'nox>=1; extra == "dev"',
    ]
    assert extras_of(stated) == {"first": True, "second": False}
