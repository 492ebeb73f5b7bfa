"""A line of the paper's results: one question (docs/protocol.md, "Released results")."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.item import PAPER_LETTERS
from pytest_safescale.dataset.raw_record import MISSING
from pytest_safescale.dataset.record_to_item import item_id
from pytest_safescale.published.judged_case import judge_case, named_part
from pytest_safescale.published.line_parts import (
    MALFORMED,
    RecordedAnswers,
    asked_item,
    checked_answers,
    known_letter,
    read_answers,
)
from pytest_safescale.verdicts.verdict import majority_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.dataset.raw_record import RawRecord
    from pytest_safescale.published.line_parts import Asked, ResultsFormat, Where
    from pytest_safescale.results.written_record import WrittenRecord

__all__ = ["released_records"]

_EMPTY = "the results hold an empty block"
_UNEVEN = "cases with other numbers of replies and checked answers, of which the answers count"


def released_records(
    line: RawRecord, model: str, results_format: ResultsFormat
) -> tuple[str | None, list[WrittenRecord]]:
    """Return the item's id and a record for each condition of the line.

    The id is ``None`` where the line cannot be scored. Problems are noted in the line.
    """
    id_ = item_id(line.values)
    if id_ is None:
        line.wrong("question_id", line.values.get("question_id", MISSING), "a number or a name")
        return None, []
    asked = asked_item(line, id_, ("question_id", "correct_answer"), results_format)
    if asked is None:
        return None, []
    records = []
    for name, block in _conditions(line, results_format):
        where = ("conditions", name)
        whole = _block(block, line, where)
        single = _single(whole, line, (*where, "greedy"), asked, results_format)
        several = _several(whole, line, (*where, "stochastic"), asked, results_format)
        names = named_part(model, results_format.names.get(name, name))
        records.append(judge_case(asked, single, several).written(names, asked.part))
    return asked.id, records


def _conditions(line: RawRecord, results_format: ResultsFormat) -> Iterator[tuple[str, Any]]:
    given = line.values.get("conditions", MISSING)
    if not isinstance(given, dict):
        line.wrong("conditions", given, "an object of conditions by name")
        return
    seen: set[str] = set()
    for name, block in given.items():
        own = results_format.names.get(name, name)
        if own in seen:
            line.wrong(f"conditions.{name}", f"{own} a second time", "each condition once")
            continue
        seen.add(own)
        yield name, block


def _block(value: object, line: RawRecord, where: Where) -> Mapping[str, Any]:
    """Return an object; nothing and null are an empty one, what else there is is a problem."""
    if isinstance(value, dict):
        return value
    if value is not None:
        line.wrong(".".join(map(str, where)), value, "an object")
    return {}


def _single(
    whole: Mapping[str, Any],
    line: RawRecord,
    where: Where,
    asked: Asked,
    results_format: ResultsFormat,
) -> RecordedAnswers:
    block = _block(whole.get("greedy"), line, where)
    latency = _seconds(block.get("elapsed_s"), line, (*where, "elapsed_s"))
    if not block or block.get("error"):
        return RecordedAnswers(error=str(block.get("error") or _EMPTY), latency_s=latency)
    text = block.get("raw_output")
    if results_format.raw:
        answer = _in_reply(
            block.get("raw_output", MISSING), line, (*where, "raw_output"), asked, results_format
        )
        answers = read_answers([answer])
    else:
        places = ((*where, "checked_answer"),)
        letters = _confirmed([block.get("checked_answer")], places, line, asked, results_format)
        answers = checked_answers(letters, [text], asked)
    texts = (text,) if isinstance(text, str) else ()
    return RecordedAnswers(texts=texts, latency_s=latency, **answers)


def _several(
    whole: Mapping[str, Any],
    line: RawRecord,
    where: Where,
    asked: Asked,
    results_format: ResultsFormat,
) -> RecordedAnswers:
    if whole and "stochastic" not in whole:
        return RecordedAnswers()  # none were wanted
    block = _block(whole.get("stochastic"), line, where)
    if not block or block.get("error"):
        return RecordedAnswers(error=str(block.get("error") or _EMPTY))
    texts = _list(block, line, where, "raw_outputs")
    if results_format.raw:
        answers = read_answers(
            [
                _in_reply(text, line, (*where, "raw_outputs", place), asked, results_format)
                for place, text in enumerate(texts)
            ]
        )
    else:
        checked = _list(block, line, where, "checked_answers")
        places = ((*where, "checked_answers", place) for place in count())
        letters = _confirmed(checked, places, line, asked, results_format)
        answers = checked_answers(letters, texts, asked)
        if texts and len(texts) != len(checked):
            results_format.oddities[line.file, _UNEVEN] += 1
    parsed = () if answers["letters"] else _list(block, line, where, "parsed_answers")
    return RecordedAnswers(
        texts=[text if isinstance(text, str) else "" for text in texts],
        fallback=_fallback(parsed),
        **answers,
    )


def _list(block: Mapping[str, Any], line: RawRecord, where: Where, key: str) -> Sequence[Any]:
    value = block.get(key)
    if isinstance(value, list):
        return value
    if value is not None:
        line.wrong(".".join(map(str, (*where, key))), value, "a list")
    return ()


def _confirmed(
    entries: Sequence[Any],
    places: Iterable[Where],
    line: RawRecord,
    asked: Asked,
    results_format: ResultsFormat,
) -> list[str | None]:
    """Return the letters of checked answers; only what is none of the usual is looked at closely.

    ``places`` are those of the entries.
    """
    try:
        letters = [entry["confirmed_answer"] for entry in entries]
        if _USUAL.issuperset(letters):
            return letters
    except (KeyError, TypeError):
        pass
    return [
        _confirmed_in(entry, line, where, asked, results_format)
        for entry, where in zip(entries, places, strict=False)
    ]


_USUAL = frozenset((None, *PAPER_LETTERS))


def _confirmed_in(
    entry: object, line: RawRecord, where: Where, asked: Asked, results_format: ResultsFormat
) -> str | None:
    if isinstance(entry, dict):
        entry = entry.get("confirmed_answer")
        if isinstance(entry, str) and entry in _USUAL:
            return entry
        return known_letter(entry, line, (*where, "confirmed_answer"), results_format, asked.item)
    if entry is not None:
        results_format.oddities[line.file, MALFORMED] += 1
    return None


def _in_reply(
    text: object, line: RawRecord, where: Where, asked: Asked, results_format: ResultsFormat
) -> Answer | None:
    if isinstance(text, str):
        return results_format.read(text, asked.item)
    line.wrong(".".join(map(str, where)), text, "the reply's text, or --answers checked")
    return None


def _fallback(parsed: Sequence[Any]) -> str | None:
    answers = [answer if isinstance(answer, str) and answer else None for answer in parsed]
    return majority_of(answers) if answers else None


def _seconds(value: object, line: RawRecord, where: Where) -> float | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    line.wrong(".".join(map(str, where)), value, "seconds, 0 or more")
    return None
