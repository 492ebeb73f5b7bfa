"""Age: passages that say of themselves that they are old, or that a newer version replaces.

The date of a passage is the year of its date field, else the latest year that its text names with
a guideline's word before it. Versions are compared within one name, such as ``LI-RADS v2017`` and
``LI-RADS v2018``. A year that is told for history alone is the rule's false alarm (docs/audit.md).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.audit.finding import Finding
from pytest_safescale.audit.provenance import DATES
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_safescale.audit.read_corpus import CorpusText
    from pytest_safescale.dataset.corpus import CorpusPassage

__all__ = ["find_outdated", "year_of"]

_KIND = (
    r"guidelines?|guidance|recommendations?|criteria|classification|consensus|statement|system"
    r"|lexicon|protocol|version|edition|update"
)
_NAME = r"(?P<name>[A-Z][\w/-]*(?: (?:[A-Z][\w/-]*|of|on|for|and|the)){0,8})"
_VERSIONED = (
    Pattern(
        rf"\b{_NAME} (?:{_KIND})(?: (?:of|from|in|version|v\.?))? \(?v?"
        r"(?P<version>(?:19|20)\d\d|\d+\.\d+)\b"
    ),
    Pattern(rf"\b(?P<version>(?:19|20)\d\d) {_NAME} (?:{_KIND})\b"),
    Pattern(rf"\b{_NAME},? (?:version |v\.? ?)(?P<version>(?:19|20)\d\d|\d+(?:\.\d+)*)\b"),
    Pattern(rf"\b{_NAME},? (?:the )?(?P<version>\d{{1,2}})(?:st|nd|rd|th) (?:edition|version)\b"),
    # A year in brackets behind a person's name is a paper of theirs, no version.
    Pattern(r"\b(?P<name>[A-Z]{2,}[\w/-]*) \((?P<version>(?:19|20)\d\d)\)"),
)
_YEAR = Pattern(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_ARTICLES = Pattern(r"^(?:The|In|For|By|See|Per|Under|A|An|According to)(?: the)? ")


class _Named(NamedTuple):
    """A guideline's version that a passage names."""

    name: str
    version: tuple[int, ...]
    words: str


def find_outdated(
    corpus: CorpusText, this_year: int, max_age_years: Mapping[str, float]
) -> list[Finding]:
    """Return the passages that are too old, and those of which a newer version is in the corpus.

    ``max_age_years`` is by the passage's field, its key ``field`` or ``subspecialty``; the key
    ``""`` is for all others, and without a limit nothing is too old.
    """
    return [*_too_old(corpus, this_year, max_age_years), *_replaced(corpus)]


def _too_old(corpus: CorpusText, this_year: int, most: Mapping[str, float]) -> Iterator[Finding]:
    for number, passage in enumerate(corpus.passages):
        field = str(passage.fields.get("field") or passage.fields.get("subspecialty") or "")
        limit = most.get(field, most.get(""))
        found = None if limit is None else year_of(passage)
        if limit is not None and found is not None and this_year - found[0] > limit:
            year, key, words = found
            yield Finding(
                finding="age",
                kind="too_old",
                sentence=f"it is of {year}, and at most {limit:g} years are allowed",
                place=corpus.place(number, words, key),
            )


def year_of(passage: CorpusPassage) -> tuple[int, str, str] | None:
    """Return the year of a passage, the key it stands under and its words; ``None`` for none."""
    for key in DATES:
        if found := _YEAR.search(str(passage.fields.get(key, ""))):
            return int(found[1]), key, str(passage.fields[key])
    named = [(one.version[0], one.words) for one in _named(passage.text) if one.version[0] > 1900]
    if not named:
        return None
    year, words = max(named)
    return year, "text", words


def _replaced(corpus: CorpusText) -> Iterator[Finding]:
    by_name: defaultdict[str, list[tuple[tuple[int, ...], int, str]]] = defaultdict(list)
    for number, passage in enumerate(corpus.passages):
        for one in _named(passage.text):
            by_name[one.name].append((one.version, number, one.words))
    for named in by_name.values():
        newest, its_number, its_words = max(named)
        # The passage that names the newest version may name an older one beside it.
        current = {number for version, number, _ in named if version == newest}
        for version, number, words in named:
            # A year and a number of a version are not in one order.
            if version < newest and number not in current and _alike(version, newest):
                yield Finding(
                    finding="age",
                    kind="superseded",
                    sentence=f"{words} is replaced by {its_words}",
                    place=corpus.place(number, words),
                    other=corpus.place(its_number, its_words),
                )


def _alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return (one[0] > 1900) == (other[0] > 1900)


def _named(text: str) -> Iterator[_Named]:
    for pattern in _VERSIONED:
        for match in pattern.finditer(text):
            name = _ARTICLES.sub("", match["name"]).casefold()
            if len(name) > 2:
                yield _Named(name, tuple(map(int, match["version"].split("."))), match[0])
