"""The headings of a file, found under the keys that are read: declared by a shape, or our own.

Our own keys are found whatever their case, and with spaces or hyphens for underscores.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.item import LETTERS, PAPER_LETTERS, Label
from pytest_safescale.dataset.text_literals import read_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.dataset.shape import Headings, Shape

__all__ = ["LISTED", "NESTED", "SYNONYMS", "Columns", "find_columns", "option_headings", "spread"]

SYNONYMS = (
    ("question_id", "id"),
    ("question", "question_text"),
    ("answer_idx", "correct_answer", "answer"),
    ("options", "choices"),
)
"""Keys that mean the same; the first that is filled is read."""

LISTED = {label.value: f"{label.value}_options" for label in Label}
"""The key under which a record lists the letters of the options that carry a label."""

NESTED = ("metadata", "options", "retrieved_contexts")
"""Keys of objects; a table has dotted headings for what is in them."""

_KEY_OF = {
    "id": "id",
    "question": "question",
    "options": "options",
    "answer": "answer",
    "clean_evidence": "evidence_clean",
    "conflict_evidence": "evidence_conflict",
    "research_report": "deep_research_report",
    "top_1": "retrieved_contexts.top_1",
    "top_5": "retrieved_contexts.top_5",
    "standard_rag": "retrieved_contexts.top_10",
    "max_context": "retrieved_contexts.extended_150k",
}
"""The key of a field of a shape, where it has not the field's own name."""

_OWN = {
    key: key
    for key in (
        *(key for synonyms in SYNONYMS for key in synonyms),
        *NESTED,
        "subspecialty",
        "question_type",
        "evidence_clean",
        "evidence_conflict",
        "deep_research_report",
        "key_fact",
        "negated",
        "source",
        "cluster",
        "pool",
        *LISTED.values(),
        "label_votes",
        "severity",
        *(
            f"option_{number}_{name}"
            for number in range(1, 27)
            for name in (*(label.value for label in Label), "severity")
        ),
    )
}
_OPTION = re.compile(
    r"(?P<stem>(?:(?:option|choice|candidate|answer|answer_option|opt|op|ending)_?)?)"
    r"(?P<place>[a-z]|\d{1,2})"
)
_PLACES = ("{letter}", "{number}", "{index}")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where a file holds what is read."""

    sources: Mapping[str, str]
    """Heading, or dotted path, by the key it is read under."""
    missing: Sequence[tuple[str, Headings]]
    """Fields whose headings a table of one's own names and the file lacks."""

    def renamed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record under the keys that are read."""
        found = ((key, _reach(values, source)) for key, source in self.sources.items())
        return {key: value[0] for key, value in found if value}

    def unread(self, headings: Iterable[str]) -> tuple[str, ...]:
        """Return the headings that nothing reads."""
        read = {part for source in self.sources.values() for part in (source, source.split(".")[0])}
        return tuple(heading for heading in headings if heading and heading not in read)


def find_columns(headings: Sequence[str], shape: Shape) -> Columns:
    """Return where a file with these headings holds what is read.

    A field that the shape names is read from there alone; everything else under our own keys.
    """
    declared: dict[str, str] = {}
    missing: list[tuple[str, Headings]] = []
    settled: set[str] = set()
    for field, named in shape.whole().headings().items():
        found = _declared(field, named, headings)
        if found:
            settled.update(_synonyms_of(field))
        elif field in shape.own:
            missing.append((field, named))
        declared |= found
    taken = set(declared.values())
    free = [heading for heading in headings if heading not in taken]
    own = {key: source for key, source in _own(free).items() if key not in settled}
    return Columns(sources={**own, **declared}, missing=missing)


def option_headings(headings: Iterable[str]) -> dict[str, str]:
    """Return the headings of options by letter, where each has a column.

    Of several runs of such headings (``option_A``, ``opa``, ``ending0``, ``A`` ...) the longest.
    """
    runs: dict[str, dict[str, str]] = {}
    for heading in headings:
        match = _OPTION.fullmatch(_plain(heading))
        if match:
            kind = "digit" if match["place"].isdigit() else "letter"
            runs.setdefault(f"{match['stem']}{kind}", {}).setdefault(match["place"], heading)
    lettered = [_lettered(stem, run) for stem, run in runs.items()]
    return max(lettered, key=len, default={})


def spread(pattern: str, headings: Sequence[str]) -> dict[str, str]:
    """Return the headings that a pattern such as ``ending{index}`` means, by letter."""
    plain = {heading.casefold(): heading for heading in reversed(headings)}
    found = {}
    for number, letter in enumerate(LETTERS, 1):
        wanted = pattern.replace("{number}", str(number)).replace("{index}", str(number - 1))
        wanted = wanted.replace("{letter}", letter)
        heading = wanted if wanted in headings else plain.get(wanted.casefold())
        if heading is not None:
            found[letter] = heading
    return found


def _declared(field: str, named: Headings, headings: Sequence[str]) -> dict[str, str]:
    """Return what is read from the first of the named headings that the file has."""
    for name in named:
        if any(place in name for place in _PLACES):
            letters = spread(name, headings)
            if field == "options" and "A" in letters:
                return {f"option_{letter}": heading for letter, heading in letters.items()}
            if field != "options" and letters:
                return {
                    f"option_{LETTERS.index(letter) + 1}_{field}": heading
                    for letter, heading in letters.items()
                }
        elif (source := _found(name, headings)) is not None:
            return {LISTED.get(field) or _KEY_OF.get(field, field): source}
    return {}


def _found(name: str, headings: Sequence[str]) -> str | None:
    if name in headings:
        return name
    alike = [heading for heading in headings if _plain(heading) == _plain(name)]
    if alike:
        return alike[0]
    inside = name.split(".", maxsplit=1)[0]
    return name if inside != name and inside in headings else None


def _synonyms_of(field: str) -> Iterable[str]:
    """Return the keys that are not read any more once a field is declared."""
    if field == "options":
        return {"options", "choices", *(f"option_{letter}" for letter in LETTERS)}
    if field in LISTED or field == "severity":
        return {LISTED.get(field, field), *(f"option_{number}_{field}" for number in range(1, 27))}
    key = _KEY_OF.get(field, field)
    return next((synonyms for synonyms in SYNONYMS if key in synonyms), (key,))


def _own(headings: Sequence[str]) -> dict[str, str]:
    """Return the headings that are our own keys; of two alike the one that is written as we do."""
    found: dict[str, str] = {}
    for heading in sorted(headings, key=lambda heading: heading not in _OWN):
        key = _OWN.get(_plain(heading)) or _dotted(heading)
        if key is not None:
            found.setdefault(key, heading)
    # A record that has another form of its options may still have columns called so.
    columns = option_headings(heading for heading in headings if heading not in found.values())
    return found | {f"option_{letter}": heading for letter, heading in columns.items()}


def _dotted(heading: str) -> str | None:
    first, dot, rest = heading.partition(".")
    return f"{first.casefold()}.{rest}" if dot and first.casefold() in NESTED else None


def _plain(heading: str) -> str:
    return re.sub(r"[\s-]+", "_", heading.strip().casefold())


def _lettered(stem: str, run: Mapping[str, str]) -> dict[str, str]:
    """Return a run of headings by letter; empty where it does not begin with the first two."""
    if stem.endswith("digit"):
        start = 0 if "0" in run else 1
        run = {LETTERS[n].lower(): h for p, h in run.items() if 0 <= (n := int(p) - start) < 26}
    if not {"a", "b"} <= set(run):
        return {}
    letters = {place.upper(): heading for place, heading in run.items()}
    if stem != "letter":
        return dict(sorted(letters.items()))
    # A single letter far behind the options ("n", "x") is a column of something else.
    gap = next((letter for letter in LETTERS if letter not in letters), "")
    last = max(LETTERS.index(gap), len(PAPER_LETTERS)) if gap else len(LETTERS)
    return {letter: letters[letter] for letter in LETTERS[:last] if letter in letters}


def _reach(values: Mapping[str, Any], source: str) -> tuple[Any, ...]:
    """Return the value of a heading or a dotted path, alone in a tuple; empty for none.

    A path leads into an object also where a cell holds it as text.
    """
    if source in values:
        return (values[source],)
    inner: Any = values
    for part in source.split("."):
        inner = read_literal(inner) if isinstance(inner, str) else inner
        if not isinstance(inner, dict) or part not in inner:
            return ()
        inner = inner[part]
    return (inner,)
