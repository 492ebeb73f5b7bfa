"""Corpora with planted faults, made of the sample's passages, and what an audit is to find there.

Beside each planted fault stands something that looks like it and is none: the same sentence about
another subject with another number, the same number in another unit, the same words anew.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.corpus import read_passages
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.packaged import data_folder
from pytest_safescale.perturb.families.texts import INJECTIONS, SYNONYMS
from pytest_safescale.text.sentences import content_words, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.dataset.corpus import CorpusPassage
    from pytest_safescale.dataset.item import Dataset

SAMPLE = data_folder("fixtures") / "sample"
_LEADS = ("", "According to the protocol in use, ", "In this department, ", "As is known, ")
_SIZE = re.compile(
    r"(?<![\d.,-])(?<!\bto )(?<!\band )(?<!\bor )\b(\d+) "
    r"(mm|cm|hours|minutes|days|weeks|months|years|HU|per cent)\b"
)
_IN_OTHER_UNITS = {"cm": (10, "mm"), "hours": (60, "minutes"), "weeks": (7, "days")}
_LIMIT = re.compile(
    r"\b(above|below|more than|less than|at least|at most)(?= (?:about )?\d+ (?:mm|cm|hours"
    r"|minutes|days|weeks|months|years|HU|per cent)\b)"
)
_OTHER_LIMIT = {
    "above": "below",
    "below": "above",
    "more than": "less than",
    "less than": "more than",
    "at least": "at most",
    "at most": "at least",
}
_SIDE = re.compile(
    r"\b(left|right)(?= (?:lung|upper|lower|main|lateral|side|hemi\w*|atrium|heart"
    r"|ventric\w*|colon|kidney|subclavian|pleural|lobe|posterolateral|renal|iliac))"
)
_ADVICE = re.compile(
    r"\b(should|must)(?: (not))?(?= be\b)|\b(is|are) (?=recommended|needed|advised"
    r"|required|indicated)"
)
_VERB = re.compile(r"\b(is|are|can|may)\b(?! not\b)")


@dataclass
class Planted:
    """Passages as raw objects, and the faults among them."""

    passages: list[dict[str, Any]] = field(default_factory=list)
    truths: set[tuple[str, str, str, str]] = field(default_factory=set)
    """Of a contradiction (class, kind, id, id); of others (class, kind, id, item's id or "")."""

    def write(self, path: Path) -> Path:
        """Write the passages as a corpus file."""
        path.write_text("".join(json.dumps(one) + "\n" for one in self.passages), "utf-8")
        return path


@cache
def sample() -> Dataset:
    """Return the sample's items."""
    return load_dataset("sample", root=SAMPLE)


@cache
def sample_passages() -> tuple[CorpusPassage, ...]:
    """Return the sample's passages."""
    return read_passages(SAMPLE / "corpus.jsonl")


def background(
    count: int, rng: random.Random, but: frozenset[str] = frozenset()
) -> Iterator[dict[str, Any]]:
    """Yield passages on made-up subjects: the sample's, half of whose words and all sizes differ.

    They share phrases with the sample and contradict nothing in it. Those of the ids ``but`` are
    not taken, of which half of the words might still tell a fact.
    """
    vocabulary = _vocabulary()
    sources = [one for one in sample_passages() if one.id not in but]
    for number in range(count):
        parts = [part.body for part in split(sources[number % len(sources)].text)]
        swapped = {
            word: rng.choice(vocabulary) for part in parts for word in _half_of_words(part, rng)
        }
        bodies = [_on_other_subject(part, swapped, rng) for part in parts]
        yield {"id": f"b-{number}", "title": f"Made up {number}", "text": " ".join(bodies)}


_TURNING = frozenset(("cannot", "absent", "lack", "without", "neither", "fail"))
"""Words that turn a meaning stay: without them a copy would deny what the sample says."""


@cache
def _vocabulary() -> list[str]:
    """Return made-up words of eight letters."""
    syllables = (first + second for first in "bcdfgklmnprstvx" for second in "aeiou")
    return ["".join(parts) for parts in product(list(syllables)[::3], repeat=4)][::7]


def _half_of_words(sentence: str, rng: random.Random) -> list[str]:
    words = sorted(content_words(sentence) - _TURNING)
    return rng.sample(words, (len(words) + 1) // 2)


def _on_other_subject(sentence: str, swapped: dict[str, str], rng: random.Random) -> str:
    """Return a sentence with its words swapped; one that keeps its subject keeps its sizes."""
    text = re.sub(r"[^\W\d_]{4,}", lambda found: _swap(found[0], swapped), sentence)
    before, after = content_words(sentence), content_words(text)
    if len(before - after) < max(2, len(before) / 2):
        return text
    return _SIZE.sub(lambda found: f"{rng.randint(1, 99)} {found[2]}", text)


def _swap(word: str, swapped: dict[str, str]) -> str:
    stem = word.lower()
    stem = stem[:-1] if stem.endswith("s") and not stem.endswith("ss") else stem
    new = swapped.get(stem, word)
    return new.capitalize() if word[0].isupper() and new != word else new


def reworded(sentence: str, rng: random.Random, leads: Sequence[str] = _LEADS) -> str:
    """Return a sentence with another word for one of its words, behind one of the leads."""
    for old, new in rng.sample(SYNONYMS, len(SYNONYMS)):
        if re.search(rf"\b{re.escape(old)}\b", sentence):
            sentence = re.sub(rf"\b{re.escape(old)}\b", new, sentence, count=1)
            break
    lead = rng.choice(leads)
    return lead + (
        sentence[0].lower() + sentence[1:] if lead and sentence[1:2].islower() else sentence
    )


def _number(sentence: str, rng: random.Random) -> str:
    return _SIZE.sub(lambda found: f"{int(found[1]) * rng.choice((2, 3))} {found[2]}", sentence)


def _limit(sentence: str, rng: random.Random) -> str:
    return _LIMIT.sub(lambda found: _OTHER_LIMIT[found[1]], sentence)


def _side(sentence: str, rng: random.Random) -> str:
    return (
        re.sub(
            r"\b(left|right)\b", lambda one: {"left": "right", "right": "left"}[one[1]], sentence
        )
        if _SIDE.search(sentence)
        else sentence
    )


def _advice(sentence: str, rng: random.Random) -> str:
    found = _ADVICE.search(sentence)
    if found is None:
        return sentence
    new = f"{found[3]} not " if found[3] else found[1] if found[2] else f"{found[1]} not"
    return sentence[: found.start()] + new + sentence[found.end() :]


def _denial(sentence: str, rng: random.Random) -> str:
    if _ADVICE.search(sentence) or re.search(r"\b(?:no|not|without|never)\b", sentence):
        return sentence
    return _VERB.sub(r"\1 not", sentence, count=1)


EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "side": _side,
    "recommendation": _advice,
    "threshold": _limit,
    "number": _number,
    "negation": _denial,
}


def _other_subject(sentence: str, rng: random.Random) -> str:
    """Return the sentence about something else: two of its words are others."""
    words = sorted(content_words(sentence), key=len)[-3:]
    for word in words:
        sentence = re.sub(rf"\b{word}", f"para{word[:4]}oma", sentence, flags=re.IGNORECASE)
    return _number(sentence, rng)


def _other_unit(sentence: str, rng: random.Random) -> str:
    def turned(found: re.Match[str]) -> str:
        factor, unit = _IN_OTHER_UNITS.get(found[2], (1, found[2]))
        return f"{int(found[1]) * factor} {unit}"

    return _SIZE.sub(turned, sentence)


def contradictions(
    each: int, rng: random.Random, edits: Mapping[str, Callable[[str, random.Random], str]] = EDITS
) -> Planted:
    """Return the sample with ``each`` contradictions of each kind, and harmless likenesses.

    ``edits`` are by kind, those that fit few sentences first.
    """
    planted = Planted([_raw(one) for one in sample_passages()])
    left = [
        (one.id, part.body)
        for one in sample_passages()
        for part in split(one.text)
        if len(content_words(part.body)) >= 5
    ]
    rng.shuffle(left)
    # Those of which there are few take theirs first; no sentence is used twice.
    for kind, edit in edits.items():
        for number, (id_, text) in enumerate(_taken(left, edit, each)):
            own = f"x-{kind}-{number}"
            planted.passages.append(passage(own, reworded(edit(text, rng), rng), rng))
            first, second = sorted((own, id_))
            planted.truths.add(("contradiction", kind, first, second))
    for name, harmless in (("other", _other_subject), ("unit", _other_unit), ("same", _same)):
        for number, (_, text) in enumerate(_taken(left, harmless, each)):
            own = f"h-{name}-{number}"
            planted.passages.append(passage(own, reworded(harmless(text, rng), rng), rng))
    return planted


def _same(sentence: str, rng: random.Random) -> str:
    return f"{sentence} "


def _taken(
    left: list[tuple[str, str]], edit: Callable[[str, random.Random], str], most: int
) -> list[tuple[str, str]]:
    """Take out of what is left the first sentences that an edit changes."""
    found = [one for one in left if edit(one[1], random.Random(0)) != one[1]][:most]
    left[:] = [one for one in left if one not in found]
    return found


def passage(id_: str, sentence: str, rng: random.Random) -> dict[str, Any]:
    before, behind = (next(background(1, rng))["text"].split(". ")[0] for _ in range(2))
    return {"id": id_, "title": "", "text": f"{before}. {sentence} {behind}."}


def _raw(passage: CorpusPassage) -> dict[str, Any]:
    return {"id": passage.id, "title": passage.title, "text": passage.text, **passage.fields}


def of_form_and_age(each: int, rng: random.Random) -> Planted:
    """Return ``each`` passages that are repeated, cut, of bad form, hostile, old and replaced.

    Beside them stand as many that are clean and new.
    """
    planted = Planted()
    texts = [one["text"] for one in background(7 * each, rng)]
    for n in range(each):
        plain, again, cut, hostile, old, replaced, clean = texts[n * 7 : n * 7 + 7]
        name = f"{_vocabulary()[n * 31].upper()}-RADS"
        order = rng.choice(INJECTIONS).format(letter=rng.choice("ABCD"))
        shown = [
            (f"d1-{n}", again, ""),
            (f"d2-{n}", _one_word_else(again, rng), "duplicates"),
            (f"c-{n}", cut[: len(cut) // 2].rsplit(" ", 1)[0], "hygiene"),
            (f"i-{n}", _within(hostile, order), "hygiene"),
            (f"m-{n}", f"<p>{plain}</p>" if n % 2 else _within(plain, "Itâ€™s"), "hygiene"),
            (f"g-{n}", _within(old, f"See the {name} guideline of 2009."), "age"),
            (f"v1-{n}", _within(replaced, f"It follows {name} v2018."), "age"),
            (f"v2-{n}", _within(clean, f"It follows {name} v2022."), ""),
        ]
        for id_, text, fault in shown:
            planted.passages.append({"id": id_, "title": "", "text": text})
            if fault:
                planted.truths.add((fault, id_.partition("-")[0], id_, ""))
    return planted


def _within(text: str, sentence: str) -> str:
    first, _, rest = text.partition(". ")
    return f"{first}. {sentence} {rest}"


def _one_word_else(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    words[rng.randrange(1, len(words) - 1)] = "otherwise"
    return " ".join(words)
