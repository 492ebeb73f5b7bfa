"""From one raw record to one item, with every problem of the record noted.

All published shapes name the same things by a few different keys; which file they stood in does
not matter here.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytest_safescale.items.headings import LISTED
from pytest_safescale.items.item import LETTERS, Item, Label, Option
from pytest_safescale.items.options import OPTION_KEYS, read_options
from pytest_safescale.items.raw import MISSING, blank, is_text, strict_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.items.raw import RawRecord

__all__ = ["FAMILIES", "KNOWN_KEYS", "item_id", "normal_id", "read_item", "unfolded"]

_ID = ("question_id", "id")
_QUESTION = ("question", "question_text")
_ANSWER = ("answer_idx", "correct_answer", "answer")
FAMILIES = (_ID, _QUESTION, _ANSWER)
"""Keys that mean the same; the first that is filled is read."""

_LABELS = {label: f"option_{{number}}_{label.value}" for label in Label}
_NESTED = ("metadata", "options", "retrieved_contexts")
_CONTEXTS = {
    "top_1": "top_1",
    "top_5": "top_5",
    "top_10": "standard_rag",
    "extended_150k": "max_context",
}
_PREFIX = "risk_radiorag_"
_LONGEST_ID = 200
_TRUE, _FALSE = ("1", "true", "yes", "1.0"), ("0", "false", "no", "0.0", "")
_NEGATED = re.compile(
    r"\b(?:NOT|EXCEPT|LEAST)\b"
    # "which patient who is not ..." asks about a patient, not for what does not hold.
    r"|\b(?i:which)\b(?:(?!\b(?:who|that|whose|when|if)\b)[^.?]){0,80}?"
    r"\b(?:is|are|was|were|does|do|did|would|should|can|must|may|will)(?:\s+be)?(?:\s+not\b|n['’]t\b)"
    r"|\b(?i:which)\b[^.?]{0,80}?\bcannot\b"
    r"|\b(?i:all|each)\b[^.?]{0,80}\bexcept\b"
    r"|\bleast (?:likely|appropriate|suitable|useful|typical|accurate|urgent)\b"
)

KNOWN_KEYS = frozenset(
    {
        *(key for family in FAMILIES for key in family),
        *OPTION_KEYS,
        *_NESTED,
        "subspecialty",
        "question_type",
        "evidence_clean",
        "evidence_conflict",
        "deep_research_report",
        "key_fact",
        "negated",
        "source",
        *LISTED.values(),
        *(
            pattern.format(number=number)
            for number in range(1, len(LETTERS) + 1)
            for pattern in _LABELS.values()
        ),
    }
)
"""Every key that is read; others are passed over and named in the profile."""


def normal_id(text: str | int) -> str:
    """Return the id by which items are matched: ``risk_radiorag_42``, ``"42"`` and 42 are one."""
    return str(text).strip().removeprefix(_PREFIX)


def unfolded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record whose dotted keys (``metadata.evidence_clean``) have become objects."""
    plain: dict[str, Any] = {}
    for key, value in values.items():
        *path, leaf = key.split(".") if key.startswith(tuple(f"{n}." for n in _NESTED)) else [key]
        place = plain
        for step in path:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        if leaf not in place or not blank(value):
            place[leaf] = value
    return plain


def read_item(record: RawRecord) -> Item | None:
    """Return the item of a record; ``None`` where it has a problem."""
    values = record.values
    metadata = _nested(record, "metadata")
    question = _question(record)
    texts = read_options(record)
    answer = _answer(record, texts)
    labels = [_labels(record, number, len(texts)) for number in range(1, len(LETTERS) + 1)]
    _add_listed(record, "".join(texts), labels)
    optional: dict[str, Any] = {
        "subspecialty": _optional(record, values, "subspecialty") or "",
        "question_type": _optional(record, values, "question_type") or "",
        "source": _optional(record, values, "source") or "",
        "key_fact": _optional(record, values, "key_fact"),
        "clean_evidence": _either(record, metadata, "evidence_clean"),
        "conflict_evidence": _either(record, metadata, "evidence_conflict"),
        "research_report": _either(record, metadata, "deep_research_report"),
        "retrieved": _contexts(record),
        "negated": _negated(record, question),
    }
    id_ = item_id(values)
    if id_ is None:
        given = _first(values, _ID)[1]
        record.wrong(_ID[0], given, f"a number or at most {_LONGEST_ID} printable characters")
    if record.problems or id_ is None:
        return None
    options = tuple(
        Option(letter=letter, text=text, **flags)
        for (letter, text), flags in zip(texts.items(), labels, strict=False)
    )
    return Item(id=id_, question=question, options=options, answer=answer, **optional)


def item_id(values: Mapping[str, Any]) -> str | None:
    """Return the id of a record as it was given; ``None`` where it has no usable one."""
    _, value = _first(values, _ID)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    # An id stands in test ids, file names and terminals.
    return text if text.isprintable() and 0 < len(text) <= _LONGEST_ID else None


def _first(values: Mapping[str, Any], keys: Sequence[str]) -> tuple[str, Any]:
    """Return the first key that is filled, with its value; else the first, with nothing."""
    return next(
        ((key, values[key]) for key in keys if not blank(values.get(key))), (keys[0], MISSING)
    )


def _question(record: RawRecord) -> str:
    key, value = _first(record.values, _QUESTION)
    if is_text(value):
        return value
    record.wrong(key, value, "a text")
    return ""


def _optional(record: RawRecord, values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    if value is None or is_text(value):
        return value
    record.wrong(key, value, "a text or nothing")
    return None


def _either(record: RawRecord, metadata: Mapping[str, Any], key: str) -> str | None:
    return _optional(record, metadata if blank(record.values.get(key)) else record.values, key)


def _nested(record: RawRecord, key: str) -> Mapping[str, Any]:
    value = given = record.values.get(key)
    if isinstance(value, str) and not blank(value):
        with suppress(ValueError, RecursionError):
            value = strict_json(value)
    if blank(value):
        return {}
    if isinstance(value, dict):
        return value
    record.wrong(key, given, "an object or nothing")
    return {}


def _answer(record: RawRecord, options: Mapping[str, str]) -> str:
    letters = list(options or LETTERS)
    key, value = _first(record.values, _ANSWER)
    named = {
        word
        for other in _ANSWER
        if (word := str(record.values.get(other, "")).strip().upper()) in letters
    }
    if len(named) > 1:
        found = {key: record.values[key] for key in _ANSWER if key in record.values}
        record.wrong(key, found, "one letter under all of these keys")
    letter = value.strip().upper() if isinstance(value, str) else ""
    if letter not in letters:
        record.wrong(key, value, f"one of {', '.join(letters)}")
    return letter


def _labels(record: RawRecord, number: int, options: int) -> dict[str, bool]:
    """Return the labels of one option; one that is set needs an option to belong to."""
    flags = {}
    for label, pattern in _LABELS.items():
        key = pattern.format(number=number)
        flags[label.value] = _flag(record, key)
        if flags[label.value] and 0 < options < number:
            record.wrong(key, record.values[key], f"0 or nothing: there are {options} options")
    return flags


def _add_listed(record: RawRecord, letters: str, labels: Sequence[dict[str, bool]]) -> None:
    """Set the labels whose options a record lists by letter: a list, or text such as ``B, D``."""
    for label, key in LISTED.items():
        given = record.values.get(key)
        words = re.split(r"[\s,;/|]+", given) if isinstance(given, str) else given
        if blank(given):
            continue
        named = [str(word).strip().upper() for word in words] if isinstance(words, list) else [""]
        # An empty end of a list such as "B;" is no letter.
        named = [word for word in named if word] or [""]
        if not all(word and word in (letters or LETTERS) and len(word) == 1 for word in named):
            record.wrong(key, given, f"letters among {', '.join(letters or LETTERS)}, or nothing")
            continue
        for word in named:
            labels[LETTERS.index(word)][label] = True


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
        if key not in _CONTEXTS:
            continue
        text = context.get("text") if isinstance(context, dict) else context
        if is_text(text) and not blank(text):
            found[_CONTEXTS[key]] = text
        elif not blank(text):
            record.wrong(f"retrieved_contexts.{key}", text, "a text or nothing")
    return found


def _negated(record: RawRecord, question: str) -> bool:
    if blank(record.values.get("negated")):
        return _NEGATED.search(question) is not None
    return _flag(record, "negated")
