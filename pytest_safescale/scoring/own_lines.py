"""A line of our own ``cases.jsonl``, read anew: one case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.items.raw import MISSING, is_text
from pytest_safescale.scoring.metrics import SELF_CONSISTENCY, SINGLE
from pytest_safescale.scoring.result_lines import (
    OF_A_PART,
    Read,
    asked_item,
    judged_record,
    known_letter,
    letter_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.items.item import Item
    from pytest_safescale.items.raw import RawRecord
    from pytest_safescale.scoring.result_lines import Reading

__all__ = ["own_record"]

_NAMES = ("model", "condition", "item_id")


def own_record(line: RawRecord, reading: Reading) -> dict[str, Any] | None:
    """Return the record with labels and options of the data set, judged anew.

    ``None`` where the line cannot be scored. Problems are noted in the line.
    """
    names = {name: line.values.get(name, MISSING) for name in _NAMES}
    unnamed = [name for name, value in names.items() if not (is_text(value) and value)]
    for name in unnamed:
        line.wrong(name, names[name], "a name")
    if unnamed:
        return None
    asked = asked_item(line, names["item_id"], ("item_id", "truth"), reading)
    if asked is None:
        return None
    condition = reading.names.get(names["condition"], names["condition"])
    case = {**line.values, "model": names["model"], "condition": condition}
    single = _single(line, asked.item, reading)
    several = _several(line, asked.item, reading)
    _check_custom(line)
    if line.values.get("partial"):
        reading.oddities[line.file, OF_A_PART] += 1
    return _with_rest(judged_record(case, asked, single, several), line.values, raw=reading.raw)


def _with_rest(judged: dict[str, Any], given: Mapping[str, Any], *, raw: bool) -> dict[str, Any]:
    """Return the record with what reading it anew says nothing of."""
    for part, keys in (
        ("greedy", ("finish_reason",) if raw else ("form", "finish_reason")),
        ("samples", ("stopped_early",)),
    ):
        if judged[part] is not None:
            judged[part] |= {key: given[part][key] for key in keys if key in given[part]}
    # What a metric of the user's own said, it said of the letters as they were read then.
    kept = ("prompt_sha256", "calls") if raw else ("prompt_sha256", "calls", "custom")
    return judged | {key: given[key] for key in kept if key in given}


def _check_custom(line: RawRecord) -> None:
    """Note values of the user's own metrics that are none: numbers by regime and name."""
    regimes = line.values.get("custom")
    if regimes is None:
        return
    named = regimes.items() if isinstance(regimes, dict) else [("", None)]
    for regime, values in named:
        numbers = values.values() if isinstance(values, dict) else [""]
        known = regime in (SINGLE, SELF_CONSISTENCY)
        if not known or not all(
            value is None or isinstance(value, (int, float)) for value in numbers
        ):
            line.wrong("custom", regimes, "numbers or null by regime and name")


def _single(line: RawRecord, item: Item | None, reading: Reading) -> Read:
    error, block = _error(line, "error"), _object(line, "greedy")
    latency = _seconds(line, block or {})
    if error is not None or block is None:
        return Read(error=error or "the record holds no answer", latency_s=latency)
    text = block.get("text")
    if reading.raw:
        letter = _in_reply(text, line, "greedy.text", item)
    else:
        letter = known_letter(_letter(block, line), line, ("greedy", "letter"), reading)
    texts = (text,) if isinstance(text, str) else ()
    return Read(letters=(letter,), texts=texts, latency_s=latency)


def _seconds(line: RawRecord, block: Mapping[str, Any]) -> float | None:
    latency = block.get("latency_s")
    if latency is None or (isinstance(latency, (int, float)) and latency >= 0):
        return latency
    line.wrong("greedy.latency_s", latency, "seconds, 0 or more, or null")
    return None


def _letter(block: Mapping[str, Any], line: RawRecord) -> object:
    if "letter" not in block:
        line.wrong("greedy.letter", MISSING, "null or a letter")
    return block.get("letter")


def _several(line: RawRecord, item: Item | None, reading: Reading) -> Read:
    error, block = _error(line, "samples_error"), _object(line, "samples")
    fallback = line.values.get("fallback")
    fallback = fallback if isinstance(fallback, str) else None
    if error is not None or block is None:
        return Read(error=error, fallback=fallback)
    texts = _list(line, block, "texts") if reading.raw or "texts" in block else ()
    if reading.raw:
        letters = [
            _in_reply(text, line, f"samples.texts.{place}", item)
            for place, text in enumerate(texts)
        ]
    else:
        letters = [
            known_letter(letter, line, ("samples", "letters", place), reading)
            for place, letter in enumerate(_list(line, block, "letters"))
        ]
    return Read(
        letters=letters,
        texts=[text if isinstance(text, str) else "" for text in texts],
        fallback=fallback,
    )


def _error(line: RawRecord, key: str) -> str | None:
    value = line.values.get(key, MISSING)
    if value is None or isinstance(value, str):
        return value
    line.wrong(key, value, "null, or why there is no answer")
    return None


def _object(line: RawRecord, key: str) -> Mapping[str, Any] | None:
    value = line.values.get(key, MISSING)
    if value is None or isinstance(value, dict):
        return value
    line.wrong(key, value, "null or an object")
    return None


def _list(line: RawRecord, block: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = block.get(key, MISSING)
    if isinstance(value, list):
        return value
    line.wrong(f"samples.{key}", value, "a list")
    return ()


def _in_reply(text: object, line: RawRecord, field: str, item: Item | None) -> str | None:
    if isinstance(text, str):
        return letter_in(text, item)
    line.wrong(field, MISSING if text is None else text, "the reply's text, or --answers checked")
    return None
