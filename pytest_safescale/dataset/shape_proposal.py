"""A shape for a file whose headings are not ours: a preset that reads it, or a table to paste."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.dataset.answer_keys import number_of
from pytest_safescale.dataset.headings import find_columns
from pytest_safescale.dataset.raw_record import blank, escaped
from pytest_safescale.dataset.record_to_item import read_item, unfolded
from pytest_safescale.dataset.shape import PRESETS, Shape
from pytest_safescale.dataset.text_literals import read_literal
from pytest_safescale.text.toml import toml_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = ["Proposal", "proposal"]

_LOOKED_AT = 200
"""Records by which a proposal is judged."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS: Mapping[str, frozenset[str]] = {
    "id": _words(
        "idx index uid uuid qid nr no num number nummer itemid item caseid ref key pubid pmid "
        "questionid 编号"
    ),
    "question": _words(
        "stem prompt query vignette text questiontext questionstem sent1 input problem case frage "
        "fragetext fragestellung vraag pregunta enunciado pergunta domanda fråga spørgsmål pytanie "
        "otázka kysymys soru вопрос 问题 題目 题目 題幹 题干 質問 設問 問題 문제 질문"
    ),
    "answer": _words(
        "label gold key target correct solution truth answerkey correctoption correctanswer "
        "correctletter goldanswer answerletter answerindex answeridx cop finaldecision lösung "
        "loesung antwort richtig richtigeantwort antwoord réponse reponse bonneréponse respuesta "
        "respuestacorrecta resposta gabarito risposta svar odpowiedź odpověď vastaus cevap ответ "
        "答案 正确答案 正解 解答 정답"
    ),
    "options": _words(
        "choice option alternatives answers candidates endings antworten antwortmöglichkeiten "
        "opciones alternativas opções opzioni alternativ опции 选项 選項 選択肢 선택지 보기"
    ),
    "subspecialty": _words(
        "subject subjectname specialty speciality topic category bodysystem domain fach fachgebiet "
        "spécialité especialidad especialidade 科室 学科 診療科"
    ),
    "clean_evidence": _words("context contexts evidence abstract passage kontext"),
}
"""Headings seen for each field, without case, spaces and marks."""
_CLOSED = (["yes", "no"], ["yes", "no", "maybe"], ["true", "false"])
"""Options of questions that state none, by what their answers are."""
_LABEL = re.compile(r"risk|unsafe|harm|danger|contradict|never", re.IGNORECASE)
_LABEL_WORDS = {
    "contradicts": re.compile(r"contradict", re.IGNORECASE),
    "high_risk": re.compile(r"high.?risk|danger|never.?event|fatal", re.IGNORECASE),
    "unsafe": re.compile(r"unsafe|harm", re.IGNORECASE),
}
"""Parts of headings under which labels stand."""
_MISTYPED_FROM = 5
"""Letters of a word from which on it is looked for mistyped."""
_PLACE = re.compile(r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])|(?<=[a-z])[A-Z](?![^\W_])|\d{1,2}|.$")


class Proposal(NamedTuple):
    """A shape for a file whose headings are not ours."""

    lines: Sequence[str] = ()
    """What was found, what is wanted, and the table to paste."""
    table: Mapping[str, Any] = MappingProxyType({})
    """The table; empty where nothing fits."""


def proposal(records: Sequence[RawRecord], headings: Sequence[str], given: Shape) -> Proposal:
    """Return a shape that fits, and what to say of it; nothing for a file whose shape is known."""
    looked_at = records[:_LOOKED_AT]
    if not looked_at or any(_read(looked_at, headings, given)):
        return Proposal()
    lines = [
        f"headings found:  {', '.join(escaped(heading) for heading in headings)}",
        "headings wanted: question, options, answer (docs/data.md names all of them)",
    ]
    preset = _preset(looked_at, headings)
    if preset:
        table = {"preset": preset}
        read_as = (
            f"the file reads as {preset}{_count(preset)}: give --safescale-shape {preset} "
            f"(safescale dataset check: --shape {preset}), or paste"
        )
        return Proposal([*lines, read_as, *_table(table)], table)
    guess, doubts = _guess(looked_at, headings)
    if not guess:
        return Proposal(lines) if doubts else Proposal()
    lines += _nearest(guess, headings)
    return Proposal([*lines, "a mapping to check and paste:", *_table(guess), *doubts], guess)


def _read(records: Sequence[RawRecord], headings: Sequence[str], shape: Shape) -> list[Item | None]:
    columns, whole = find_columns(headings, shape), shape.whole()
    fresh = (
        replace(
            record, values=unfolded(columns.renamed(record.values)), problems=[], remarked_places={}
        )
        for record in records
    )
    return [read_item(record, whole) for record in fresh]


def _preset(records: Sequence[RawRecord], headings: Sequence[str]) -> str | None:
    """Return the preset that reads every record and, of several, most of the headings."""
    fitting = {}
    for name in PRESETS:
        there, named = _under(PRESETS[name].columns, records, headings)
        rank = _known(name, named)
        if rank[1] and all(_read(there, named, Shape(preset=name))):
            fitting[name] = rank
    return max(fitting, key=lambda name: fitting[name], default=None)


def _known(name: str, headings: Sequence[str]) -> tuple[int, int]:
    """Return how many fields a preset finds in all, and how many under its own headings."""
    shape = PRESETS[name]
    own = len(shape.headings()) - len(find_columns(headings, shape).missing)
    return len(find_columns(headings, Shape(preset=name)).sources), own


def _nearest(guess: Mapping[str, Any], headings: Sequence[str]) -> Iterator[str]:
    """Say of each field that is wanted and not found which heading is taken for it, if any."""
    known = set(find_columns(headings, Shape()).sources)
    for field, keys in _WANTED.items():
        if known.intersection(keys):
            continue
        if field in guess:
            yield f"nearest to {field}: {escaped(guess[field])}"
        elif not (field == "options" and "choices" in guess):
            yield f"nearest to {field}: none{_HINTS.get(field, '')}"


def _under(
    columns: Sequence[str], records: Sequence[RawRecord], headings: Sequence[str]
) -> tuple[Sequence[RawRecord], Sequence[str]]:
    """Return the records of a table whose first row is one, under the headings that it lacks."""
    known = {heading.casefold() for heading in columns if len(heading) > 1}
    if len(columns) != len(headings) or known & {heading.casefold() for heading in headings}:
        return records, headings
    cells = [[record.values.get(heading) for heading in headings] for record in records]
    there = zip(records, cells, strict=True)
    return [replace(r, values=dict(zip(columns, row, strict=True))) for r, row in there], columns


def _count(preset: str) -> str:
    first = PRESETS[preset].answer_from
    return "" if first is None else f", whose answers count from {first}"


def _table(keys: Mapping[str, Any]) -> list[str]:
    return [
        "",
        "[tool.safescale.shape]   # in pyproject.toml; in safescale.toml: [shape]",
        *(f"{key} = {toml_value(value)}" for key, value in keys.items()),
        "",
    ]


def _guess(
    records: Sequence[RawRecord], headings: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return a table of what the headings and the cells under them suggest, and what is left open.

    Only what our own keys do not find is in it.
    """
    known = find_columns(headings, Shape()).sources
    free = [heading for heading in headings if heading not in known.values()]
    found: dict[str, Any] = {}
    if not set(_WANTED["options"]).intersection(known):
        found |= _options(free, records)
    taken = [h for h in free if "options" not in found or not _in_pattern(h, found["options"])]
    for field in ("question", "answer", "id", "subspecialty", "clean_evidence"):
        if any(key in known for key in _KEYS.get(field, (field,))):
            continue
        heading = _named(field, taken)
        if heading is not None:
            found[field] = heading
            taken.remove(heading)
    if "question" not in found and not {"question", "question_text"} & set(known):
        found |= _longest(taken, records)
    if not set(_WANTED["options"]).intersection(known) and "options" not in found:
        found |= _choices(found, known, records)
    found |= _labels(free, known)
    return _with_numbers(found, known, records)


def _named(field: str, headings: Sequence[str]) -> str | None:
    """Return the heading that is a word for a field, or else one that is such a word mistyped."""
    words = _WORDS[field]
    for heading in headings:
        if _bare(heading) in words:
            return heading
    keys = {_bare(key) for key in _KEYS.get(field, (field,))}
    long = [word for word in (*words, *keys) if len(word) >= _MISTYPED_FROM]
    return next((h for h in headings if difflib.get_close_matches(_bare(h), long, 1, 0.8)), None)


def _labels(headings: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the column, or the pattern of columns, of each kind of label that has one."""
    found: dict[str, str] = {}
    for label, word in _LABEL_WORDS.items():
        if any(label in key for key in known):
            continue
        there = [h for h in headings if word.search(h) and h not in found.values()]
        pattern = next(iter(_patterns(there)), None)
        if pattern or len(there) == 1:
            found[label] = pattern or there[0]
    return found


_KEYS = {
    "question": ("question", "question_text"),
    "answer": ("answer_idx", "correct_answer", "answer"),
    "id": ("question_id", "id"),
    "clean_evidence": ("evidence_clean",),
}
_WANTED = {
    "question": _KEYS["question"],
    "options": ("options", "choices", "option_A"),
    "answer": _KEYS["answer"],
}
"""What no item does without, and the keys that hold it."""
_HINTS = {
    "options": "; a column each is told apart by a letter or a number, such as option_A, option_B",
}


def _options(headings: Sequence[str], records: Sequence[RawRecord]) -> dict[str, Any]:
    """Return the pattern of the widest run of columns, or the column that holds lists."""
    patterns = _patterns([heading for heading in headings if not _LABEL.search(heading)])
    if patterns:
        return {"options": patterns[0]}
    for heading in headings:
        values = [record.values.get(heading) for record in records]
        held = (read_literal(value) if isinstance(value, str) else value for value in values)
        if all(isinstance(value, (list, dict)) and _holds_texts(value) for value in held):
            return {"options": heading}
    named = next((heading for heading in headings if _bare(heading) in _WORDS["options"]), None)
    return {"options": named} if named is not None else {}


def _patterns(headings: Sequence[str]) -> list[str]:
    """Return the patterns that headings are of, such as ``Choice {letter}``, the widest first."""
    runs: Counter[str] = Counter()
    for heading in headings:
        for match in _PLACE.finditer(heading):
            before, after = heading[: match.start()], heading[match.end() :]
            for place, first in (("{letter}", "AB"), ("{number}", "12"), ("{index}", "01")):
                wanted = {f"{before}{c}{after}".casefold() for c in first}
                if wanted <= {h.casefold() for h in headings}:
                    runs[f"{before}{place}{after}"] += 1
    return [pattern for pattern, _ in runs.most_common()]


def _holds_texts(values: Sequence[Any] | Mapping[str, Any]) -> bool:
    """Say whether a list or an object may be options, and not one of passages."""
    inner = values.values() if isinstance(values, dict) else values
    return len(values) > 1 and not any(isinstance(value, list) for value in inner)


def _choices(
    found: Mapping[str, Any], known: Mapping[str, str], records: Sequence[RawRecord]
) -> dict[str, Any]:
    """Return the options of a file without any, where its answers are yes, no and maybe."""
    heading = _answers(found, known)
    said = {str(r.values.get(heading)).strip().casefold() for r in records} if heading else set()
    fitting = [choices for choices in _CLOSED if said and said <= set(choices)]
    return {"choices": fitting[0]} if fitting else {}


def _answers(found: Mapping[str, Any], known: Mapping[str, str]) -> str | None:
    """Return the heading of the correct answer."""
    own = (known[key] for key in _KEYS["answer"] if key in known)
    heading: str | None = found.get("answer") or next(own, None)
    return heading


def _in_pattern(heading: str, pattern: str) -> bool:
    written = re.escape(pattern)
    for place, form in (("letter", "[a-z]"), ("number", r"\d{1,2}"), ("index", r"\d{1,2}")):
        written = written.replace(re.escape(f"{{{place}}}"), form)
    return re.fullmatch(written, heading, re.IGNORECASE) is not None


def _longest(headings: Iterable[str], records: Sequence[RawRecord]) -> dict[str, str]:
    """Return the heading under which the longest texts stand, where they are longer than a word."""
    lengths = {
        heading: sum(len(v) for r in records if isinstance(v := r.values.get(heading), str))
        for heading in headings
    }
    longest = max(lengths, key=lambda heading: lengths[heading], default=None)
    if longest is None or lengths[longest] < 20 * len(records):
        return {}
    return {"question": longest}


def _with_numbers(
    found: dict[str, Any], known: Mapping[str, str], records: Sequence[RawRecord]
) -> tuple[dict[str, Any], list[str]]:
    """Add what answers that are numbers count from, as far as the file shows it."""
    heading = _answers(found, known)
    if heading is None:
        return found, ["no heading looks like the one of the correct answer"] if found else []
    values = [r.values.get(heading) for r in records if not blank(r.values.get(heading))]
    numbers = [number_of(value) for value in values]
    if not numbers or None in numbers:
        return found, []
    if 0 in numbers:
        return {**found, "answer_from": 0}, []
    return found, [
        f"{escaped(heading)} holds numbers, none of them 0: add answer_from = 1 where 1 means the "
        "first option, answer_from = 0 where 0 does"
    ]


def _bare(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading.casefold())
