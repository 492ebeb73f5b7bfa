"""Whatever data, models, servers and applications say is text in every output, and acts in none."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web

from pytest_safescale.cli.command import main
from tests.inner_runs import run_pytest
from tests.outputs import page_texts
from tests.report.pages import Page
from tests.servers import KEY, ChatServer
from tests.text.test_escaping import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VISIBLE = (
    "=1+1 ::error::bad ##[error]bad ##vso[task.complete] ##teamcity[x] @octocat octo/cat#1 GH-3 "
    "https://evil.example www.evil.example ~~gone~~ $x$ <script>alert(1)</script> |a| ![i](h) `c` "
    ":tada: \u05e9\u05dc\u05d5\u05dd 12"
)
"""Where only characters that print are allowed, such as in ids: at most 200."""
NASTY = (
    f"{VISIBLE}\x1b[2J\x1b]0;t\x07\x9b1m\x00\r\nPassed: 6 gates.\n::error::worse\n  ::add-mask::x\n"
    "\u202e\u2066\u200b\u2028Passed: 6 gates.\u2029\ufeff\U000e0041\n# Heading\n- item\n1. one\n"
    "```\nfence\n<!-- \n[^1]: note\n</script><img src=x onerror=alert(1)>\n=cmd|' /C calc'!A0"
)
LABEL = "::error::@me <b>|#1 $x$"
MODEL = "=1+1 @octocat #1 ::error::m ##[error] www.evil.example $x$ ~~m~~ <b>|\u05e9"
APPLICATION = f"""
NASTY = {NASTY!r}

def answer(messages, *, temperature, max_tokens, seed, sample_index):
    if "say break" in messages[-1]["content"]:
        raise RuntimeError(NASTY)
    return "B\\n" + NASTY
"""
TESTS = """
from pytest_safescale import expect

def test_it(safescale_case):
    expect(safescale_case).not_high_risk()
"""
REPEATING = f"""
import pytest

NASTY = {NASTY!r}

@pytest.fixture
def said(safescale_case):
    reply = safescale_case.result.greedy
    return (reply.reply.text if reply else safescale_case.result.error) + NASTY

def test_equal(said): assert said == "A\\nnothing more"
def test_holds(said): assert "nothing of it" in said
def test_wrong(said): assert said == 0, said
def test_value(said): raise ValueError(said)
def test_chain(said):
    try:
        raise ValueError(said)
    except ValueError as error:
        raise RuntimeError(said) from error
def test_fails(said): pytest.fail(said)
def test_fails_alone(said): pytest.fail(said, pytrace=False)
def test_skips(said): pytest.skip(said)
def test_xfails(said): pytest.xfail(said)
def test_whole(safescale_case): assert safescale_case.result is None
def test_parts(said, subtests):
    with subtests.test("a part"):
        assert said == 0, said
@pytest.fixture
def broken(said): raise ValueError(said)
def test_set_up(broken): pass
@pytest.fixture
def torn(said):
    yield
    raise ValueError(said)
def test_torn_down(torn): pass
"""


def nasty_server(_: web.Request, payload: dict[str, Any]) -> web.Response:
    question = payload["messages"][-1]["content"]
    if "say break" in question:
        return web.json_response({"error": {"message": NASTY, "code": NASTY}}, status=400)
    choices = [
        {"message": {"content": f"B\n{NASTY}", "reasoning": NASTY}, "finish_reason": NASTY}
        for _ in range(payload.get("n", 1))
    ]
    served = f"{NASTY}{len(question) % 2}"
    return web.json_response({"model": served, "system_fingerprint": NASTY, "choices": choices})


APPLICATION_RAISED = re.compile(r'\n  Traceback \(most recent call last\):\n +File "[^"]*/app\.py"')


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """Run a test over the nastiest words; give the folder and what was printed."""
    folder = tmp_path_factory.mktemp("outside")
    items = [
        {
            **dict.fromkeys(("evidence_clean", "evidence_conflict", "subspecialty"), NASTY),
            "question_type": NASTY,
            "question_id": f"{VISIBLE[: 190 - len(saying)]} {saying}",
            "question": f"say {saying} {NASTY}",
            "options": {letter: f"{letter} {NASTY}" for letter in "ABCD"},
            "answer_idx": "A",
            "option_2_high_risk": 1,
        }
        for saying in ("one", "two", "break")
    ]
    (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
    passages = [{"id": f"{NASTY}{n}", "title": NASTY, "text": f"tension {NASTY}"} for n in "12"]
    lines = "\n".join(map(json.dumps, passages))
    (folder / "corpus.jsonl").write_text(lines, encoding="utf-8")
    (folder / "app.py").write_text(APPLICATION, encoding="utf-8")
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    (folder / "test_repeating.py").write_text(REPEATING, encoding="utf-8")
    with ChatServer(response=nasty_server) as server:
        (folder / "safescale.toml").write_text(_configuration(server.url), encoding="utf-8")
        yield folder, [_own_run(folder)]


@pytest.fixture(scope="module")
def made(own: tuple[Path, list[str]]) -> tuple[Path, list[str]]:
    """Run everything else that writes over them as well."""
    folder, printed = own
    return folder, [*printed, *_everything_run(folder)]


@pytest.fixture
def folder(request: pytest.FixtureRequest, written: str) -> Path:
    """Return the folder once what the test is about has been written."""
    made: tuple[Path, list[str]] = request.getfixturevalue(_writer(written))
    return made[0]


def _writer(written: str) -> str:
    return "own" if written.startswith("own") else "made"


def each(*written: str) -> pytest.MarkDecorator:
    """Test each file or folder; quickly those that the one run of ``own`` writes."""
    return pytest.mark.parametrize(
        "written",
        [
            pytest.param(name, marks=[pytest.mark.slow] if _writer(name) == "made" else [])
            for name in written
        ],
    )


def _toml(text: str) -> str:
    escaped = (char if char.isalnum() else f"\\U{ord(char):08X}" for char in text)
    return f'"{"".join(escaped)}"'


def _configuration(url: str) -> str:
    return f"""
max_attempts = 1
dataset = "items.json"
[labels]
high_risk = {_toml(LABEL)}
[models.{_toml(MODEL)}]
provider = "openai"
model = {_toml(VISIBLE)}
base_url = "{url}"
[models.app]
provider = "python"
model = "app:answer"
[[gates]]
name = {_toml(NASTY)}
metric = "high_risk_error_rate"
max = 0.0
"""


MODELS = (f"--safescale-model={MODEL}", "--safescale-model=app")
RUN = (*MODELS, "-vv", "-rA", "--safescale-samples=2")
CASES = ("--safescale-conditions=closed_book,clean_evidence",)


def _own_run(folder: Path) -> str:
    own = ("test_it.py", "--junitxml=own.xml", "--safescale-report=own")
    return _run(folder, *RUN, *CASES, *own)


def _everything_run(folder: Path) -> list[str]:
    suite = ("--safescale-suite=radsafe200", "--safescale-corpus=corpus.jsonl")
    second = _run(
        folder, *RUN, *suite, "--safescale-strict=high_risk", "--junitxml=suite.xml",
        "--safescale-report=suite", "--safescale-baseline=own/run.json", "--safescale-fresh",
        "--safescale-conditions=clean_evidence,agentic_rag",
    )  # fmt: skip
    shards = [
        _run(
            folder, *RUN, *suite, *CASES, f"--safescale-shard={n}/2", f"--safescale-report=part{n}"
        )
        for n in (1, 2)
    ]
    score = ("--dataset=items.json", "--out=scored")
    commands = (
        ("compare", "own/run.json", "suite/run.json", "--out=compare.md"),
        ("report", "own", "suite", "--out=side.html"),
        ("report", "own", "--figures=figures"),
        ("merge", "part1", "part2", "--out=whole", "--junit=whole.xml"),
        ("score", ".", *score),
        ("dataset", "check", "items.json"),
        ("plan", f"--model={MODEL}"),
        ("plan", f"--model={NASTY}".replace("\0", "")),
        ("dataset", "check", VISIBLE[:100]),
    )
    repeating = [
        _run(
            folder,
            *RUN,
            *CASES,
            "test_repeating.py",
            "--showlocals",
            "--safescale-report=repeating",
            "--junitxml=repeating.xml",
            *more,
        )
        for more in ((), ("-n2",), ("--tb=short",), ("--tb=line",))
    ]
    return [second, *repeating, *shards, *(_command(folder, words) for words in commands)]


def _command(folder: Path, words: tuple[str, ...]) -> str:
    printed = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        patch.chdir(folder)
        patch.setenv("SAFESCALE_API_KEY", KEY)
        main(list(words))
    return printed.getvalue()


def _run(folder: Path, *arguments: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAFESCALE_API_KEY", KEY)
        done = run_pytest(folder, *arguments)
    return done.stdout + done.stderr


@pytest.mark.parametrize("runs", ["own", pytest.param("made", marks=pytest.mark.slow)])
def test_a_terminal_and_a_ci_log_get_text_alone(request: pytest.FixtureRequest, runs: str) -> None:
    made: tuple[Path, list[str]] = request.getfixturevalue(runs)
    for printed in made[1]:
        assert printed.strip()
        assert "INTERNALERROR" not in printed
        # The first that the application under test raised is shown, once and set in.
        assert "Traceback" not in APPLICATION_RAISED.sub("", printed, count=1)
        # pytest ends its lines with a line feed alone here.
        assert not set(printed) & (set(CONTROLS) - {"\n"})
        assert not re.search(r"##(\[|vso\[|teamcity\[)", printed, re.IGNORECASE)
        for line in printed.split("\n"):
            assert not line.lstrip().startswith("::")
            assert not line.startswith(("Passed: 6", "# Heading", "fence"))


def test_the_words_are_still_told(own: tuple[Path, list[str]]) -> None:
    assert "@octocat" in own[1][0]
    assert "[U+001B]" in own[1][0]


@pytest.mark.slow
def test_so_is_the_name_of_a_label(made: tuple[Path, list[str]]) -> None:
    _, second, *_ = made[1]
    assert f": {LABEL[1:]}" in second


MARKDOWN = ("own/summary.md", "suite/summary.md", "whole/summary.md", "part1/summary.md")


@each(*MARKDOWN, "compare.md")
def test_nothing_acts_in_markdown(folder: Path, written: str) -> None:
    content = (folder / written).read_text(encoding="utf-8")
    assert not set(content) & (set(CONTROLS) - {"\n"})
    prose = re.sub(r"(?ms)^(````*)text\n.*?^\1$", "", content)
    assert not re.search(r"@\w|\w#\d|://|www\.|GH-\d|:tada:|(?<!\\)[<~]|(?<![`\\])\$", prose)
    assert not re.search(r"(?<!\\)\[|(?<!\\)!\[", prose)
    lines = prose.split("\n")
    assert sum(line.startswith("#") for line in lines) == 1
    assert not any(line.startswith(("Passed: 6", "1.", "```", "~~~", "::")) for line in lines)
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("| ")]
    assert len(set(cells)) <= 1
    assert "octocat" in prose


@each("own", "suite", "whole")
def test_no_cell_is_a_formula(folder: Path, written: str) -> None:
    with (folder / written / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} >= {f"'{MODEL}", "app"}
    for row in rows:
        for cell in row.values():
            assert not set(cell) & set(CONTROLS)
            if cell[:1] in tuple("=+-@"):
                float(cell)


@each("own", "suite", "whole", "part1")
def test_json_stays_on_its_lines(folder: Path, written: str) -> None:
    for path in (folder / written).glob("*.jsonl"):
        content = path.read_bytes().decode("utf-8")
        assert not set(content) & (set(CONTROLS) - {"\n"})
        assert content.splitlines() == content[:-1].split("\n")
        assert all(json.loads(line) for line in content.splitlines())
    run = (folder / written / "run.json").read_bytes()
    assert run.isascii()
    assert json.loads(run)


@each("own.xml", "suite.xml", "whole.xml", "repeating.xml")
def test_junit_is_xml_of_text(folder: Path, written: str) -> None:
    root = ET.parse(folder / written).getroot()
    words = "".join(root.itertext())
    words += "".join(value for element in root.iter() for value in element.attrib.values())
    assert "octocat" in words
    assert not set(words) & (set(CONTROLS) - {"\n"})
    assert not re.search(r"##(\[|vso\[|teamcity\[)|^\s*::\w|^Passed: 6", words, re.MULTILINE)


PAGES = ("own/report.html", "suite/report.html", "whole/report.html", "side.html")


@each(*PAGES)
def test_a_page_holds_text_alone(folder: Path, written: str) -> None:
    content = (folder / written).read_text(encoding="utf-8")
    isolates = {"\u2068", "\u2069"}
    assert not set(content) & (set(CONTROLS) - {"\n", "\t"} - isolates)
    page = Page(content)
    assert len(page.attributes("script")) == (1 if written == "side.html" else 2)
    assert not page.attributes("img")
    assert not page.attributes("b")
    shown = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", "", content)
    assert "\u05e9" in shown
    outside = re.sub("\u2068[^\u2068\u2069]*\u2069", "", shown)
    outside = re.sub('data-item="[^"]*"', "", outside)
    assert "\u05e9" not in outside
    assert shown.count("\u2068") == shown.count("\u2069")
    for text in page_texts(content):
        assert not set(text) & (set(CONTROLS) - {"\n", "\t"})


@pytest.mark.slow
def test_drawings_hold_text_alone(made: tuple[Path, list[str]]) -> None:
    drawings = list((made[0] / "figures").glob("*.svg"))
    assert drawings
    for path in drawings:
        content = path.read_text(encoding="utf-8")
        assert not set(content) & (set(CONTROLS) - {"\n", "\t"})
        assert ET.fromstring(content) is not None


def test_the_data_set_was_asked_as_it_is(own: tuple[Path, list[str]]) -> None:
    lines = (own[0] / "own" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    assert {case["subspecialty"] for case in cases} == {NASTY}
    assert any(case["greedy"] and case["greedy"]["text"] == f"B\n{NASTY}" for case in cases)
    assert any(case["error"] for case in cases)
