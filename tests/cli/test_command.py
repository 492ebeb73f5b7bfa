"""The ``safescale`` command: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import COMMANDS, main
from tests.dataset.writing import WRITERS, a_record, json_array, json_lines, table

if TYPE_CHECKING:
    from pathlib import Path

CLOSED = "--conditions=closed_book"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder to stand in, with no endpoint set outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("BASE_URL", "API_KEY"):
        monkeypatch.delenv(f"SAFESCALE_{name}", raising=False)
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what a command that succeeds prints."""
    code = main(arguments)
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    return told.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what a command says of input it cannot use; it prints no result."""
    code = main(arguments)
    told = capsys.readouterr()
    assert (code, told.out) == (4, "")
    assert told.err.startswith("safescale: ")
    return told.err


def test_the_sample_is_checked_and_profiled(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "dataset", "check", "sample").splitlines()
    assert lines[0].startswith("sample: no problems, 66 items (sha256 ")
    assert "corpus          280 passages" in lines
    assert lines[-1].startswith("sample data, written for testing software: not validated")


@pytest.mark.parametrize("shape", WRITERS)
def test_a_flawless_file_of_each_shape_is_profiled(
    capsys: pytest.CaptureFixture[str], folder: Path, shape: str
) -> None:
    from pytest_safescale.dataset.item import Item, Option

    ending, record, container = WRITERS[shape]
    options = (Option(letter="A", text="x"), Option(letter="B", text="y", unsafe=True))
    item = Item(id="i1", question="Which?", options=options, answer="A", clean_evidence="e")
    (folder / f"d{ending}").write_bytes(container([record(item)]))
    lines = printed(capsys, "dataset", "check", f"d{ending}").splitlines()
    assert lines[0].startswith(f"d{ending}: no problems, 1 items")
    assert "labels          high_risk: 0, unsafe: 1, contradicts: 0" in lines
    assert "  clean_evidence     1 items" in lines


def test_every_problem_of_a_file_is_listed_and_no_profile_is_shown(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    records = [
        a_record(answer_idx="F"),
        a_record(question_id="q2", question=None, option_1_unsafe=7),
        a_record(question_id="q3"),
    ]
    (folder / "d.jsonl").write_bytes(json_lines(records))
    assert refused(capsys, "dataset", "check", "d.jsonl").splitlines() == [
        "safescale: d.jsonl cannot be used: 3 problems",
        "  d.jsonl, line 1, item q1, answer_idx: found 'F'; allowed: one of A, B, C, D",
        "  d.jsonl, line 2, item q2, question: found nothing; allowed: a text",
        "  d.jsonl, line 2, item q2, option_1_unsafe: found 7; allowed: 0 or 1",
    ]


DAMAGED = {
    "no such file": (None, "d.json: found No such file"),
    "an empty file": (b"", "d.json: found an empty file; allowed: at least one record"),
    "no items": (b"[]", "d.json: found no record; allowed: at least one record"),
    "not JSON": (b"[{", "d.json, line 1: found "),
    "not UTF-8": (b'["\xff"]', "d.json, line 1: found byte 0xff; allowed: UTF-8 text"),
    "one object": (b"{}", "d.json: found {}; allowed: a JSON array of objects"),
    "one id twice": (
        json_array([a_record(), a_record()]),
        "d.json, record 2, item q1, question_id: found 2 items of this id; allowed: each id once",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_file_that_cannot_be_used_ends_with_exit_code_four(
    capsys: pytest.CaptureFixture[str], folder: Path, case: str
) -> None:
    content, expected = DAMAGED[case]
    if content is not None:
        (folder / "d.json").write_bytes(content)
    assert expected in refused(capsys, "dataset", "check", "d.json")


FOREIGN = {"Nr": 1, "Frage": "Was zuerst?", "A": "x", "B": "y", "Lösung": "B"}


def test_a_table_under_other_headings_is_read_by_the_shape_that_the_check_proposes(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "d.csv").write_bytes(table([FOREIGN]))
    told = refused(capsys, "dataset", "check", "d.csv")
    assert "headings found:  Nr, Frage, A, B, Lösung" in told
    start = told.index("[tool.safescale.shape]")
    (folder / "pyproject.toml").write_text(told[start : told.index("\n\n", start)], "utf-8")
    told = printed(capsys, "dataset", "check", "d.csv")
    assert told.startswith("d.csv: no problems, 1 items")
    assert "correct letter  B: 1" in told


def test_a_file_is_read_under_the_configured_shape_as_a_run_reads_it(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "safescale.toml").write_text(
        '[shape]\nquestion = "Frage"\nanswer = "Lösung"', encoding="utf-8"
    )
    (folder / "d.csv").write_bytes(table([FOREIGN]))
    assert "no problems, 1 items" in printed(capsys, "dataset", "check", "d.csv")
    assert "no problems, 66 items" in printed(capsys, "dataset", "check", "sample")
    own = refused(capsys, "dataset", "check", "d.csv", "--shape", "mmlu")
    assert "question: found nothing" in own


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('stem = "Frage"', "configuration key 'shape.stem' is unknown; allowed: answer, answer_f"),
        ('questions = "Frage"', "key 'shape.questions' is unknown; did you mean 'question'?"),
        ('question = "Frage"', "headings, question: found no 'Frage'; allowed: one of question_id"),
        ("answer_from = 2", "key 'shape.answer_from': found '2'; allowed: 0 or 1"),
        ('encoding = "utf8x"', "key 'shape.encoding': found 'utf8x'; allowed: an enc"),
        ('preset = "medqa5"', "found 'medqa5'; did you mean 'medqa'? allowed: radsaf"),
        ('subject = "a\\u001bb"', "key 'shape.subject': found 'a\\x1bb'; allowed: p"),
    ],
)
def test_a_shape_that_fits_nothing_is_refused(
    capsys: pytest.CaptureFixture[str], folder: Path, table: str, expected: str
) -> None:
    (folder / "d.json").write_bytes(json_array([a_record()]))
    (folder / "safescale.toml").write_text(f"[shape]\n{table}\n", encoding="utf-8")
    assert expected in refused(capsys, "dataset", "check", "d.json")


def test_an_unknown_preset_is_refused_with_those_that_are_known(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "d.json").write_bytes(json_array([a_record()]))
    told = refused(capsys, "dataset", "check", "d.json", "--shape", "medmqca")
    assert "--safescale-shape: found 'medmqca'; did you mean 'medmcqa'?" in told


def test_a_corpus_is_checked_with_the_items(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "d.json").write_bytes(json_array([a_record()]))
    corpus = folder / "c.jsonl"
    arguments = ("dataset", "check", "d.json", "--corpus", "c.jsonl")
    corpus.write_text('{"id": "p1", "text": "A passage."}\n', encoding="utf-8")
    assert "corpus          1 passages" in printed(capsys, *arguments)
    corpus.write_text('{"id": "p1"}\n', encoding="utf-8")
    assert "c.jsonl, line 1, item p1, text: found nothing" in refused(capsys, *arguments)


def test_what_a_file_says_reaches_the_terminal_escaped(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "d.json").write_bytes(json_array([a_record(subspecialty="\x1b[2JChest")]))
    assert r"\x1b[2JChest: 1" in printed(capsys, "dataset", "check", "d.json")


def test_a_plan_has_a_row_for_each_condition_and_the_total(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Each of 3 items: one answer and, with samples, one request for all or one for each of 4.
    out = printed(
        capsys, "plan", "--model=lexical", "--limit=3", "--samples=4",
        "--conditions=closed_book,clean_evidence",
    )  # fmt: skip
    header, closed, clean, total, *_ = out.splitlines()
    assert " ".join(header.split()) == "model, condition cases calls tokens in tokens out"
    assert closed.split()[:4] == ["lexical", "closed_book", "3", "6-15"]
    assert clean.split()[:4] == ["lexical", "clean_evidence", "3", "6-15"]
    assert total == "6 cases, 12 calls where samples share a request, 30 where they do not"
    assert int(clean.split()[4]) > int(closed.split()[4])


def test_a_plan_without_samples_is_one_call_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "plan", "--model=lexical", "--samples=0", "--limit=5", CLOSED)
    assert out.splitlines()[1].split()[:4] == ["lexical", "closed_book", "5", "5-5"]


def test_a_plan_leaves_out_what_an_item_has_no_evidence_for(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    records = [a_record(evidence_clean="Decompress first."), a_record(question_id="q2")]
    (folder / "d.json").write_bytes(json_array(records))
    out = printed(
        capsys, "plan", "--model=lexical", "--dataset=d.json", "--samples=0",
        "--conditions=closed_book,clean_evidence",
    )  # fmt: skip
    assert [line.split()[1:3] for line in out.splitlines()[1:3]] == [
        ["closed_book", "2"],
        ["clean_evidence", "1"],
    ]


def test_a_plan_tells_the_price_and_takes_what_is_configured(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    # A million units of money for a million tokens: the cost is the number of tokens.
    (folder / "safescale.toml").write_text(
        'limit = 2\nsamples = 0\n[models.reader]\nprovider = "lexical"\nprice_in = 1000000\n',
        encoding="utf-8",
    )
    out = printed(capsys, "plan", "--model=reader", CLOSED)
    assert out.startswith(f"configuration {folder / 'safescale.toml'}\n")
    row = out.splitlines()[2].split()
    assert row[2] == "2"
    assert f"about {row[4]} tokens in" in out
    assert f"cost {int(row[4])}.00 in your unit" in out


def test_a_plan_tells_what_prompts_take_where_samples_share_no_request(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "safescale.toml").write_text(
        'limit = 2\nsamples = 3\n[models.reader]\nprovider = "lexical"\nprice_in = 1000000\n',
        encoding="utf-8",
    )
    out = printed(capsys, "plan", "--model=reader", CLOSED)
    # A prompt for the single answer and one for the three samples, or one for each of them.
    shared = int(out.splitlines()[2].split()[4])
    assert f"about {shared} to {2 * shared} tokens in" in out
    assert f"cost {shared}.00 to {2 * shared}.00 in your unit" in out


def test_a_plan_tells_no_cost_where_no_price_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cost unknown, as no price is set" in printed(capsys, "plan", "--model=lexical", CLOSED)


def test_a_plan_asks_no_model_and_needs_no_server(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    out = printed(
        capsys, "plan", "--model=openai:m", "--base-url=http://127.0.0.1:9/v1", "--limit=1",
    )  # fmt: skip
    assert "openai:m agentic_rag" in out


BAD_PLANS: dict[str, tuple[list[str], str]] = {
    "an unknown model": (["--model=gpt"], "found 'gpt'; allowed: lexical"),
    "a word for a number": (["--model=lexical", "--limit=many"], "limit: found 'many'"),
    "no such data": (["--model=lexical", "--dataset=none.json"], "none.json: found No such file"),
    "no such corpus": (["--model=lexical", "--corpus=c.jsonl"], "c.jsonl: found No such file"),
    "no key": (["--model=openai:m", "--base-url=http://127.0.0.1:9/v1"], "needs a key"),
}


@pytest.mark.parametrize("case", BAD_PLANS)
def test_a_plan_that_cannot_be_made_ends_with_exit_code_four(
    capsys: pytest.CaptureFixture[str], case: str
) -> None:
    arguments, expected = BAD_PLANS[case]
    assert expected in refused(capsys, "plan", *arguments)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "the following arguments are required: COMMAND; see safescale --help"),
        (["dataset"], "required: ACTION; see safescale dataset --help"),
        (["dataset", "check"], "required: file; see safescale dataset check --help"),
        (["nothing"], "invalid choice: 'nothing'"),
        (["plan", "--modle=lexical"], "unrecognized arguments: --modle=lexical"),
    ],
)
def test_a_command_line_of_another_form_ends_with_exit_code_four_and_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    told = refused(capsys, *arguments)
    assert expected in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(("changes", "code"), [({}, 0), ({"answer_idx": "Z"}, 4)])
def test_a_process_ends_with_the_code(folder: Path, changes: dict[str, Any], code: int) -> None:
    (folder / "d.json").write_text(json.dumps([a_record(**changes)]), encoding="utf-8")
    program = (
        "import sys; from pytest_safescale.cli.command import COMMANDS, main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "dataset", "check", "d.json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert (done.stdout == "", done.stderr == "") == (code != 0, code == 0)


@pytest.mark.parametrize("arguments", [["dataset", "check", "d.json"], ["plan", "--help"]])
def test_a_reader_that_has_enough_ends_a_command_quietly(
    folder: Path, arguments: list[str]
) -> None:
    (folder / "d.json").write_text(json.dumps([a_record()]), encoding="utf-8")
    program = (
        "import sys; from pytest_safescale.cli.command import COMMANDS, main; sys.exit(main())"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code in (0, None)
    assert capsys.readouterr() == (f"safescale {version('pytest-safescale')}\n", "")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name}" not in told] == []


def test_an_interruption_ends_a_command_with_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(COMMANDS["dataset"], "run", interrupted)
    assert main(["dataset", "check", "sample"]) == 130
    assert capsys.readouterr() == ("", "safescale: interrupted\n")
