"""``safescale read``: the reader against a person, on lines of replies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main

if TYPE_CHECKING:
    from collections.abc import Sequence

    Printed = pytest.CaptureFixture[str]

OPTIONS = {"A": "Chest radiograph", "B": "CT", "C": "MRI"}
COLLECTED = Path(__file__).parent.parent / "answers" / "replies.jsonl"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*records: object, name: str = "replies.jsonl") -> None:
    Path(name).write_text("".join(f"{json.dumps(one)}\n" for one in records), "utf-8")


def line(reply: object, letter: object = ..., **more: object) -> dict[str, object]:
    told = {} if letter is ... else {"letter": letter}
    return {"reply": reply, "options": OPTIONS, **told, **more}


def records(text: str) -> list[Any]:
    return [json.loads(one) for one in text.splitlines()]


READ = (
    line("Answer: B", "B"),
    line("The correct answer is MRI.", "C"),
    line("I cannot answer that.", None),
    line("A or B", "A"),
    line("B. MRI", None),
    line("Answer: A", "C"),
    line("So C.", None),
    line("Answer: E", "E"),
    line("Answer: E", None),
    line("The nodule", None, finish_reason="length"),
    line("Answer: A"),
)
FOUND = (
    ("B", "answered", "declared"),
    ("C", "answered", "option_text"),
    (None, "abstained", "refusal"),
    (None, "unreadable", "several"),
    (None, "unreadable", "mismatch"),
    ("A", "answered", "declared"),
    ("C", "answered", "declared"),
    ("E", "unreadable", "not_an_option"),
    ("E", "unreadable", "not_an_option"),
    (None, "unreadable", "cut"),
    ("A", "answered", "declared"),
)
# 7 of 10 alike: the exact interval is 34.75 to 93.33 %, by R's binom.test(7, 10).
TABLE = """\
11 replies
  state       form                replies   judged  as a person
  answered    declared                  4        3            1
  answered    option text               1        1            1
  abstained   refusal                   1        1            1
  unreadable  not an option             2        2            2
  unreadable  cut                       1        1            1
  unreadable  mismatch                  1        1            1
  unreadable  several                   1        1            0

read as a person: 7 of 10 (70.0 %, exact 95 % interval 34.8 to 93.3 %)
  the same letter                       3
  no letter, nor by a person            4
  another letter read                   1
  one read, a person reads none         1
  none read, a person reads one         1

person / read     A    B    C    E none
            A     .    .    .    .    1
            B     .    1    .    .    .
            C     1    .    1    .    .
            E     .    .    .    1    .
         none     .    .    1    .    4

line 4: a person reads A, read none (several)
line 6: a person reads C, read A (declared)
line 7: a person reads none, read C (declared)
"""


def test_what_is_read_goes_to_stdout_and_the_table_to_stderr(capsys: Printed) -> None:
    write(*READ)
    assert main(["read", "replies.jsonl"]) == 0
    told = capsys.readouterr()
    assert [tuple(one.values()) for one in records(told.out)] == list(FOUND)
    assert list(records(told.out)[0]) == ["letter", "state", "form"]
    assert told.err == TABLE


def test_with_a_file_to_write_the_table_goes_to_stdout(capsys: Printed, folder: Path) -> None:
    write(*READ)
    assert main(["read", "replies.jsonl", "--out", "read.jsonl"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (TABLE, "")
    written = records((folder / "read.jsonl").read_text("utf-8"))
    assert [tuple(one.values()) for one in written] == list(FOUND)


def test_the_collected_replies_are_read_as_a_person_reads_them(capsys: Printed) -> None:
    assert main(["read", str(COLLECTED)]) == 0
    told = capsys.readouterr()
    judged = [json.loads(one) for one in COLLECTED.read_text("utf-8").splitlines()]
    differing = [
        person["name"]
        for person, read in zip(judged, records(told.out), strict=True)
        if person["letter"] != read["letter"]
    ]
    # One gives an option's text, which nobody can read without the options.
    assert differing == ["text instead"]
    assert "read as a person: 244 of 245 (" in told.err


def test_without_a_person_s_letters_replies_are_read_and_not_compared(capsys: Printed) -> None:
    write(line("Answer: B"), {"reply": "C"}, {"reply": "C", "options": None})
    assert main(["read", "replies.jsonl"]) == 0
    told = capsys.readouterr()
    assert [one["letter"] for one in records(told.out)] == ["B", "C", "C"]
    assert told.err.splitlines()[-1] == "No line says what a person reads: nothing is compared."


def test_options_may_stand_in_any_order_and_be_many(capsys: Printed) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    options = {letter: f"Finding {letter}{letter}" for letter in reversed(letters)}
    write(*({"reply": f"Answer: {one}", "options": options, "letter": one} for one in letters))
    assert main(["read", "replies.jsonl"]) == 0
    told = capsys.readouterr()
    assert "".join(one["letter"] for one in records(told.out)) == letters
    assert "read as a person: 26 of 26" in told.err
    assert max(map(len, told.err.splitlines())) <= 80
    assert [one.split() for one in told.err.splitlines() if one.startswith("person")][-1][3:] == [
        "Y",
        "Z",
    ]


def test_many_lines_that_differ_are_counted_and_not_all_named(capsys: Printed) -> None:
    write(*[line("Answer: A", "B")] * 25)
    assert main(["read", "replies.jsonl", "--out", "o"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == ["line 20: a person reads B, read A (declared)", "and 5 more lines"]


LETTERS = 'an object of each letter from A on and its text, such as {"A": "CT", "B": "MRI"}'
REFUSED: Sequence[tuple[object, str]] = (
    ({"options": OPTIONS}, "reply: found nothing; allowed: the text of a reply"),
    (line(None), "reply: found None; allowed: the text of a reply"),
    (line(7), "reply: found 7; allowed: the text of a reply"),
    (line("B", 2), "letter: found 2; allowed: a capital letter, or null for no answer"),
    (line("B", ""), "letter: found ''; allowed: a capital letter, or null for no answer"),
    (line("B", "b"), "letter: found 'b'; allowed: a capital letter, or null for no answer"),
    (line("B", finish_reason=1), "finish_reason: found 1; allowed: a text, null or nothing"),
    ({"reply": "B", "options": ["x"]}, f"options: found ['x']; allowed: {LETTERS}"),
    ({"reply": "B", "options": {}}, f"options: found {{}}; allowed: {LETTERS}"),
    ({"reply": "B", "options": {"B": "x"}}, f"options: found {{'B': 'x'}}; allowed: {LETTERS}"),
    ({"reply": "B", "options": {"A": 1}}, f"options: found {{'A': 1}}; allowed: {LETTERS}"),
    (["B"], "found ['B']; allowed: an object"),
)


@pytest.mark.parametrize(("record", "told"), REFUSED)
def test_a_line_that_cannot_be_used_is_named_and_nothing_is_written(
    capsys: Printed, folder: Path, record: object, told: str
) -> None:
    write(line("Answer: B", "B"), record)
    (folder / "out").write_text("kept", "utf-8")
    assert main(["read", "replies.jsonl", "--out", "out"]) == 4
    said = capsys.readouterr()
    comma = ":" if isinstance(record, list) else ","
    assert (said.out, said.err) == ("", f"safescale: replies.jsonl, line 2{comma} {told}\n")
    assert (folder / "out").read_text("utf-8") == "kept"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "replies.jsonl cannot be read: No such file or directory"),
        (b"", "replies.jsonl: found no reply; allowed: at least one line"),
        (b"\n \n", "replies.jsonl: found no reply; allowed: at least one line"),
        (b'{"reply": "B"}\nB\n', "replies.jsonl, line 2, is not JSON: "),
        (b'{"reply": "\xff"}', "replies.jsonl, line 1, is not JSON: "),
        (b"[" * 100_000, "replies.jsonl, line 1, is not JSON: "),
        (b'{"reply": "B", "letter": "\\u001b[31m"}', "found '\\x1b[31m'; allowed: a capital"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_one_sentence(
    capsys: Printed, folder: Path, content: bytes | None, told: str
) -> None:
    if content is not None:
        (folder / "replies.jsonl").write_bytes(content)
    assert main(["read", "replies.jsonl"]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_the_file_of_replies_is_never_written_over(capsys: Printed, folder: Path) -> None:
    write(line("Answer: B", "B"))
    before = (folder / "replies.jsonl").read_bytes()
    assert main(["read", "replies.jsonl", "--out", "./replies.jsonl"]) == 4
    assert "is the file of replies; allowed: another file" in capsys.readouterr().err
    assert (folder / "replies.jsonl").read_bytes() == before
    assert main(["read", "replies.jsonl", "--out", "no/such/folder"]) == 4
    assert "cannot be written: No such file or directory" in capsys.readouterr().err
