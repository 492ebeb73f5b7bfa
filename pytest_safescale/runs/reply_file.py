"""Files of replies beside what a person reads in them, read as a run reads its replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.answers.judged_reply import JudgedReply
from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.dataset.item import LETTERS
from pytest_safescale.errors import DatasetError
from pytest_safescale.results.record_lines import numbered_lines
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["read_replies"]

_BESIDE = ("finish_reason", "refusal", "reasoning")
"""What a server may have given beside a text, by the names under which the reader takes it."""
_LONGEST = 60
"""Characters of a faulty value that an error shows."""
_MISSING = object()


def read_replies(path: Path) -> list[JudgedReply]:
    """Return what is read of each line of a file, in its order; blank lines are none.

    Raises DatasetError for a file or a line that cannot be used, naming both.
    """
    found = [_read(record, path, line) for line, record in numbered_lines(path)]
    if not found:
        raise DatasetError(f"{path}: found no reply; allowed: at least one line")
    return found


def _read(record: Mapping[str, Any], path: Path, line: int) -> JudgedReply:
    place = f"{path}, line {line}"
    reply = record.get("reply", _MISSING)
    if not isinstance(reply, str):
        raise _refused(place, "reply", reply, "the text of a reply")
    beside = {name: record[name] for name in _BESIDE if record.get(name) is not None}
    for name, value in beside.items():
        if not isinstance(value, str):
            raise _refused(place, name, value, "a text, null or nothing")
    letter = record.get("letter")
    if letter is not None and not _is_letter(letter):
        raise _refused(place, "letter", letter, "a capital letter, or null for no answer")
    return JudgedReply(
        line=line,
        answer=read_answer(reply, _options(record, place), **beside),
        is_judged="letter" in record,
        by_person=letter,
    )


def _options(record: Mapping[str, Any], place: str) -> dict[str, str] | None:
    options = record.get("options")
    if options is None:
        return None
    if isinstance(options, dict) and options and all(_is_text(one) for one in options.values()):
        letters = sorted(options)
        if letters == list(LETTERS[: len(letters)]):
            return {letter: options[letter] for letter in letters}
    allowed = 'an object of each letter from A on and its text, such as {"A": "CT", "B": "MRI"}'
    raise _refused(place, "options", options, allowed)


def _is_letter(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and value in LETTERS


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _refused(place: str, key: str, value: object, allowed: str) -> DatasetError:
    found = "nothing" if value is _MISSING else shorten(repr(value), _LONGEST)
    return DatasetError(f"{place}, {key}: found {found}; allowed: {allowed}")
