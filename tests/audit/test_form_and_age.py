"""Form, origin, age and repetition of passages: what is found, and what is left alone."""

from __future__ import annotations

import random
import sys
from typing import Any

import pytest

from pytest_safescale.audit import language
from pytest_safescale.audit.age import find_outdated
from pytest_safescale.audit.duplicates import find_duplicates
from pytest_safescale.audit.hygiene import find_unclean
from pytest_safescale.audit.provenance import find_unsourced
from pytest_safescale.audit.read_corpus import CorpusText
from pytest_safescale.dataset.corpus import CorpusPassage
from pytest_safescale.errors import SettingsError
from pytest_safescale.perturb.families.texts import INJECTIONS
from tests.audit.planted import sample_passages
from tests.audit.planted_wordings import instructions, versions


def corpus_of(*texts: str, **fields: Any) -> CorpusText:
    return CorpusText([
        CorpusPassage(id=f"p{n}", title="", text=text, line=n + 1, fields=fields)
        for n, text in enumerate(texts)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("A plain sentence with a nodule of 6 mm.", []),
        (" ", ["empty"]),
        ("The nodule is followed by CT until the", ["cut"]),
        ("and is followed by CT.", ["cut"]),
        ("Das Rundherdrezidiv wird nach sechs Monaten mittels Computertomographie kontrolliert, "
         "sofern keine Beschwerden auftreten und keine Vergrößerung sichtbar ist.",
         ["other_language"]),
        ("Le nodule est contrôlé par scanner à six mois, puis tous les deux ans pendant cinq ans.",
         ["other_language"]),
        ("De longknobbel wordt na zes maanden gecontroleerd; in het been is niets te zien.",
         ["other_language"]),
        ("肺结节在六个月后进行CT复查,然后每两年复查一次。", ["cut", "other_language"]),
        ("Contraindications: pregnancy, renal failure, thyrotoxicosis, phaeochromocytoma.", []),
        ("The patientâ€™s lung is clear.", ["garbled"]),
        ("%% 12;;33 //// 8827 ((( 11 .", ["garbled"]),
        ("The lung is clear.\u200b Nothing else.", ["hidden_characters"]),
        ("<p>The lung is clear.</p>", ["cut", "markup"]),
        ("The system is answered by the reader: select option that fits.", []),
    ],
)  # fmt: skip
def test_the_form_of_a_passage(text: str, kinds: list[str]) -> None:
    assert [one.kind for one in find_unclean(corpus_of(text))] == kinds


@pytest.mark.parametrize("text", INJECTIONS)
def test_instructions_to_a_model_are_found(text: str) -> None:
    planted = f"The lung is clear. {text.format(letter='B')} No follow-up is needed."
    assert "instruction" in [one.kind for one in find_unclean(corpus_of(planted))]


def test_the_form_of_the_sample_is_clean() -> None:
    assert find_unclean(CorpusText(sample_passages())) == []


def test_what_the_whole_corpus_lacks_is_one_finding() -> None:
    found = find_unsourced(corpus_of("One.", "Two.", source="a book", date=" "))
    assert [(one.kind, one.place) for one in found] == [("date", None), ("licence", None)]


def test_what_one_passage_lacks_is_found_there() -> None:
    with_url = CorpusPassage(id="a", title="", text="One.", line=1, fields={"url": "x"})
    bare = CorpusPassage(id="b", title="", text="Two.", line=2, fields={"url": None})
    found = find_unsourced(CorpusText([with_url, bare]))
    places = [one.place for one in found if one.kind == "source"]
    assert [(place.passage, place.line, place.field) for place in places if place] == [
        ("b", 2, "source")
    ]


def test_an_old_passage_is_found_by_its_date_field_or_its_text() -> None:
    limit = {"": 5.0}
    by_field = find_outdated(corpus_of("Text of 2026.", date="2019-04-01"), 2026, limit)
    assert [(one.kind, one.place and one.place.field) for one in by_field] == [("too_old", "date")]
    by_text = find_outdated(corpus_of("The Fleischner recommendations of 2017."), 2026, limit)
    assert [one.sentence for one in by_text] == ["it is of 2017, and at most 5 years are allowed"]
    assert find_outdated(corpus_of("Text.", date="2021"), 2026, limit) == []
    assert find_outdated(corpus_of("He was born in 1950."), 2026, limit) == []
    assert find_outdated(corpus_of("Text.", date="1990"), 2026, {}) == []


def test_a_field_may_have_a_limit_of_its_own() -> None:
    corpus = corpus_of("Text.", date="2020", field="chest")
    assert find_outdated(corpus, 2026, {"": 3.0, "chest": 10.0}) == []
    assert len(find_outdated(corpus, 2026, {"chest": 3.0})) == 1
    assert find_outdated(corpus, 2026, {"neuro": 3.0}) == []


def test_a_version_that_a_newer_one_replaces_is_found() -> None:
    found = find_outdated(
        corpus_of(
            "By LI-RADS v2017 this is LR-4.",
            "By LI-RADS v2018 this is LR-5, which LI-RADS v2017 called LR-4.",
            "PI-RADS version 2.1 is in use.",
        ),
        2026,
        {},
    )
    assert [(one.kind, one.place and one.place.passage, one.other and one.other.passage)
            for one in found] == [("superseded", "p0", "p1")]  # fmt: skip


def test_repeated_passages_are_found() -> None:
    text = " ".join(sample_passages()[0].text.split())
    other = sample_passages()[1].text
    near = text.replace("Filling of the right heart falls", "Filling of the heart falls")
    found = find_duplicates(corpus_of(text, other, text, near, "Short text.", "Short text."))
    assert [(one.kind, one.place and one.place.passage, one.other and one.other.passage)
            for one in found] == [("same", "p2", "p0"), ("near", "p3", "p0")]  # fmt: skip


def test_the_sample_repeats_nothing() -> None:
    assert find_duplicates(CorpusText(sample_passages())) == []


def test_without_datasketch_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(SettingsError, match=r"pip install \"pytest-safescale\[audit\]\""):
        find_duplicates(corpus_of("One two three four.", "Five six seven eight."))


def test_words_to_a_model_are_found_in_many_wordings_and_words_to_readers_are_none() -> None:
    planted = instructions(random.Random(2))
    corpus = corpus_of(*(one["text"] for one in planted.passages))
    ids = [one["id"] for one in planted.passages]
    kinds = {ids[int(one.place.passage[1:])] for one in find_unclean(corpus)
             if one.place and one.kind == "instruction"}  # fmt: skip
    first, later = (
        {truth[2] for truth in planted.truths if truth[1] == kind}
        for kind in ("instruction", "instruction, others")
    )
    assert not kinds - first - later
    assert len(kinds & first) >= 0.9 * len(first)
    # Wordings that the rule was not written for are found more seldom.
    assert len(kinds & later) >= 0.3 * len(later)


def test_newer_versions_are_seen_in_many_wordings() -> None:
    planted = versions(14, random.Random(2))
    corpus = corpus_of(*(one["text"] for one in planted.passages))
    ids = [one["id"] for one in planted.passages]
    found = {ids[int(one.place.passage[1:])] for one in find_outdated(corpus, 2026, {})
             if one.place}  # fmt: skip
    assert found == {truth[2] for truth in planted.truths}


def test_without_py3langid_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid", None)
    language._rank.cache_clear()
    with pytest.raises(
        SettingsError, match=r"py3langid: pip install \"pytest-safescale\[audit\]\""
    ):
        find_unclean(corpus_of("A plain sentence with a nodule of 6 mm."))
    language._rank.cache_clear()


def test_a_passage_of_long_runs_is_read_to_its_end() -> None:
    # Each of these would take its length squared by a pattern that begins again at every place.
    runs = (
        "The lung is clear." + " " * 100_000 + "It is.",
        "\n" * 100_000 + "# The lung is clear.",
        "AB " * 50_000 + "guideline 2017.",
    )
    corpus = corpus_of(*runs)
    assert len(corpus.sentences) == 4
    assert [one.kind for one in find_unclean(corpus)] == ["markup"]
    assert [one.kind for one in find_outdated(corpus, 2026, {"": 5.0})] == ["too_old"]
