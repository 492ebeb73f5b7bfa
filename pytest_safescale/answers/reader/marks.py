"""Lists and tables in which options carry marks: right for one, wrong for the others."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_safescale.text.pattern import Pattern

__all__ = ["Marked", "has_wrong_sign", "marked_options"]

_RIGHT_SIGNS = "✓✔✅☑🗸🗹🟢⭕○◯"
_WRONG_SIGNS = "✗✘❌✖×☒🔴❎"
_RIGHT_WORDS = (
    r"correct|right|true|yes|best|best answer|correct answer|richtig|korrekt|ja|wahr|vrai|oui|"
    r"correcta?|sí|verdadero|certo|sim|verdadeir[oa]|giusto|sì|vero|juist|tak|doğru|đúng|верно|да|"
    r"صحيح|正确|正確|对|正しい|はい|맞음|예"
)
_WRONG_WORDS = (
    r"incorrect|wrong|false|no|not correct|not the answer|unlikely|falsch|nein|faux|non|"
    r"incorrecta?|falso|errad[oa]|não|sbagliato|onjuist|nee|nie|yanlış|sai|неверно|нет|خطأ|错误|"
    r"不正确|错|誤り|いいえ|틀림|아니요"
)
_SIGNS = _RIGHT_SIGNS + _WRONG_SIGNS
_BOX = r"[\[(](?P<box>[xX✓✔ ])[\])]"
_LINE = Pattern(
    rf"(?P<bold>[\s>|\-+•]{{0,4}}\*\*)?[\s>|*_\-+•]{{0,8}}"
    rf"(?:(?:(?P<first>[{_SIGNS}])\ufe0f?|{_BOX})[\s|*_]{{0,4}})?"
    r"[*_(\[]{0,4}(?:option\s|choice\s)?(?P<letter>[A-Za-z])(?![\w'’])[*_)\].:|\s–—-]{0,8}"
    r"(?P<rest>[^\n]{0,300})",
    re.IGNORECASE,
)
_MARK = (
    rf"(?:(?P<sign>[{_SIGNS}])\ufe0f?"
    rf"|(?:(?P<right>{_RIGHT_WORDS})|(?P<wrong>{_WRONG_WORDS}))(?!\w))"
)
_LAST = Pattern(
    rf"(?:(?P<sign>[{_SIGNS}])\ufe0f?(?:\s[^|]{{0,40}})?"
    rf"|(?:^|[(\[|:–—-]\s?[*_]{{0,3}})(?:(?P<right>{_RIGHT_WORDS})|(?P<wrong>{_WRONG_WORDS})))"
    r"[\s*_)\]|.!]{0,8}$",
    re.IGNORECASE,
)
_REMARK = Pattern(
    rf"(?:[(\[]\s?[*_]{{0,3}}(?:{_RIGHT_WORDS}|right answer|answer)\s?[*_]{{0,3}}[)\]]|(?:←|"
    rf"<[-=]{{1,3}}|⬅\ufe0f?|👈)"
    rf"\s?[*_(]{{0,3}}(?:{_RIGHT_WORDS}|right answer|answer|my answer)|:\s?[*_]{{0,3}}(?:the "
    rf")?(?:best|correct|right) "
    r"(?:answer|option|choice))[\s*_)\]|.!]{0,8}$",
    re.IGNORECASE,
)
"""A remark behind an option's text, which is no text of its own: ``(correct)``, ``<-- answer``."""
_BOXES_FIRST = Pattern(
    rf"^[^\w\n{_SIGNS}]{{0,8}}[☐{_SIGNS}]\ufe0f?\s?(?:option\s)?[A-Z](?!\w)"
    rf"[^\n]{{0,200}}[☐{_SIGNS}]\ufe0f?\s?[A-Z](?!\w)",
    re.MULTILINE,
)
_BOXED_INLINE = Pattern(
    rf"(?P<sign>[☐{_SIGNS}])\ufe0f?\s?(?:option\s)?(?P<letter>[A-Z])(?![\w'’])(?P<right>(?!))?"
    rf"(?P<wrong>(?!))?"
)
"""Marks before their options, behind each other: ``☐ A ☑ B``."""
_INLINE = Pattern(
    rf"(?<![\w'’])(?P<letter>(?-i:[A-Z]))[\"')\]*_]{{0,3}}\s?[.:=–—-]{{0,2}}\s?{_MARK}",
    re.IGNORECASE,
)
"""Options and their marks behind each other: ``A: no. B: yes.``, ``{"A": false, "B": true}``."""


@dataclass(frozen=True, kw_only=True)
class Marked:
    """An option that a line marks."""

    letter: str
    at: int
    """Of the letter in the text."""
    right: bool
    word: str
    """What the line says after the letter where a word marks it, which may be the option's own
    text, such as "yes"; empty where a sign does."""


def has_wrong_sign(line: str) -> bool:
    """Say whether a line carries a sign that marks it as wrong."""
    return any(sign in line for sign in _WRONG_SIGNS)


def marked_options(text: str, letters: str) -> list[Marked]:
    """Return the options that carry one mark each; ``letters`` are those that count.

    By lines, or behind each other where the lines mark fewer.
    """
    by_line = [one for one in _by_line(text) if one.letter in letters]
    behind = _BOXED_INLINE if _BOXES_FIRST.search(text) else _INLINE
    inline = [one for one in map(_inline, behind.finditer(text)) if one.letter in letters]
    return by_line if len(by_line) >= len(inline) else inline


def _by_line(text: str) -> list[Marked]:
    at, stated, found, bold = 0, 0, [], []
    for line in text.split("\n"):
        match = _LINE.fullmatch(line) if len(line) <= 360 else None
        one = _marked(match, at) if match else None
        found += [one] if one else []
        if match and one is None:
            stated += 1
            bold += [_emphasised(match, at)] if match["bold"] else []
        at += len(line) + 1
    # One option in bold among those that are not, none of them marked otherwise.
    return bold if not found and len(bold) == 1 and stated > 2 else found


def _inline(match: re.Match[str]) -> Marked:
    right = match["sign"] in _RIGHT_SIGNS if match["sign"] else bool(match["right"])
    word = match["right"] or match["wrong"] or ""
    letter = match["letter"].upper()
    return Marked(letter=letter, at=match.start("letter"), right=right, word=word)


def _marked(match: re.Match[str], at: int) -> Marked | None:
    remark = _REMARK.search(match["rest"][-60:])
    last = _LAST.search(match["rest"][-60:])
    signs = [sign for sign in (match["first"], last and last["sign"]) if sign]
    if remark is None and last is None and not signs and match["box"] is None:
        return None
    if match["box"] is not None:
        right = match["box"] != " "
    elif signs:
        right = signs[0] in _RIGHT_SIGNS
    else:
        right = remark is not None or bool(last and last["right"])
    return Marked(
        letter=match["letter"].upper(),
        at=at + match.start("letter"),
        right=right,
        word="" if signs or match["box"] or remark else match["rest"],
    )


def _emphasised(match: re.Match[str], at: int) -> Marked:
    letter = match["letter"].upper()
    return Marked(letter=letter, at=at + match.start("letter"), right=True, word="")
