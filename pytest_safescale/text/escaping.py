"""Text from outside, made fit for each medium it is written to.

Data sets, models, servers, applications and files of earlier runs may say anything. Each medium has
one function here, and every writer goes through it: terminals and logs of CI, Markdown, CSV, JSON
lines, XML and HTML.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "code_span",
    "csv_cell",
    "isolated",
    "json_line",
    "markdown",
    "markdown_block",
    "one_line",
    "plain",
    "shorten",
    "terminal_line",
    "terminal_text",
    "writable",
    "xml_text",
]

_UNSEEN = (
    "\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""C1 controls, line separators, marks that turn the reading direction, invisible characters, tags,
lone halves of surrogate pairs, and what is no character at all."""
_UNSHOWABLE = Pattern(f"[\x00-\x08\x0b-\x1f{_UNSEEN}]")
_UNSHOWABLE_IN_A_LINE = Pattern(f"[\x00-\x1f{_UNSEEN}]")
_UNWRITABLE_IN_JSON = Pattern(f"[{_UNSEEN}]")
_DELETE = "\x7f"
"""Of what JSON lines do not show the only character that is ASCII."""
_LONGEST_START = 20
"""How many times its limit of a text is looked at where it is shortened."""


def plain(text: str) -> str:
    """Return the text with every character that would not be seen written as ``[U+XXXX]``.

    Line feeds and tabs stay; a carriage return before a line feed goes.
    """
    # Of ASCII alone each character that can be printed is seen: most texts need no search.
    if (text.isascii() and text.isprintable()) or not _UNSHOWABLE.search(text):
        return text
    return _UNSHOWABLE.sub(_code_point, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Return the text as one line, every run of space made one."""
    return " ".join(plain(text).split())


def shorten(text: str, limit: int) -> str:
    """Return one line of at most ``limit`` characters."""
    line = one_line(text[: _LONGEST_START * limit])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _code_point(match: re.Match[str]) -> str:
    return f"[U+{ord(match[0]):04X}]"


_COMMANDS = Pattern(r"(?<=#)(?=#(?:\[|vso\[|teamcity\[))|(?<=:)(?<!\S:)(?=:[\w-])", re.IGNORECASE)
"""Within what CI systems take for commands in a log: ``##[error]`` and ``##vso[`` anywhere in a
line, ``::error::`` where one begins."""


def terminal_line(text: str) -> str:
    """Return a line for terminals and logs of CI: no control acts, and no further line begins."""
    if not (text.isascii() and text.isprintable()):  # most lines: to search each takes long
        text = _UNSHOWABLE_IN_A_LINE.sub(_code_point, text.replace("\t", " "))
    return _COMMANDS.sub(" ", text) if "##" in text or "::" in text else text


def terminal_text(text: str) -> str:
    """Return lines for terminals and logs of CI; those that are there stay."""
    return "\n".join(map(terminal_line, text.replace("\r\n", "\n").split("\n")))


_MARKS = Pattern(r"[\\`*_~|<>\[\]{}&^]")
_JOINER = "&#8288;"
"""A word joiner, as an entity: it shows nothing and separates what it stands between."""
_ACTIVE = Pattern(
    r"@(?=\w)|#(?=\w)|(?<!\w)(?:GH-|[!%])(?=\d)|\\[~&](?=\w)|:(?=//)|:(?=[\w+-]+:)"
    r"|\b(?:www|ftp)(?=\.)|\b(?:mailto|xmpp)(?=:)",
    re.IGNORECASE,
)
"""What pages that show Markdown turn into mentions, references, links and pictures, whatever is
escaped: ``@name``, ``#1``, ``GH-1``, ``!1``, ``https://``, ``www.``, ``:rocket:``."""
_BLOCK = Pattern(r"(\d{0,9})(#(?=#{0,5}(?:\s|$))|[-+.)](?=[\s-]|$)|=)")
"""What makes a heading, a list or a rule where a line begins."""


def markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line, wherever in a line it stands."""
    line = _MARKS.sub(r"\\\g<0>", one_line(text))
    if block := _BLOCK.match(line):
        line = f"{block[1]}\\{line[block.start(2) :]}"
    line = _ACTIVE.sub(rf"\g<0>{_JOINER}", line)
    # Dollars are formulas on some pages, escaped or not; in code they are none anywhere.
    return re.sub(r"\$+", r"`\g<0>`", line)


def code_span(text: str) -> str:
    """Return text as a span of code in Markdown; back-ticks in it become apostrophes."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def markdown_block(lines: Iterable[str]) -> list[str]:
    """Return lines as a block of code in Markdown: they keep their columns, and nothing acts."""
    content = [plain(line.replace("\n", " ")) for line in lines]
    longest = max((len(run) for line in content for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *content, fence]


_FORMULA = Pattern(r"\s*[=+\-@\t\r\n＝＋－＠]")


def csv_cell(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula; numbers stay numbers.

    A text that begins like one gets an apostrophe before it, as OWASP says of CSV injection.
    """
    if not isinstance(value, str):
        return value
    return f"'{plain(value)}" if _FORMULA.match(value) else plain(value)


_JSON = json.JSONEncoder(ensure_ascii=False)


def json_line(record: Any) -> str:
    """Return JSON data on one line in UTF-8, its unseen characters as escapes."""
    line = _JSON.encode(record)
    if line.isascii() and _DELETE not in line:  # most lines: to look at each character takes long
        return line
    return _UNWRITABLE_IN_JSON.sub(_json_escape, line)


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def xml_text(text: str) -> str:
    """Return a sentence of characters that XML may hold; CI prints such files into its logs.

    An XML writer escapes its marks.
    """
    return terminal_line(text)


_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_OTHER_WAY = Pattern(f"[{_RIGHT_TO_LEFT}](?:[^A-Za-z\\n]*[{_RIGHT_TO_LEFT}])?")


def writable(text: str) -> str:
    """Return text that UTF-8 can carry: JSON may hold half a surrogate pair, which it cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def isolated(text: str) -> str:
    """Return text for HTML: words written from right to left turn nothing beside them around.

    An HTML writer escapes its marks.
    """
    if text.isascii():
        return plain(text)
    return _OTHER_WAY.sub("\u2068\\g<0>\u2069", plain(text))
