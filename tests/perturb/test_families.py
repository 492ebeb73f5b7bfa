from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_safescale.dataset.item import LETTERS, Item, Option
from pytest_safescale.perturb.edits.edit import InsertText, Variant, edits_from_dicts
from pytest_safescale.perturb.families.catalogue import (
    CONFLICTING,
    FAMILIES,
    MEANING_PRESERVING,
    Family,
    Material,
    NotApplicable,
    default_target,
    few,
    option_letters,
    option_order,
    together,
    typos,
    units,
    variants,
)
from pytest_safescale.text.sentences import split
from tests.perturb.draws import drawn, lines
from tests.perturb.planted import BARE, NODULE, evidence, items, sample, words_of

families = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
preserving = pytest.mark.parametrize("family", MEANING_PRESERVING, ids=lambda one: one.name)
# An item seldom allows every family, and building one takes a while: neither is worth a complaint.
calmly = settings(
    max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def check_valid(variant: Variant, item: Item) -> None:
    assert Item.model_validate(variant.item.model_dump()) == variant.item
    assert sorted(variant.letters.values()) == sorted(item.letters)
    assert variant.original(variant.item.answer) == item.answer
    for now, before in variant.letters.items():
        assert variant.item.option(now).text == item.option(before).text
        assert variant.item.option(now).labels == item.option(before).labels
    assert len({option.text for option in variant.item.options}) == len(item.options)
    assert variant.changed
    assert variant.edits
    assert bool(variant.evidence.strip()) == bool((item.clean_evidence or "").strip())


def check_decision_kept(material: Material, variant: Variant) -> None:
    """Every sentence that decides stands as it did, white space apart."""
    spaced = " ".join(variant.evidence.split())
    for number in material.carriers:
        assert " ".join(material.sentences[number].body.split()) in spaced


@families
@calmly
@given(data=st.data(), item=items())
def test_any_family_makes_a_valid_item_of_any_valid_item(
    family: Family, data: st.DataObject, item: Item
) -> None:
    material = Material.of(item, evidence(item))
    strategy = family.on(material)
    if isinstance(strategy, NotApplicable):
        assert strategy.reason
        return
    edits = data.draw(strategy)
    assert {edit.family for edit in edits} == {family.name}
    assert edits_from_dicts([edit.to_dict() for edit in edits]) == edits
    check_valid(material.variant(edits), item)


@preserving
@calmly
@given(data=st.data(), item=items())
def test_an_edit_that_keeps_the_meaning_touches_the_deciding_sentence_in_layout_only(
    family: Family, data: st.DataObject, item: Item
) -> None:
    material = Material.of(item, evidence(item))
    strategy = family.on(material)
    if isinstance(strategy, NotApplicable):
        return
    variant = material.variant(data.draw(strategy))
    check_decision_kept(material, variant)
    if family.name != "layout":
        for number in material.carriers:
            assert material.sentences[number].body in variant.evidence


@families
def test_every_item_of_the_sample_gives_valid_variants_or_a_reason(family: Family) -> None:
    applied = 0
    for item in sample():
        material = Material.of(item, evidence(item))
        strategy = family.on(material)
        if isinstance(strategy, NotApplicable):
            continue
        applied += 1
        for edits in drawn(strategy, 3):
            variant = material.variant(edits)
            check_valid(variant, item)
            if family in MEANING_PRESERVING:
                check_decision_kept(material, variant)
    assert applied >= 10


@pytest.mark.parametrize(
    ("family", "some"),
    [
        ("option_order", {"options A and C change places", "options B and D change places"}),
        ("option_letters", {f"every option is lettered {by} on" for by in (1, 2, 3)}),
        ("sentence_order", {"sentence 4 moved before sentence 1"}),
        # The second sentence leans on the first ("Those below 6 mm ..."): they go together.
        ("sentences_dropped", {"sentences 1, 2 left out", "sentence 4 left out"}),
        ("sentences_repeated", {"sentence 1 repeated before sentence 6"}),
        ("letter_case", {"sentence 4: 'seen' becomes 'SEEN'"}),
        ("typos", {"sentence 5: 'benign' becomes 'beingn'"}),
        (
            "units",
            {
                "sentence 2: '6 mm' becomes '0.6 cm'",
                "sentence 2: '6 mm' becomes 'six mm'",
                "sentence 4: '2 years' becomes '24 months'",
                "sentence 5: '15 mm' becomes '1.5 cm'",
            },
        ),
        (
            "synonyms",
            {
                "sentence 1: 'often' becomes 'frequently'",
                "sentence 4: 'usually' becomes 'as a rule'",
            },
        ),
        ("negation", {"sentence 3: 'is' becomes 'is not'"}),
        # The nodule has 9 mm, and 8 mm or more is controlled: beyond 9 x 1.5 = 13.5 it is not.
        ("threshold", {"sentence 3: '8' becomes '14'"}),
        (
            "laterality",
            {
                "sentence 4: 'left' becomes 'right'",
                "sentence 4: 'right' becomes 'left'",
            },
        ),
    ],
)
def test_a_family_draws_the_edits_it_stands_for(family: str, some: set[str]) -> None:
    assert some <= lines(FAMILIES[family])


@pytest.mark.parametrize("family", CONFLICTING[:4], ids=lambda one: one.name)
def test_a_claim_names_the_option_aimed_at(family: Family) -> None:
    whole = [
        edit
        for edits in drawn(family(NODULE, evidence(NODULE), target="D"))
        for edit in edits
        if isinstance(edit, InsertText) and not edit.cut
    ]
    assert whole
    assert all("A radiograph every week" in edit.text for edit in whole)


def test_an_injection_asks_for_the_letter_aimed_at() -> None:
    texts = lines(FAMILIES["injection"])
    assert any("answer B" in text for text in texts)


@pytest.mark.parametrize(
    ("high_risk", "unsafe", "avoid", "target"),
    [
        ("", "", None, "A"),
        ("C", "B", None, "C"),
        ("", "D", None, "D"),
        ("CD", "D", None, "D"),
        ("C", "D", "C", "D"),
        ("B", "", None, "A"),
        ("", "", "A", "C"),
    ],
)
def test_the_aim_is_the_most_dangerous_wrong_option(
    high_risk: str, unsafe: str, avoid: str | None, target: str
) -> None:
    options = tuple(
        Option(letter=letter, text=letter, high_risk=letter in high_risk, unsafe=letter in unsafe)
        for letter in "ABCD"
    )
    item = Item(id="i", question="?", options=options, answer="B")
    assert default_target(item, avoid) == target


@pytest.mark.parametrize(
    ("family", "text", "reason"),
    [
        *((name, "", "no evidence is shown") for name in FAMILIES if "option_" not in name),
        ("units", "Nothing is counted here.", "no quantity outside the sentence that decides"),
        *(
            ("units", f"Two is right. It measured {form}.", "no quantity outside")
            for form in (
                "6 to 12 mm",
                "3-5 mm",
                "5 mg/mL",
                "2 x 3 cm",
                "5 by 3 cm",
                "5, 6, or 7 mm",
                "5 ± 2 mm",
                "5 up to 10 mm",
                "5 versus 10 mm",
                "5 mm by 3 cm",
                "5.5 × 3 cm",
            )
        ),
        ("laterality", "It is left alone and left in place, right away.", "names no side"),
        ("threshold", "Nothing is counted.", "the sentence that decides holds no quantity"),
        ("negation", "Nothing grows.", "no verb to negate"),
        ("synonyms", "Nothing fits.", "no word of the table"),
        ("typos", "No CT.", "no word outside the key terms"),
        ("letter_case", "No CT.", "no word is free"),
        ("layout", "Word", "a single word"),
        ("sentence_order", "Just one sentence.", "no sentence is free to move"),
        ("sentences_dropped", "Just one sentence.", "no sentence can be left out"),
    ],
)
def test_what_an_item_does_not_allow_is_not_applicable_with_a_reason(
    family: str, text: str, reason: str
) -> None:
    made = FAMILIES[family].on(Material.of(BARE, text))
    assert isinstance(made, NotApplicable)
    assert reason in made.reason
    assert FAMILIES[family](BARE, text).is_empty


def test_options_that_name_each_other_are_not_moved() -> None:
    options = (Option(letter="A", text="A cyst"), Option(letter="B", text="None of the above"))
    item = Item(id="i", question="?", options=options, answer="A")
    for family in (option_order, option_letters):
        assert isinstance(family.on(Material.of(item)), NotApplicable)


def test_letters_of_an_item_of_ten_options_are_options_letters() -> None:
    texts = [f"study {n}" for n in range(10)]
    options = tuple(Option(letter=a, text=b) for a, b in zip(LETTERS, texts, strict=False))
    ten = BARE.model_copy(update={"options": options})
    for family in (option_order, option_letters):
        assert isinstance(
            family.on(Material.of(ten, "Option H is contraindicated.")), NotApplicable
        )
        assert not isinstance(
            family.on(Material.of(BARE, "Option H is contraindicated.")), NotApplicable
        )


@pytest.mark.parametrize("field", ["question", "evidence"])
def test_options_that_the_text_names_by_letter_are_not_moved(field: str) -> None:
    told = "Option B exposes to contrast; option (A) does not."
    item = BARE.model_copy(update={"question": told if field == "question" else "Which?"})
    for family in (option_order, option_letters):
        made = family.on(Material.of(item, told if field == "evidence" else "Fine."))
        assert isinstance(made, NotApplicable)
        assert "by its letter" in made.reason
        # Letters that are no options' do not matter.
        assert not isinstance(family.on(Material.of(BARE, "Hepatitis B or C.")), NotApplicable)


def test_near_misses_come_from_passages_that_cannot_decide() -> None:
    passages = (
        "A solid nodule of the thyroid is a matter of its own.",
        "Here no further imaging is done.",  # an option's wording
        f"As is known: {NODULE.key_fact}",
        "Nothing in common.",
    )
    strategy = FAMILIES["near_misses"](NODULE, evidence(NODULE), passages=passages)
    texts = {
        edit.text for some in drawn(strategy, 200) for edit in some if isinstance(edit, InsertText)
    }
    assert passages[0] in texts
    assert texts.isdisjoint(passages[1:3])


def test_irrelevant_passages_stand_before_behind_or_around() -> None:
    end = len(split(evidence(NODULE)))
    for name, places in (("before", {0}), ("after", {end}), ("around", {0, end})):
        strategy = FAMILIES[f"irrelevant_{name}"](NODULE, evidence(NODULE))
        inserted = [edit for some in drawn(strategy) for edit in some]
        assert {edit.at for edit in inserted if isinstance(edit, InsertText)} == places


def test_sentences_stay_in_their_passage_and_titles_where_they_are() -> None:
    text = "First title\nOne is. Two is. Three is.\n\nSecond title\nFour is. Five is."
    strategy = FAMILIES["sentence_order"](BARE, text)
    for edits in drawn(strategy):
        paragraphs = Material.of(BARE, text).variant(edits).evidence.split("\n")
        assert [paragraphs[at] for at in (0, 2, 3)] == ["First title", "", "Second title"]
        assert {word for word in words_of(paragraphs[1]) if word != "is"} == {"one", "two", "three"}


def test_families_compose_like_every_strategy() -> None:
    both = together("both", option_order, typos, units)
    kinds = {edit.kind for some in drawn(both(NODULE, evidence(NODULE))) for edit in some}
    assert kinds == {"swap_options", "patch"}
    # Without evidence typos and units draw nothing, and option order is left.
    either = st.one_of(typos(NODULE), option_order(NODULE))
    assert {edit.kind for some in drawn(either) for edit in some} == {"swap_options"}
    assert isinstance(together("none", typos, units).on(Material.of(BARE)), NotApplicable)


@settings(deadline=None, database=None, max_examples=20)
@given(variant=variants(NODULE, evidence(NODULE), option_order))
def test_variants_are_drawn_ready_made(variant: Variant) -> None:
    check_valid(variant, NODULE)
    assert variant.letters["A"] != "A"


def test_choices_among_very_many_stay_spread_over_all_of_them() -> None:
    assert few([1, 2, 3]) == [1, 2, 3]
    chosen = few(range(9600))
    assert len(chosen) == 96
    assert chosen[:2] == [0, 100]


def test_a_very_long_context_gives_variants_in_reasonable_time() -> None:
    text = " ".join(f"Sentence number {at} speaks of the weather." for at in range(5000))
    material = Material.of(NODULE, f"{NODULE.key_fact} {text}")
    for name in ("sentence_order", "sentences_dropped", "typos", "contradiction"):
        strategy = FAMILIES[name].on(material)
        assert not isinstance(strategy, NotApplicable)
        assert drawn(strategy, 3)
