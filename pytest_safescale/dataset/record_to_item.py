"""From one raw record to one item, with every problem of the record noted.

All published shapes name the same things by a few different keys; which file they stood in does
not matter here.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.answer_keys import read_answer_key
from pytest_safescale.dataset.headings import NESTED, SYNONYMS
from pytest_safescale.dataset.item import PUBLIC, SEALED, Item
from pytest_safescale.dataset.label_cells import FILLED_CELLS, read_flag, read_labels
from pytest_safescale.dataset.lettered_options import choices_behind
from pytest_safescale.dataset.option_cells import read_options
from pytest_safescale.dataset.raw_record import MISSING, absent, blank, is_text
from pytest_safescale.dataset.severity_cells import read_severities
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.dataset.text_literals import read_literal
from pytest_safescale.dataset.votes import MAJORITY, labels_of_votes, read_votes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.dataset.option_cells import GivenOptions
    from pytest_safescale.dataset.raw_record import RawRecord
    from pytest_safescale.dataset.votes import LabelRule

__all__ = [
    "CHOICES_DIFFER",
    "CHOICES_REMOVED",
    "CONTENT_ID",
    "CONTEXTS",
    "item_id",
    "normal_id",
    "read_item",
    "unfolded",
]

CHOICES_REMOVED = "options listed behind the question"
CHOICES_DIFFER = "questions that list other options than the item has"
CONTENT_ID = "records without an id"
"""Findings: what was read as it was meant, and must be known."""

_ID, _QUESTION = SYNONYMS[0], SYNONYMS[1]
CONTEXTS = {
    "top_1": "top_1",
    "top_5": "top_5",
    "top_10": "standard_rag",
    "extended_150k": "max_context",
}
"""The condition of each context that comes with a record."""
_FOLDED = tuple(f"{name}." for name in NESTED)
"""How dotted keys begin."""
_PREFIX = "risk_radiorag_"
_LONGEST_ID = 200
_NEGATED = re.compile(
    r"\b(?:NOT|EXCEPT|LEAST)\b"
    # "which patient who is not ..." asks about a patient, not for what does not hold.
    r"|\b(?i:which)\b(?:(?!\b(?:who|that|whose|when|if)\b)[^.?]){0,80}?"
    r"\b(?:is|are|was|were|does|do|did|would|should|can|must|may|will)(?:\s+be)?(?:\s+not\b|n['’]t\b)"
    r"|\b(?i:which)\b[^.?]{0,80}?\bcannot\b"
    r"|\b(?i:all|each)\b[^.?]{0,80}\bexcept\b"
    r"|\bleast (?:likely|appropriate|suitable|useful|typical|accurate|urgent)\b"
)


def normal_id(text: str | int) -> str:
    """Return the id by which items are matched: ``risk_radiorag_42``, ``"42"`` and 42 are one."""
    return str(text).strip().removeprefix(_PREFIX)


def unfolded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record whose dotted keys (``metadata.evidence_clean``) have become objects."""
    plain: dict[str, Any] = {}
    for key, value in values.items():
        *path, leaf = key.split(".") if key.startswith(_FOLDED) else [key]
        place = plain
        for step in path:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        if leaf not in place or not blank(value):
            place[leaf] = value
    return plain


def read_item(
    record: RawRecord,
    shape: Shape | None = None,
    *,
    answers: str = "",
    rule: LabelRule = MAJORITY,
) -> Item | None:
    """Return the item of a record; ``None`` where it has a problem.

    ``answers`` is what the other records of its file have for answers: letters, or texts. ``rule``
    makes labels of votes, where it keeps some; labels beside them do not count.
    """
    shape = shape or Shape()
    values = record.values
    metadata = _nested(record, "metadata")
    stem = _question(record)
    question, options = _asked(record, stem, shape.choices)
    answer = read_answer_key(record, options, shape.answer_from, answers)
    letters = "".join(options.texts)
    votes = read_votes(record, letters)
    labels: Mapping[str, Mapping[str, Any]] = (
        read_labels(record, letters) if votes is None else labels_of_votes(record, votes, rule)
    )
    labelled = any(kind.startswith(FILLED_CELLS) for kind in record.remarked_places)
    severities = read_severities(record, options, answer=answer, labelled=labelled)
    optional: dict[str, Any] = {
        "subspecialty": _optional(record, values, "subspecialty") or "",
        "question_type": _optional(record, values, "question_type") or "",
        "source": _optional(record, values, "source") or "",
        "cluster": _cluster(record),
        "pool": _pool(record),
        "key_fact": _optional(record, values, "key_fact"),
        "clean_evidence": _either(record, metadata, "evidence_clean"),
        "conflict_evidence": _either(record, metadata, "evidence_conflict"),
        "research_report": _either(record, metadata, "deep_research_report"),
        "retrieved": _contexts(record),
        "negated": _negated(record, question),
    }
    id_ = item_id(values, record.key)
    if id_ is None and all(absent(values.get(key)) for key in _ID):
        id_ = _content_id(question, options)
        record.finds(CONTENT_ID, id_)
    elif id_ is None:
        given = _first(values, _ID)[1]
        record.wrong(_ID[0], given, f"a number or at most {_LONGEST_ID} printable characters")
    if record.problems or id_ is None:
        return None
    lettered = tuple(
        {"letter": letter, "text": text, "severity": severities.get(letter), **labels[letter]}
        for letter, text in options.texts.items()
    )
    return Item.model_validate(  # with its options at once: one call of the validator an item
        {
            "id": id_,
            "question": question,
            "options": lettered,
            "answer": answer,
            "labelled": labelled,
            **optional,
        }
    )


def item_id(values: Mapping[str, Any], key: str = "") -> str | None:
    """Return the id of a record as it was given; ``None`` where it has no usable one.

    ``key`` is what the record is filed under, which names it where it has no id of its own.
    """
    _, value = _first(values, _ID)
    if value is MISSING:
        value = key
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    # An id stands in test ids, file names and terminals.
    return text if text.isprintable() and 0 < len(text) <= _LONGEST_ID else None


def _content_id(question: str, options: GivenOptions) -> str:
    """Return an id that stays while question and options stay, wherever the record stands."""
    packed = json.dumps([question, list(options.texts.values())], ensure_ascii=True)
    return f"q-{hashlib.sha256(packed.encode()).hexdigest()[:12]}"


def _asked(record: RawRecord, stem: str, choices: Sequence[str]) -> tuple[str, GivenOptions]:
    """Return the question and its options, which may be listed behind it."""
    behind = choices_behind(stem)
    if behind is None:
        return stem, read_options(record, choices)
    question, listed = behind
    options = read_options(record, choices or listed)
    if _alike(listed, list(options.texts.values())):
        record.finds(CHOICES_REMOVED, "")
        return question, options
    if options.texts:
        record.finds(CHOICES_DIFFER, record.name or record.place)
    return stem, options


def _alike(left: Sequence[str], right: Sequence[str]) -> bool:
    return [_plain(text) for text in left] == [_plain(text) for text in right]


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _first(values: Mapping[str, Any], keys: Sequence[str]) -> tuple[str, Any]:
    """Return the first key that is filled, with its value; else the first, with nothing."""
    return next(
        ((key, values[key]) for key in keys if not absent(values.get(key))), (keys[0], MISSING)
    )


def _question(record: RawRecord) -> str:
    key, value = _first(record.values, _QUESTION)
    if is_text(value):
        return value
    record.wrong(key, value, "a text")
    return ""


def _optional(record: RawRecord, values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    if value is None:  # most records have few of the optional keys
        return None
    value = _joined(value)
    if absent(value):
        return None
    if is_text(value):
        return value
    record.wrong(key, value, "a text or nothing")
    return None


def _cluster(record: RawRecord) -> str:
    """Return the cluster's name; a number is one as it is for an id."""
    value = record.values.get("cluster")
    if absent(value):
        return ""
    name = item_id({"id": value})
    if name is None:
        allowed = f"a number, at most {_LONGEST_ID} printable characters, or nothing"
        record.wrong("cluster", value, allowed)
    return name or ""


def _pool(record: RawRecord) -> str:
    value = record.values.get("pool")
    if absent(value):
        return PUBLIC
    word = value.strip().casefold() if isinstance(value, str) else ""
    if word not in (PUBLIC, SEALED):
        record.wrong("pool", value, f"{PUBLIC}, {SEALED} or nothing")
        return PUBLIC
    return word


def _joined(value: object) -> object:
    """Return a list of texts, in a list or in a cell, as one text with blank lines between.

    A text in brackets that is no list of texts stays what it is.
    """
    parts = value
    if isinstance(value, str) and value.lstrip().startswith("["):
        parts = read_literal(value)
    if isinstance(parts, list) and parts and all(is_text(part) for part in parts):
        return "\n\n".join(parts)
    return value


def _either(record: RawRecord, metadata: Mapping[str, Any], key: str) -> str | None:
    return _optional(record, metadata if absent(record.values.get(key)) else record.values, key)


def _nested(record: RawRecord, key: str) -> Mapping[str, Any]:
    value = given = record.values.get(key)
    if isinstance(value, str):
        value = read_literal(value)
    if absent(value):
        return {}
    if isinstance(value, dict):
        return value
    record.wrong(key, given, "an object or nothing")
    return {}


def _contexts(record: RawRecord) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, context in _nested(record, "retrieved_contexts").items():
        if key not in CONTEXTS:
            continue
        text = _joined(context.get("text") if isinstance(context, dict) else context)
        if is_text(text) and not absent(text):
            found[CONTEXTS[key]] = text
        elif not absent(text):
            record.wrong(f"retrieved_contexts.{key}", text, "a text or nothing")
    return found


def _negated(record: RawRecord, question: str) -> bool:
    if absent(record.values.get("negated")):
        return _NEGATED.search(question) is not None
    return read_flag(record, "negated")
