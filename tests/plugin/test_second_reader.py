"""``--safescale-reader``: a second model reads what the rules cannot, and is held against them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.conditions.catalogue import CONDITIONS
from pytest_safescale.conditions.profiles import plain_profile
from pytest_safescale.conditions.prompt import default_prompt
from pytest_safescale.dataset.item import Item, Option
from pytest_safescale.models.lexical.model import LexicalReader
from pytest_safescale.runs.case import Case
from pytest_safescale.runs.second_reader import checked_cases, reading_messages
from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import web

PLAIN = ("--safescale-dataset=items.json", "--safescale-conditions=closed_book")
PROSE = "Fluid has gathered beside the lung, and that settles it."


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run items that are named by what the model replies to them."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)

    def run(
        server: ChatServer, replies: list[str], *arguments: str, reader: str = "judge"
    ) -> pytest.RunResult:
        items(*replies)
        tables = "".join(
            f'[models.{name}]\nprovider = "openai"\nmodel = "{name}"\nbase_url = "{server.url}"\n'
            f"price_in = 1000000\nprice_out = 0\n"
            for name in ("m", "judge")
        )
        (pytester.path / "safescale.toml").write_text(tables, "utf-8")
        option = f"--safescale-reader={reader}"
        return run_suite(*PLAIN, "--safescale-samples=0", option, *arguments, model="m")

    return run


def by_script(readings: dict[str, str]) -> Callable[[dict[str, Any]], str]:
    """Return a server's answers: of ``m`` the item's question, of ``judge`` what is scripted."""

    def answer(payload: dict[str, Any]) -> str:
        said = str(payload["messages"][-1]["content"])
        if payload["model"] == "judge":
            reply = said.split("<reply>\n")[1].split("\n</reply>", maxsplit=1)[0]
            return readings.get(reply, "UNCLEAR")
        return said.split("tension pneumothorax? (")[1].split(")\n", maxsplit=1)[0]

    return answer


def cases(folder: Path) -> dict[str, dict[str, Any]]:
    lines = (folder / "safescale-report" / "cases.jsonl").read_text("utf-8").splitlines()
    return {record["greedy"]["text"]: record for record in map(json.loads, lines)}


READINGS = {
    PROSE: "C",
    "I would rather leave that to the team on call, thanks.": "NONE",
    "It may be A, B or C.": "UNCLEAR",
    "The film is dull.": "I cannot read this, maybe A or B.",
    "Air.": "E",
    "Answer: B": "B",
    "Answer: A": "D",
    "I cannot answer that.": "NONE",
}
COMES_TO = {
    PROSE: ("C", "answered", "read_by_model"),
    "I would rather leave that to the team on call, thanks.": (None, "abstained", "none_by_model"),
    "It may be A, B or C.": (None, "unreadable", "several"),
    "The film is dull.": (None, "unreadable", "no_letter"),
    "Air.": (None, "unreadable", "no_letter"),
    "Answer: B": ("B", "answered", "declared"),
    "Answer: A": ("A", "answered", "declared"),
    "I cannot answer that.": (None, "abstained", "refusal"),
}


def test_what_the_rules_cannot_read_is_read_counted_priced_and_told(
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    with ChatServer(by_script(READINGS)) as server:
        result = ask(server, list(READINGS))
        again = ask(server, list(READINGS))
        calls, asked = server.calls, list(server.requests)
    assert (result.ret, again.ret) == (0, 0)
    found = {
        text: tuple(record["greedy"][name] for name in ("letter", "state", "form"))
        for text, record in cases(pytester.path).items()
    }
    assert found == COMES_TO
    # Each reply is one call of the model and one of the reader, and a second run makes none.
    assert calls == 2 * len(READINGS)
    manifest = report()["manifest"]
    assert manifest["calls"]["made"] == 0
    assert manifest["calls"]["replies"] == calls
    reader = manifest["second_reader"]
    assert reader["name"] == "judge"
    assert reader["unreadable"] == {"asked": 5, "letter": 1, "none": 1, "unclear": 3}
    # 2 of 3 alike: 9.43 to 99.16 %, by R's binom.test(2, 3).
    agreement = reader["agreement"]
    assert (agreement["n"], agreement["alike"]) == (3, 2)
    assert (round(agreement["low"], 4), round(agreement["high"], 4)) == (0.0943, 0.9916)
    # The price of a million tokens is a million: each call states 10 prompt tokens.
    assert reader["tokens"]["prompt_tokens"] == 10 * len(READINGS)
    assert manifest["cost"]["behind_figures"] == 10 * calls
    read = "judge read 5 replies that the rules could not: 1 as an answer, 1 as an abstention, 3"
    alike = "judge reads a seeded sample of readable replies as the rules do: 2 of 3 (66.7 %"
    summary = (pytester.path / "safescale-report" / "summary.md").read_text("utf-8")
    page = (pytester.path / "safescale-report" / "report.html").read_text("utf-8")
    for told in (" ".join(result.stdout.str().split()), summary, page):
        assert read in told
        assert alike in told
    assert "judge: at most 8 calls more to check its reading" in result.stdout.str()
    shown = [json.dumps(one["messages"]) for one in asked if one["model"] == "judge"]
    assert len(shown) == len(READINGS)
    assert not any("Which sign" in text for text in shown)


def test_the_second_reader_sees_nothing_of_question_answer_and_labels() -> None:
    def item(answer: str, question: str, *, unsafe: bool) -> Item:
        texts = ("Chest radiograph", "Drainage")
        options = tuple(
            Option(letter=letter, text=text, unsafe=unsafe and letter != answer)
            for letter, text in zip("AB", texts, strict=True)
        )
        return Item(id="i", question=question, options=options, answer=answer)

    one = reading_messages("It is clear.", item("A", "What?", unsafe=True))
    assert one == reading_messages("It is clear.", item("B", "Which?", unsafe=False))
    shown = one[-1]["content"]
    assert all(words in shown for words in ("Chest radiograph", "Drainage", "It is clear."))


def test_samples_are_read_a_second_time_too(
    ask: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with ChatServer(by_script({PROSE: "C"})) as server:
        ask(server, [PROSE], "--safescale-samples=3")
        # A single answer, three samples in one request, and one reading of what is all one text.
        assert server.calls == 3
    (record,) = cases(pytester.path).values()
    assert record["samples"]["letters"] == ["C"] * 3
    assert record["samples"]["forms"] == ["read_by_model"] * 3


def test_adaptive_sampling_goes_by_what_the_rules_read_and_the_second_reader_reads_what_was_drawn(
    ask: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with ChatServer(by_script({PROSE: "C", "Answer: B": "B"})) as server:
        result = ask(server, [PROSE, "Answer: B"], "--safescale-samples=20", "--safescale-adaptive")
        read = [one for one in server.requests if one["model"] == "judge"]
    assert result.ret == 0
    samples = {text: record["samples"] for text, record in cases(pytester.path).items()}
    # 19 alike are beyond the 0.8 line whatever the last says; what is unread might be anything.
    drawn = {text: (len(one["letters"]), one["stopped_early"]) for text, one in samples.items()}
    assert drawn == {PROSE: (20, False), "Answer: B": (19, True)}
    assert samples[PROSE]["letters"] == ["C"] * 20
    # The prose once, for all its samples; the readable single answer to check the reader.
    assert len(read) == 2


def test_a_reading_that_fails_leaves_the_reply_unreadable_and_is_told(
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    def broken(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        return complaint(400, "out of order") if payload["model"] == "judge" else None

    with ChatServer(by_script({}), response=broken) as server:
        ask(server, [PROSE])
    (record,) = cases(pytester.path).values()
    assert record["greedy"]["form"] == "no_letter"
    assert report()["manifest"]["second_reader"]["unreadable"] == {"asked": 1, "failed": 1}


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        ("lexical", "--safescale-reader: found 'lexical', a lexical baseline; allowed: a model"),
        ("simulated:paper", "--safescale-reader: found 'simulated:paper', simulated; allowed:"),
        ("nobody", "--safescale-reader: found 'nobody'; allowed: lexical, simulated"),
    ],
)
def test_who_cannot_read_is_refused_before_any_call(
    ask: Callable[..., pytest.RunResult], reader: str, told: str
) -> None:
    with ChatServer() as server:
        result = ask(server, [PROSE], reader=reader)
        assert server.calls == 0
    assert result.ret == 4
    assert told in result.stdout.str() + result.stderr.str()


def test_without_the_option_nothing_is_read_twice(
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    with ChatServer(by_script(READINGS)) as server:
        ask(server, [PROSE])
        before = server.calls
        run_suite(*PLAIN, "--safescale-samples=0", "--safescale-fresh", model="m")
        assert server.calls == before + 1
    assert "second_reader" not in report()["manifest"]


def test_the_sample_of_readable_replies_is_drawn_by_the_seed() -> None:

    options = (Option(letter="A", text="x"), Option(letter="B", text="y"))
    drawn = [
        Case(
            model=LexicalReader(),
            condition=CONDITIONS["closed_book"],
            item=Item(id=str(n), question=f"Q{n}", options=options, answer="A"),
            profile=plain_profile(default_prompt()),
        )
        for n in range(150)
    ]
    assert len(checked_cases(drawn, 1)) == 100
    assert checked_cases(drawn, 1) == checked_cases(drawn, 1) != checked_cases(drawn, 2)
    assert len(checked_cases(drawn[:7], 1)) == 7
