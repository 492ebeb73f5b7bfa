"""The correct answer of a record: a letter, a declared number, or an option's text.

What a number means is never guessed: the first option is 0 in some files and 1 in others, so a
shape says which (``answer_from``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.headings import SYNONYMS
from pytest_safescale.dataset.item import LETTERS, PAPER_LETTERS
from pytest_safescale.dataset.raw_record import MISSING, absent, blank
from pytest_safescale.dataset.text_literals import read_literal

if TYPE_CHECKING:
    from pytest_safescale.dataset.option_cells import GivenOptions
    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = ["BY_BOTH", "BY_LETTER", "BY_TEXT", "number_of", "read_answer_key"]

BY_LETTER = "answers that are letters"
BY_TEXT = "answers that are options' texts"
BY_NUMBER = "answers that are numbers"
BY_BOTH = "answers that are one option's letter and another's text"
"""Findings: how an answer names its option."""

_KEYS = SYNONYMS[2]
_LETTER = re.compile(
    r"[(\[（]?(?:(?:option|choice|answer)\s*[:#]?\s*)?[(\[]?(?P<letter>[a-z])[)\]）]?[.:、．)]?"
    r"(?:\s+(?P<text>\S.*))?",
    re.DOTALL | re.IGNORECASE,
)


def read_answer_key(
    record: RawRecord, options: GivenOptions, answer_from: int | None, kind: str = ""
) -> str:
    """Return the letter of the correct option; empty, and a problem noted, where none is stated.

    Where the answer stands under several keys, they must agree; text that is no option's is passed
    over beside a letter. ``kind`` (BY_LETTER or BY_TEXT) settles what can be meant as both.
    """
    filled = {key: record.values[key] for key in _KEYS if not blank(record.values.get(key))}
    meant = {key: _meant(value, options, answer_from) for key, value in filled.items()}
    if "answer_idx" in meant and meant["answer_idx"].get(BY_LETTER):
        meant["answer_idx"].pop(BY_TEXT, None)  # never a text: the key says so
    key = next(iter(filled), _KEYS[0])
    first = meant.get(key, {})
    others = [set().union(*other.values()) for name, other in meant.items() if name != key]
    common = {
        way: letter
        for way, letters in first.items()
        for letter in letters
        if all(letter in other for other in others if other)
    }
    if len(set(common.values())) > 1 and kind in common:
        common = {kind: common[kind]}
    letters = list(dict.fromkeys(common.values()))
    if len(letters) == 1:
        if len(common) == 1:
            record.finds(next(iter(common)), letters[0])
        return letters[0]
    if not any(first.values()):
        record.wrong(key, *_refusal(filled.get(key, MISSING), options, answer_from))
    elif not letters:
        given = {key: record.values[key] for key in _KEYS if key in record.values}
        record.wrong(key, given, "one letter under all of these keys")
    else:
        record.finds(BY_BOTH, key)
        both = " and ".join(letters)
        record.wrong(key, filled[key], f"one option: as letter and as text it means {both}")
    return ""


def number_of(value: object) -> int | None:
    """Return the whole number that a value is, also as text; ``None`` for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,3}(?:\.0)?", value.strip()):
        return int(float(value))
    return None


def _meant(value: Any, options: GivenOptions, answer_from: int | None) -> dict[str, list[str]]:
    """Return the letters that a value can mean, by the way in which it means them."""
    if isinstance(value, str):
        value = read_literal(value)
    if isinstance(value, (list, tuple)):
        return _meant(value[0], options, answer_from) if len(value) == 1 else {}
    word = " ".join(str(value).split())
    if word in options.letters:
        return {BY_LETTER: [options.letters[word]]}
    number = number_of(value)
    if number is None:
        letter = _of_letter(word, options)
        return {BY_LETTER: letter, BY_TEXT: _of_text(word, options, exactly=bool(letter))}
    if answer_from is not None:
        place = number - answer_from
        there = 0 <= place < len(options.texts)
        return {BY_NUMBER: [list(options.texts)[place]]} if there else {}
    # A number that could be a place is none of the options' texts unless that is declared.
    return {} if 0 <= number <= len(options.texts) else {BY_TEXT: _of_text(word, options)}


def _of_letter(word: str, options: GivenOptions) -> list[str]:
    match = _LETTER.fullmatch(word)
    letter = match["letter"].upper() if match else ""
    if match is None or letter not in (options.texts or PAPER_LETTERS):
        return []
    # "B. US" names an option twice; "A fracture" is an article and a noun.
    alike = match["text"] is None or _plain(match["text"]) == _plain(options.texts.get(letter, ""))
    return [letter] if alike else []


def _of_text(word: str, options: GivenOptions, *, exactly: bool = False) -> list[str]:
    exact = [letter for letter, text in options.texts.items() if " ".join(text.split()) == word]
    if exact or exactly:
        return exact
    alike = [letter for letter, text in options.texts.items() if _plain(text) == _plain(word)]
    return alike if len(alike) == 1 else []


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".")


def _refusal(value: object, options: GivenOptions, answer_from: int | None) -> tuple[object, str]:
    """Return what stood there and what is allowed, for an answer that names no option."""
    letters = f"one of {', '.join(options.texts or PAPER_LETTERS)}"
    number = number_of(value)
    if number is None:
        return (MISSING if absent(value) else value), letters
    if answer_from is None:
        return value, f"{letters}; a number where the shape says answer_from = 0 or answer_from = 1"
    last = answer_from + len(options.texts or LETTERS) - 1
    hint = ""
    if answer_from == 0 and number == last + 1:
        hint = "; answer_from = 1 is for files that call the first option 1"
    if answer_from == 1 and number == 0:
        hint = "; answer_from = 0 is for files that call the first option 0"
    return value, f"{letters}, or a number from {answer_from} to {last}{hint}"
