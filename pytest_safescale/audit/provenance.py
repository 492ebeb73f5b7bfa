"""Provenance: whether a passage says where it is from, when, and under what licence.

A field is there where its key, or a usual other name of it, holds anything but a blank. The rule
looks at keys alone and makes no errors of its own. What the whole corpus lacks is one finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.audit.finding import Finding, Place
from pytest_safescale.dataset.raw_record import absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_safescale.audit.read_corpus import CorpusText
    from pytest_safescale.dataset.corpus import CorpusPassage

__all__ = ["DATES", "find_unsourced"]

DATES = ("date", "year", "published", "publication_date", "updated", "version_date")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "source": ("source", "url", "doi", "pmid", "reference", "citation", "publisher"),
    "date": DATES,
    "licence": ("licence", "license", "rights"),
}


def find_unsourced(corpus: CorpusText) -> list[Finding]:
    """Return a finding for each field that a passage lacks; one for all where all lack it."""
    return [finding for kind in _FIELDS for finding in _lacking(corpus, kind)]


def _lacking(corpus: CorpusText, kind: str) -> Iterator[Finding]:
    lacking = [n for n, passage in enumerate(corpus.passages) if not _has(passage, kind)]
    if len(lacking) == len(corpus.passages):
        yield Finding(
            finding="provenance", kind=kind, sentence=f"no passage of the corpus has a {kind}"
        )
        return
    for number in lacking:
        place: Place = corpus.place(number, field=kind)
        yield Finding(
            finding="provenance", kind=kind, sentence=f"the passage has no {kind}", place=place
        )


def _has(passage: CorpusPassage, kind: str) -> bool:
    return any(not absent(passage.fields.get(key)) for key in _FIELDS[kind])
