"""Text from outside in each medium: shown as it is, and nothing in it acts."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.text.escaping import (
    code_span,
    csv_cell,
    isolated,
    json_line,
    markdown,
    markdown_block,
    one_line,
    plain,
    shorten,
    terminal_line,
    terminal_text,
    xml_text,
)

J = "&#8288;"
UNSEEN = [
    *map(chr, range(0x7F, 0xA0)),
    *"\u00ad\u061c\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067",
    *"\u2068\u2069\u3164\ufeff\ufffb\uffff\ud800\U000e0041",
]
"""C1 controls, marks of direction, and what shows nothing."""
CONTROLS = [*map(chr, range(0x20)), *UNSEEN]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain text\nwith\ttabs", "plain text\nwith\ttabs"),
        ("a\x00b", "a[U+0000]b"),
        ("bell\x07 escape\x1b[31m", "bell[U+0007] escape[U+001B][31m"),
        ("line\r\nnext\rover", "line\nnext[U+000D]over"),
        ("abc\u202edcba", "abc[U+202E]dcba"),
        ("zero\u200bwidth", "zero[U+200B]width"),
        ("half \ud800 pair", "half [U+D800] pair"),
        ("para\u2028graph\u2029", "para[U+2028]graph[U+2029]"),
        ("tag\U000e0041", "tag[U+E0041]"),
        ("soft\u00adhyphen", "soft[U+00AD]hyphen"),
        ("Ödem, 肺 and 🫁", "Ödem, 肺 and 🫁"),
    ],
)
def test_a_character_that_would_not_be_seen_is_written_out(given: str, shown: str) -> None:
    assert plain(given) == shown


@pytest.mark.parametrize("char", UNSEEN)
def test_every_medium_shows_what_would_not_be_seen(char: str) -> None:
    shown = f"a[U+{ord(char):04X}]b"
    said = f"a{char}b"
    assert terminal_line(said) == terminal_text(said) == xml_text(said) == isolated(said) == shown
    assert one_line(said) == csv_cell(said) == shown
    assert markdown(said) == shown.replace("[", "\\[").replace("]", "\\]")
    assert char not in json_line([said])
    assert json.loads(json_line([said])) == [said]


def test_one_line_and_a_short_one() -> None:
    assert one_line(" two\n lines\tand \x00 ") == "two lines and [U+0000]"
    assert shorten("two\n lines\tand \x00", 40) == "two lines and [U+0000]"
    assert shorten("m" * 41, 40) == "m" * 39 + "…"
    assert shorten("m" * 40, 40) == "m" * 40
    assert len(shorten("m " * 10_000_000, 40)) == 40


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("answered B", "answered B"),
        ("tests/test_x.py::test_case[m-closed_book-i1]", None),
        ("  two  columns   stay", None),
        ("one\nPassed: 6 gates.", "one[U+000A]Passed: 6 gates."),
        ("one\rPassed: 6 gates.", "one[U+000D]Passed: 6 gates."),
        ("a\ttab", "a tab"),
        ("\x1b[2J\x1b]0;title\x07", "[U+001B][2J[U+001B]]0;title[U+0007]"),
        ("\x9b2J", "[U+009B]2J"),
        ("::error::all is well", ": :error::all is well"),
        ("  ::set-output name=x::y", "  : :set-output name=x::y"),
        ("served as ::add-mask::x", "served as : :add-mask::x"),
        ("::stop-commands::x", ": :stop-commands::x"),
        ("a ##[error]b ##[group]", "a # #[error]b # #[group]"),
        ("x##vso[task.complete result=Succeeded]", "x# #vso[task.complete result=Succeeded]"),
        ("##TeamCity[buildStatus status='SUCCESS']", "# #TeamCity[buildStatus status='SUCCESS']"),
        ("## heading, a::b and :: alone", None),
    ],
)
def test_a_line_can_do_nothing_to_a_terminal_or_a_ci_log(said: str, shown: str | None) -> None:
    assert terminal_line(said) == (said if shown is None else shown)


def test_lines_for_a_terminal_stay_lines() -> None:
    assert terminal_text("a\r\n::error::b\n\tc\x1b") == "a\n: :error::b\n c[U+001B]"


@given(st.text(alphabet=[*CONTROLS, *"#:[ avso::teamcity"]))
def test_no_text_brings_controls_lines_or_commands_to_a_terminal(said: str) -> None:
    shown = terminal_line(said)
    assert not set(shown) & set(CONTROLS)
    assert not re.search(r"##(\[|vso\[|teamcity\[)|^\s*::[\w-]", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("high risk is 0.05; 5 - 3 (n = 20)", "high risk is 0.05; 5 - 3 (n = 20)"),
        ("standard_rag", r"standard\_rag"),
        ("**bold** `code` ~~gone~~", rf"\*\*bold\*\* \`code\` \~\~{J}gone\~\~"),
        ("<img src=x> & &amp;", rf"\<img src=x\> \& \&{J}amp;"),
        ("a | b", r"a \| b"),
        ("[x](y) ![i](z) [^1]", r"\[x\](y) !\[i\](z) \[\^1\]"),
        ("{{x}} {:.class}", r"\{\{x\}\} \{:.class\}"),
        ("\\", r"\\"),
        ("# head", r"\# head"),
        ("###### head", r"\###### head"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("* item", r"\* item"),
        ("---", r"\---"),
        ("===", r"\==="),
        ("1. item", r"1\. item"),
        ("12) item", r"12\) item"),
        ("1.5 of them", "1.5 of them"),
        ("-5 of them", "-5 of them"),
        ("> quoted", r"\> quoted"),
        ("~~~ fence", r"\~\~\~ fence"),
        ("a\n\n# head\n    code", "a # head code"),
        ("@someone, a@b.example", f"@{J}someone, a@{J}b.example"),
        ("owner/name#12, #3 and GH-4", f"owner/name#{J}12, #{J}3 and GH-{J}4"),
        ("!5 %6 ~label &7", rf"!{J}5 %{J}6 \~{J}label \&{J}7"),
        ("https://x.example", f"https:{J}//x.example"),
        ("www.x.example, WWW.x", f"www{J}.x.example, WWW{J}.x"),
        ("mailto:a xmpp:b", f"mailto{J}:a xmpp{J}:b"),
        (":rocket:", f":{J}rocket:"),
        ("$x^2$ and $$y$$, 5 $", r"`$`x\^2`$` and `$$`y`$$`, 5 `$`"),
        ("", ""),
    ],
)
def test_markdown_shows_text_as_it_is(said: str, written: str) -> None:
    assert markdown(said) == written


@given(st.text(alphabet=[*CONTROLS, *"@#!$a1:/w.-+[](){}<>|`~*_\\& ="]))
def test_no_text_acts_in_markdown(said: str) -> None:
    written = markdown(said).replace(J, "\N{WORD JOINER}")
    assert not set(written) & (set(CONTROLS) - {"\N{WORD JOINER}"})
    assert not re.search(r"@\w|#\w|://|www\.|(?<!\\)[<>|*_~\[\]]", written)
    assert not re.match(r"#{1,6} |[-+] |\d+[.)] |--|=", written)
    assert all(set(part) == {"$"} for part in re.findall(r"(?<!\\)`(.*?)(?<!\\)`", written))


def test_code_in_markdown_is_not_left() -> None:
    assert code_span("a`b\n`c") == "`a'b 'c`"
    lines = ["  n  value", "```", "# no heading", "a\n````", "\x1b"]
    assert markdown_block(lines) == [
        "`````text",
        "  n  value",
        "```",
        "# no heading",
        "a ````",
        "[U+001B]",
        "`````",
    ]
    assert markdown_block(["a"]) == ["```text", "a", "```"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("m", "m"),
        ("a=b", "a=b"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("\r=x", "'[U+000D]=x"),
        ("\n=x", "'\n=x"),
        ("  =x", "'  =x"),
        ("＝x", "'＝x"),
        ("a\x1b", "a[U+001B]"),
        (-1.5, -1.5),
        (7, 7),
        (None, None),
        (False, False),
    ],
)
def test_no_cell_is_a_formula_and_numbers_stay_numbers(value: object, cell: object) -> None:
    assert csv_cell(value) == cell


def test_a_cell_that_is_quoted_is_read_back_whole() -> None:
    file = io.StringIO()
    csv.writer(file).writerow([csv_cell('=HYPERLINK("x";"y"),1'), csv_cell(-0.5)])
    file.seek(0)
    assert next(csv.reader(file)) == ['\'=HYPERLINK("x";"y"),1', "-0.5"]


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_json_lines_are_lines_and_say_what_was_said(value: object) -> None:
    line = json_line([value, "".join(CONTROLS)])
    assert len(line.splitlines()) == 1
    assert line.encode("utf-8").decode("utf-8") == line
    assert not set(line) & set(CONTROLS)
    assert json.loads(line) == [value, "".join(CONTROLS)]


def test_xml_takes_every_character() -> None:
    element = ET.Element("x", {"y": xml_text("".join(map(chr, range(0x3000))) + "\ud800\uffff")})
    assert ET.fromstring(ET.tostring(element, encoding="utf-8")).get("y")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("left to right", "left to right"),
        ("m-שלום 12", "m-\u2068שלום\u2069 12"),
        ("שלום 12 שלום 13", "\u2068שלום 12 שלום\u2069 13"),
        ("שלום and سلام", "\u2068שלום\u2069 and \u2068سلام\u2069"),
        ("\u202eabc", "[U+202E]abc"),
        ("\u2069שלום", "[U+2069]\u2068שלום\u2069"),
    ],
)
def test_words_from_right_to_left_turn_nothing_beside_them_around(said: str, written: str) -> None:
    assert isolated(said) == written


@pytest.mark.parametrize(
    "unit", ["#", ":", "@", "`", "$", "\u05d0", "\u05d01", "\x1b", "\\", "-", "w"]
)
def test_long_text_takes_time_that_grows_with_its_length(unit: str) -> None:
    said = unit * (100_000 // len(unit))
    for write in (terminal_text, markdown, csv_cell, isolated, json_line, plain):
        assert write(said)
