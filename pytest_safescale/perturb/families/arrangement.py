"""Families that arrange the evidence anew: sentences moved, left out, repeated; texts added."""

from __future__ import annotations

from hypothesis import strategies as st

from pytest_safescale.perturb.edits.edit import DropSentences, Edit, MoveSentences, RepeatSentence
from pytest_safescale.perturb.families.family import (
    Edits,
    Material,
    NotApplicable,
    family,
    few,
    inserted,
    several,
)
from pytest_safescale.perturb.families.texts import IRRELEVANT, NEAR_MISSES
from pytest_safescale.text.sentences import content_words

__all__ = [
    "irrelevant_after",
    "irrelevant_around",
    "irrelevant_before",
    "near_misses",
    "sentence_order",
    "sentences_dropped",
    "sentences_repeated",
]

NO_EVIDENCE = NotApplicable(reason="no evidence is shown")
_NEAREST = 8


@family("sentence_order")
def sentence_order(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Sentences in another order within their paragraph.

    A sentence that leans on the one before moves with it, and the one that decides stays.
    """
    if not material.sentences:
        return NO_EVIDENCE
    passages: dict[int, list[tuple[int, ...]]] = {}
    for bundle in material.bundles:
        passages.setdefault(material.sentences[bundle[0]].paragraph, []).append(bundle)
    moves = [
        MoveSentences(family="sentence_order", sentences=bundle, before=before)
        for passage in passages.values()
        for bundle in few([one for one in passage if not material.carriers.intersection(one)])
        for before in _places_for(bundle, passage)
    ]
    if not moves:
        return NotApplicable(reason="no sentence is free to move")
    return several(st.sampled_from(few(moves)), unique_by=_sentences_of)


def _sentences_of(edit: Edit) -> tuple[int, ...]:
    return edit.sentences if isinstance(edit, MoveSentences | DropSentences) else ()


def _places_for(bundle: tuple[int, ...], passage: list[tuple[int, ...]]) -> list[int]:
    """Return where a bundle can go in its own passage, apart from where it stands."""
    places = few([*(other[0] for other in passage), passage[-1][-1] + 1])
    return [at for at in places if at not in (bundle[0], bundle[-1] + 1)]


@family("sentences_dropped")
def sentences_dropped(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Sentences left out, never the one that decides."""
    if not material.sentences:
        return NO_EVIDENCE
    drops = [DropSentences(family="sentences_dropped", sentences=one) for one in material.idle]
    if len(drops) == len(material.bundles):
        drops = drops[1:]  # something is always left
    if not drops:
        return NotApplicable(reason="no sentence can be left out")
    return several(st.sampled_from(few(drops)))


@family("sentences_repeated")
def sentences_repeated(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Sentences said again further on, never the one that decides."""
    plain = [part.number for part in material.free if not part.leans]
    if not plain:
        return NO_EVIDENCE if not material.sentences else NotApplicable(reason="no free sentence")
    places = few([part.number for part in material.sentences[1:] if not part.leans])
    edits: st.SearchStrategy[Edit] = st.builds(
        RepeatSentence,
        family=st.just("sentences_repeated"),
        sentence=st.sampled_from(few(plain)),
        before=st.sampled_from([*places[:90], material.end]),
    )
    return several(edits)


@family("irrelevant_before")
def irrelevant_before(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Passages about something else in front of the evidence."""
    return _irrelevant(material, "irrelevant_before", [0], most=4)


@family("irrelevant_after")
def irrelevant_after(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Passages about something else behind the evidence."""
    return _irrelevant(material, "irrelevant_after", [material.end], most=4)


@family("irrelevant_around")
def irrelevant_around(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Passages about something else on both sides of the evidence: lost in the middle."""
    return _irrelevant(material, "irrelevant_around", [0, material.end], most=8)


def _irrelevant(
    material: Material, name: str, places: list[int], *, most: int
) -> st.SearchStrategy[Edits] | NotApplicable:
    if not material.sentences:
        return NO_EVIDENCE
    return several(inserted(name, IRRELEVANT, places, paragraph=True), most=most)


@family("near_misses")
def near_misses(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """Passages that share words with the question and say nothing about it.

    Those of our own speak of animals, registers and lectures; ``passages`` are taken from too, the
    nearest first, apart from those that hold an option or the key fact.
    """
    if not material.sentences:
        return NO_EVIDENCE
    asked = {word for word in material.item.question.split() if word.isalpha()}
    words = sorted(filter(content_words, asked), key=lambda word: (-len(word), word))
    made = [text.format(topic=word) for word in words[:4] for text in NEAR_MISSES]
    texts = [*_nearest(material), *made]
    if not texts:
        return NotApplicable(reason="the question has no word to share")
    return several(inserted("near_misses", texts, [0, material.end], paragraph=True))


def _nearest(material: Material) -> list[str]:
    """Return the passages nearest to the question that cannot decide it."""
    item, asked = material.item, content_words(material.item.question)
    telling = [*(option.text for option in item.options), item.key_fact or item.options[0].text]
    kept = [
        text
        for text in dict.fromkeys(material.passages)
        if not any(words.lower() in text.lower() for words in telling)
        and text not in material.evidence
    ]
    return sorted(kept, key=lambda text: -len(asked & content_words(text)))[:_NEAREST]
