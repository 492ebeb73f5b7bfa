"""A line of our own ``cases.jsonl``, read anew: one case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pytest_safescale.analysis.metrics import SELF_CONSISTENCY, SINGLE
from pytest_safescale.answers.answer import AnswerForm, AnswerState
from pytest_safescale.answers.shown_item import ShownItem
from pytest_safescale.dataset.item import LETTERS
from pytest_safescale.dataset.raw_record import MISSING, is_text
from pytest_safescale.errors import DatasetError
from pytest_safescale.published.judged_case import RECORD_SCHEMA, judge_case
from pytest_safescale.published.line_parts import (
    OF_A_PART,
    RecordedAnswers,
    asked_item,
    known_letter,
    read_answers,
)
from pytest_safescale.results.checked import checked
from pytest_safescale.results.layer_record import LayersRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.dataset.raw_record import RawRecord
    from pytest_safescale.published.line_parts import ResultsFormat
    from pytest_safescale.results.case_record import CaseRecord, ProbabilitiesPart
    from pytest_safescale.verdicts.option_probabilities import ProbabilitiesRecord

__all__ = ["own_record"]

_BESIDE = ("finish_reason", "refusal", "reasoning")
"""What a record holds beside a reply's text, by the names the reader knows it under."""
_BESIDE_SAMPLES = ("finish_reasons", "refusal", "reasoning")
_CASE_KEYS = ("model", "condition", "item_id")


def own_record(line: RawRecord, results_format: ResultsFormat) -> CaseRecord | None:
    """Return the record with labels and options of the data set, judged anew.

    ``None`` where the line cannot be scored. Problems are noted in the line.
    """
    names = {name: line.values.get(name, MISSING) for name in _CASE_KEYS}
    unnamed = [name for name, value in names.items() if not (is_text(value) and value)]
    for name in unnamed:
        line.wrong(name, names[name], "a name")
    if unnamed:
        return None
    asked = asked_item(line, names["item_id"], ("item_id", "truth"), results_format)
    if asked is None:
        return None
    condition = results_format.names.get(names["condition"], names["condition"])
    given = dict(line.values)
    if not _layers_are_told(line):
        given.pop("layers", None)
    if not _custom_is_told(line):
        given.pop("custom", None)
    case = {**given, "model": names["model"], "condition": condition}
    # What layers came to stands in no reply.
    raw = results_format.raw and "layers" not in line.values
    shown = _shown(line, asked.item)
    single = _single(line, asked.item, shown, results_format, raw=raw)
    several = _several(line, asked.item, shown, results_format, raw=raw)
    _check_profile(line)
    if line.values.get("partial"):
        results_format.oddities[line.file, OF_A_PART] += 1
    judged = judge_case(asked, single, several).part_of_record()
    if judged["greedy"] is not None:
        found = _probabilities(line, judged["greedy"]["letter"])
        judged["greedy"] = {**judged["greedy"], **found}
    told = {"schema": RECORD_SCHEMA, **case, **asked.part.values, **judged}
    return _with_rest(told, given, raw=raw)


def _with_rest(told: dict[str, Any], given: Mapping[str, Any], *, raw: bool) -> CaseRecord:
    """Return the record with what reading it anew says nothing of."""
    for part, keys in (
        ("greedy", ("turns", *_BESIDE)),
        ("samples", ("stopped_early", "wanted", "turns", *_BESIDE_SAMPLES)),
    ):
        if told[part] is not None:
            told[part] |= {key: given[part][key] for key in keys if key in given[part]}
    # What a metric of the user's own said, it said of the letters as they were read then.
    kept = ("prompt_sha256", "calls") if raw else ("prompt_sha256", "calls", "custom", "layers")
    return cast("CaseRecord", told | {key: given[key] for key in kept if key in given})


def _probabilities(line: RawRecord, letter: str | None) -> ProbabilitiesPart:
    """Return the probabilities of the options; they are of the answer as it was read then."""
    block = line.values.get("greedy")
    if not isinstance(block, dict) or "option_probabilities" not in block:
        return {}
    stated = block["option_probabilities"]
    chances = stated.get("letters") if isinstance(stated, dict) else stated
    if stated is None or block.get("letter") != letter:
        return {"option_probabilities": None}
    if not isinstance(chances, dict) or not all(map(_is_chance, chances.values())):
        line.wrong("greedy.option_probabilities", stated, "null, or letters from 0 to 1")
        return {}
    return {"option_probabilities": cast("ProbabilitiesRecord", stated)}


def _is_chance(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and 0 <= value <= 1  # type: ignore[operator]


def _custom_is_told(line: RawRecord) -> bool:
    """Say whether values of the user's own metrics are numbers by decoding mode and name, or none.

    What is not is noted.
    """
    regimes = line.values.get("custom")
    named = {} if regimes is None else regimes
    if isinstance(named, dict) and all(
        regime in (SINGLE, SELF_CONSISTENCY) and _are_numbers(values)
        for regime, values in named.items()
    ):
        return True
    line.wrong("custom", regimes, "numbers or null by regime and name")
    return False


def _are_numbers(values: object) -> bool:
    return isinstance(values, dict) and all(
        value is None or isinstance(value, (int, float)) for value in values.values()
    )


def _layers_are_told(line: RawRecord) -> bool:
    """Say whether there is an account of a model's layers; what is none is noted."""
    if "layers" not in line.values:
        return False
    try:
        checked(line.values["layers"], LayersRecord, line.place)
    except DatasetError:
        line.wrong("layers", line.values["layers"], "what a run writes of a model's layers")
        return False
    return True


def _check_profile(line: RawRecord) -> None:
    """Note a profile that is no name, and turns that are none."""
    profile, single = line.values.get("profile", ""), line.values.get("greedy")
    if not isinstance(profile, str):
        line.wrong("profile", profile, "a name")
    turns = single.get("turns") if isinstance(single, dict) else None
    if turns is not None and not (isinstance(turns, list) and turns and all(map(_is_turn, turns))):
        line.wrong("greedy.turns", turns, "a list of turns with letter and state")


def _is_turn(turn: object) -> bool:
    return (
        isinstance(turn, dict)
        and isinstance(turn.get("state"), str)
        and isinstance(turn.get("letter", 0), str | None)
    )


def _shown(line: RawRecord, item: Item | None) -> ShownItem | None:
    """Return the item as a prompt profile showed it; ``None`` where it was shown as it is."""
    stated = line.values.get("shown")
    if stated is None or item is None:
        return None
    options = stated.items() if isinstance(stated, dict) else ()
    letters = {key: one.get("letter") for key, one in options if isinstance(one, dict)}
    added = [one.get("text") for _, one in options if isinstance(one, dict) and "letter" in one]
    added = [text for text, own in zip(added, letters.values(), strict=False) if own is None]
    own = [letter for letter in letters.values() if letter is not None]
    if "".join(letters) != LETTERS[: len(letters)] or own != list(item.letters) or len(added) != 1:
        line.wrong("shown", stated, "the item's options and one more, by letter")
        return None
    return ShownItem.with_abstention(item, letters, str(added[0]))


def _single(
    line: RawRecord,
    item: Item | None,
    shown: ShownItem | None,
    results_format: ResultsFormat,
    *,
    raw: bool,
) -> RecordedAnswers:
    error, block = _error(line, "error"), _object(line, "greedy")
    latency = _seconds(line, block or {})
    if error is not None or block is None:
        return RecordedAnswers(error=error or "the record holds no answer", latency_s=latency)
    text = block.get("text")
    if raw:
        beside = {name: told for name in _BESIDE if isinstance(told := block.get(name), str)}
        answers = read_answers(
            [_in_reply(text, line, "greedy.text", item, shown, results_format, **beside)]
        )
    else:
        letter = known_letter(
            _letter(block, line), line, ("greedy", "letter"), results_format, item
        )
        answers = {"letters": (letter,), **_recorded_states(block)}
    texts = (text,) if isinstance(text, str) else ()
    return RecordedAnswers(texts=texts, latency_s=latency, **answers)


def _recorded_states(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state and form that a record states; one older than states tells the form."""
    form, state = block.get("form"), block.get("state")
    if state is None and form == AnswerForm.REFUSAL:
        state = AnswerState.ABSTAINED
    return {"states": (_state(state),), "form": form if isinstance(form, str) else None}


def _state(value: object) -> AnswerState | None:
    return AnswerState.ABSTAINED if value == AnswerState.ABSTAINED else None


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


def _several(
    line: RawRecord,
    item: Item | None,
    shown: ShownItem | None,
    results_format: ResultsFormat,
    *,
    raw: bool,
) -> RecordedAnswers:
    error, block = _error(line, "samples_error"), _object(line, "samples")
    fallback = line.values.get("fallback")
    fallback = fallback if isinstance(fallback, str) else None
    if error is not None or block is None:
        return RecordedAnswers(error=error, fallback=fallback)
    texts = _list(line, block, "texts") if raw or "texts" in block else ()
    if raw:
        answers = read_answers(
            [
                _in_reply(
                    text,
                    line,
                    f"samples.texts.{place}",
                    item,
                    shown,
                    results_format,
                    **_beside(block, place),
                )
                for place, text in enumerate(texts)
            ]
        )
    else:
        letters = [
            known_letter(letter, line, ("samples", "letters", place), results_format, item)
            for place, letter in enumerate(_list(line, block, "letters"))
        ]
        states = _list(line, block, "states") if "states" in block else ()
        answers = {"letters": letters, "states": [_state(state) for state in states]}
    return RecordedAnswers(
        texts=[text if isinstance(text, str) else "" for text in texts],
        fallback=fallback,
        **answers,
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


def _beside(block: Mapping[str, Any], place: int) -> dict[str, str]:
    """Return what a record holds beside the text of one of its samples."""
    lists = {name: block.get(key) for name, key in zip(_BESIDE, _BESIDE_SAMPLES, strict=True)}
    told = {
        name: values[place]
        for name, values in lists.items()
        if isinstance(values, list) and place < len(values)
    }
    return {name: value for name, value in told.items() if isinstance(value, str)}


def _in_reply(
    text: object,
    line: RawRecord,
    field: str,
    item: Item | None,
    shown: ShownItem | None,
    results_format: ResultsFormat,
    **beside: str,
) -> Answer | None:
    if isinstance(text, str):
        if shown is not None:
            return shown.in_item(results_format.read(text, shown.item, **beside))
        return results_format.read(text, item, **beside)
    line.wrong(field, MISSING if text is None else text, "the reply's text, or --answers checked")
    return None
