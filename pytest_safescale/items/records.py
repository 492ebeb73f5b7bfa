"""From one raw record to one item, with every problem of the record noted.

All published shapes name the same things by a few different keys; which file they stood in does
not matter here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import Problem
from pytest_safescale.items.item import LETTERS, Item, Label, Option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["KNOWN_KEYS", "RawRecord", "normal_id", "read_item", "shown"]

_ID = ("question_id", "id")
_QUESTION = ("question", "question_text")
_ANSWER = ("answer_idx", "correct_answer", "answer")
_OPTION_COLUMNS = ("option_{letter}", "option_{lower}", "{letter}", "{lower}", "option_{number}")
_LABELS = {label: f"option_{{number}}_{label.value}" for label in Label}
_CONTEXTS = {
    "top_1": "top_1",
    "top_5": "top_5",
    "top_10": "standard_rag",
    "extended_150k": "max_context",
}
_TRUE, _FALSE = ("1", "true", "yes", "1.0"), ("0", "false", "no", "0.0", "")
_NEGATED = re.compile(
    r"\b(?:NOT|EXCEPT|LEAST)\b|\bwhich\b[^.?]{0,60}\b(?:is|are|would be) not\b", re.UNICODE
)
_SHOWN = 60

KNOWN_KEYS = frozenset(
    {
        *_ID,
        *_QUESTION,
        *_ANSWER,
        "options",
        "subspecialty",
        "question_type",
        "evidence_clean",
        "evidence_conflict",
        "deep_research_report",
        "metadata",
        "retrieved_contexts",
        "key_fact",
        "negated",
        "source",
        *(
            pattern.format(letter=letter, lower=letter.lower(), number=number)
            for number, letter in enumerate(LETTERS, 1)
            for pattern in (*_OPTION_COLUMNS, *_LABELS.values())
        ),
    }
)
"""Every key that is read; others are passed over and counted in the profile."""


@dataclass(kw_only=True)
class RawRecord:
    """A record as it stood in its file, and what is wrong with it."""

    file: str
    line: int | None
    values: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)

    @property
    def where(self) -> str:
        """``line 3, item 42``, as far as known."""
        item = _first(self.values, _ID)
        parts = [f"line {self.line}" if self.line is not None else ""]
        parts.append(f"item {shown(item)}" if item not in (None, "") else "")
        return ", ".join(part for part in parts if part)

    def wrong(self, key: str, found: object, allowed: str) -> None:
        """Note a problem."""
        told = found if isinstance(found, _Missing) else shown(found)
        self.problems.append(
            Problem(file=self.file, where=self.where, field=key, found=str(told), allowed=allowed)
        )


class _Missing(str):
    __slots__ = ()


MISSING = _Missing("nothing")


def normal_id(text: str) -> str:
    """Return the id by which items are matched: ``risk_radiorag_42`` and ``42`` are the same."""
    return text.strip().removeprefix("risk_radiorag_")


def shown(value: object) -> str:
    """Return a value as a message shows it: shortened, control characters escaped."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def read_item(record: RawRecord) -> Item | None:
    """Return the item of a record; ``None`` where it has a problem."""
    values = record.values
    metadata = _nested(record, "metadata")
    texts = _options(record)
    fields: dict[str, Any] = {
        "id": _id(record),
        "question": _text(record, _QUESTION),
        "answer": _answer(record, texts),
        "options": _labelled(record, texts),
    }
    optional: dict[str, Any] = {
        "subspecialty": _optional(record, values, "subspecialty") or "",
        "question_type": _optional(record, values, "question_type") or "",
        "source": _optional(record, values, "source") or "",
        "key_fact": _optional(record, values, "key_fact"),
        "clean_evidence": _either(record, values, metadata, "evidence_clean"),
        "conflict_evidence": _either(record, values, metadata, "evidence_conflict"),
        "research_report": _either(record, values, metadata, "deep_research_report"),
        "retrieved": _contexts(record),
        "negated": _negated(record, fields["question"]),
    }
    if record.problems:
        return None
    return Item(**fields, **optional)


def _first(values: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((values[key] for key in keys if values.get(key) not in (None, "")), None)


def _key(values: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((key for key in keys if key in values), keys[0])


def _id(record: RawRecord) -> str:
    value = _first(record.values, _ID)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
        return str(value).strip()
    record.wrong(_key(record.values, _ID), MISSING if value is None else value, "text or a number")
    return ""


def _text(record: RawRecord, keys: Sequence[str]) -> str:
    value = _first(record.values, keys)
    if isinstance(value, str) and value.strip():
        return value
    record.wrong(_key(record.values, keys), MISSING if value is None else value, "a text")
    return ""


def _optional(record: RawRecord, values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    if value is None or isinstance(value, str):
        return value
    record.wrong(key, value, "a text or nothing")
    return None


def _either(
    record: RawRecord, values: Mapping[str, Any], metadata: Mapping[str, Any], key: str
) -> str | None:
    return _optional(record, values if values.get(key) not in (None, "") else metadata, key)


def _nested(record: RawRecord, key: str) -> Mapping[str, Any]:
    value = record.values.get(key)
    if isinstance(value, str) and value.strip().startswith("{"):
        value = _parsed(value)
    if value in (None, ""):
        return {}
    if isinstance(value, dict):
        return value
    record.wrong(key, value, "an object or nothing")
    return {}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _options(record: RawRecord) -> list[tuple[str, str]]:
    """Return (letter, text) in order; every problem is noted."""
    raw = record.values.get("options")
    if isinstance(raw, str) and raw.strip()[:1] in ("{", "["):
        raw = _parsed(raw)
    if isinstance(raw, list):
        raw = dict(zip(LETTERS, raw, strict=False)) if len(raw) <= len(LETTERS) else raw
    if raw in (None, ""):
        raw = _option_columns(record.values)
    if not isinstance(raw, dict) or not raw:
        record.wrong("options", MISSING if raw in (None, {}) else raw, "two to five texts, A to E")
        return []
    given = {str(letter).strip().upper(): text for letter, text in raw.items()}
    given = {letter: text for letter, text in given.items() if text not in (None, "")}
    expected = LETTERS[: len(given)]
    if "".join(sorted(given)) != expected or not 2 <= len(given) <= len(LETTERS):
        letters = ", ".join(sorted(given))
        record.wrong("options", letters, "two to five letters from A on, without a gap")
        return []
    return _checked_texts(record, [(letter, given[letter]) for letter in expected])


def _option_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, letter in enumerate(LETTERS, 1):
        for pattern in _OPTION_COLUMNS:
            name = pattern.format(letter=letter, lower=letter.lower(), number=number)
            if values.get(name) not in (None, ""):
                found[letter] = values[name]
                break
    return found


def _checked_texts(record: RawRecord, options: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    for letter, text in options:
        if isinstance(text, (int, float)) and not isinstance(text, bool):
            text = str(text)  # noqa: PLW2901  # a table of numbers as options
        if not isinstance(text, str) or not text.strip():
            record.wrong(f"options.{letter}", text, "a text")
            continue
        twin = seen.setdefault(text.strip().casefold(), letter)
        if twin != letter:
            record.wrong(f"options.{letter}", text, f"a text that differs from option {twin}")
        texts.append((letter, text))
    return texts


def _answer(record: RawRecord, options: Sequence[tuple[str, str]]) -> str:
    value = _first(record.values, _ANSWER)
    letters = [letter for letter, _ in options]
    letter = value.strip().upper() if isinstance(value, str) else None
    if letter in letters and letter is not None:
        return letter
    if options:
        allowed = f"one of {', '.join(letters)}"
        record.wrong(_key(record.values, _ANSWER), MISSING if value is None else value, allowed)
    return ""


def _labelled(record: RawRecord, options: Sequence[tuple[str, str]]) -> tuple[Option, ...]:
    labels: dict[int, dict[str, bool]] = {}
    for number in range(1, len(LETTERS) + 1):
        labels[number] = {
            label.value: _flag(record, pattern.format(number=number))
            for label, pattern in _LABELS.items()
        }
        if options and number > len(options) and any(labels[number].values()):
            record.wrong(f"option_{number}_*", 1, f"labels of the {len(options)} options there are")
    return tuple(
        Option(letter=letter, text=text, **labels[number])
        for number, (letter, text) in enumerate(options, 1)
    )


def _flag(record: RawRecord, key: str) -> bool:
    """Return a 0/1 value in any of its spellings; missing is 0."""
    value = record.values.get(key)
    word = "" if value is None else str(value).strip().lower()
    if word in _TRUE:
        return True
    if word not in _FALSE:
        record.wrong(key, value, "0 or 1")
    return False


def _contexts(record: RawRecord) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, context in _nested(record, "retrieved_contexts").items():
        text = context.get("text") if isinstance(context, dict) else context
        name = _CONTEXTS.get(str(key))
        if name is not None and isinstance(text, str) and text.strip():
            found[name] = text
        elif name is not None and text not in (None, ""):
            record.wrong(f"retrieved_contexts.{key}", text, "a text or nothing")
    return found


def _negated(record: RawRecord, question: str) -> bool:
    if record.values.get("negated") in (None, ""):
        return _NEGATED.search(question) is not None
    return _flag(record, "negated")
