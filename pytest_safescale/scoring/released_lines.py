"""A line of the paper's results: one question under every condition (protocol.md, shape 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.items.raw import MISSING
from pytest_safescale.items.records import item_id
from pytest_safescale.scoring.result_lines import (
    MALFORMED,
    Read,
    asked_item,
    judged_record,
    known_letter,
    letter_in,
)
from pytest_safescale.scoring.verdict import majority_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.items.item import Item
    from pytest_safescale.items.raw import RawRecord
    from pytest_safescale.scoring.result_lines import Reading, Where

__all__ = ["released_records"]

_EMPTY = "the results hold an empty block"
_UNEVEN = "cases with other numbers of replies and checked answers, of which the answers count"


def released_records(
    line: RawRecord, model: str, reading: Reading
) -> tuple[str | None, list[dict[str, Any]]]:
    """Return the item's id and a record for each condition of the line.

    The id is ``None`` where the line cannot be scored. Problems are noted in the line.
    """
    id_ = item_id(line.values)
    if id_ is None:
        line.wrong("question_id", line.values.get("question_id", MISSING), "a number or a name")
        return None, []
    asked = asked_item(line, id_, ("question_id", "correct_answer"), reading)
    if asked is None:
        return None, []
    records = []
    for name, block in _conditions(line, reading):
        where = ("conditions", name)
        whole = _block(block, line, where)
        case = {"model": model, "condition": reading.names.get(name, name), "nature": "model"}
        single = _single(whole, line, (*where, "greedy"), asked.item, reading)
        several = _several(whole, line, (*where, "stochastic"), asked.item, reading)
        records.append(judged_record(case, asked, single, several))
    return asked.id, records


def _conditions(line: RawRecord, reading: Reading) -> Iterator[tuple[str, Any]]:
    given = line.values.get("conditions", MISSING)
    if not isinstance(given, dict):
        line.wrong("conditions", given, "an object of conditions by name")
        return
    seen: set[str] = set()
    for name, block in given.items():
        own = reading.names.get(name, name)
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
    whole: Mapping[str, Any], line: RawRecord, where: Where, item: Item | None, reading: Reading
) -> Read:
    block = _block(whole.get("greedy"), line, where)
    latency = _seconds(block.get("elapsed_s"), line, (*where, "elapsed_s"))
    if not block or block.get("error"):
        return Read(error=str(block.get("error") or _EMPTY), latency_s=latency)
    text = block.get("raw_output")
    if reading.raw:
        letter = _in_reply(block.get("raw_output", MISSING), line, (*where, "raw_output"), item)
    else:
        letter = _confirmed(block.get("checked_answer"), line, (*where, "checked_answer"), reading)
    texts = (text,) if isinstance(text, str) else ()
    return Read(letters=(letter,), texts=texts, latency_s=latency)


def _several(
    whole: Mapping[str, Any], line: RawRecord, where: Where, item: Item | None, reading: Reading
) -> Read:
    if whole and "stochastic" not in whole:
        return Read()  # none were wanted
    block = _block(whole.get("stochastic"), line, where)
    if not block or block.get("error"):
        return Read(error=str(block.get("error") or _EMPTY))
    texts = _list(block, line, where, "raw_outputs")
    if reading.raw:
        letters = [
            _in_reply(text, line, (*where, "raw_outputs", place), item)
            for place, text in enumerate(texts)
        ]
    else:
        checked = _list(block, line, where, "checked_answers")
        letters = [
            _confirmed(entry, line, (*where, "checked_answers", place), reading)
            for place, entry in enumerate(checked)
        ]
        if texts and len(texts) != len(checked):
            reading.oddities[line.file, _UNEVEN] += 1
    return Read(
        letters=letters,
        texts=[text if isinstance(text, str) else "" for text in texts],
        fallback=None if letters else _fallback(_list(block, line, where, "parsed_answers")),
    )


def _list(block: Mapping[str, Any], line: RawRecord, where: Where, key: str) -> Sequence[Any]:
    value = block.get(key)
    if isinstance(value, list):
        return value
    if value is not None:
        line.wrong(".".join(map(str, (*where, key))), value, "a list")
    return ()


def _confirmed(entry: object, line: RawRecord, where: Where, reading: Reading) -> str | None:
    if isinstance(entry, dict):
        entry = entry.get("confirmed_answer")
        # Most answers are a letter; only what is not is looked at closely.
        if isinstance(entry, str) and entry in _PLAIN:
            return entry
        return known_letter(entry, line, (*where, "confirmed_answer"), reading)
    if entry is not None:
        reading.oddities[line.file, MALFORMED] += 1
    return None


_PLAIN = frozenset("ABCDE")


def _in_reply(text: object, line: RawRecord, where: Where, item: Item | None) -> str | None:
    if isinstance(text, str):
        return letter_in(text, item)
    line.wrong(".".join(map(str, where)), text, "the reply's text, or --answers checked")
    return None


def _fallback(parsed: Sequence[Any]) -> str | None:
    ballots = [answer if isinstance(answer, str) and answer else None for answer in parsed]
    return majority_of(ballots) if ballots else None


def _seconds(value: object, line: RawRecord, where: Where) -> float | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    line.wrong(".".join(map(str, where)), value, "seconds, 0 or more")
    return None
