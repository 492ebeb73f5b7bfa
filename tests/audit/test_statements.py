"""What rules read in a sentence: quantities, sides, words that turn it, advice, limits."""

from __future__ import annotations

from typing import Any

import pint
import pytest

from pytest_safescale.audit.disagreement import contradicts_itself, disagreement
from pytest_safescale.audit.limits import limits, unmet
from pytest_safescale.audit.quantities import quantities
from pytest_safescale.audit.statement import recommendation, sides, statement, turns
from pytest_safescale.audit.units import BASE_UNITS, SPELLINGS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a nodule of 6 mm", [(6, "mm", 0)]),
        ("a nodule of 6 mm or more", [(6, "mm", 1)]),
        ("at least 0.5 cm", [(0.5, "cm", 1)]),
        ("in no more than 30 minutes", [(30, "minute", -1)]),
        ("CT at 6 to 12 months", [(6, "month", 0), (12, "month", 0)]),
        ("a 15-minute delay", [(15, "minute", 0)]),
        ("after two weeks", [(2, "week", 0)]),
        ("1,000 ml of saline", [(1000, "ml", 0)]),
        ("an eGFR below 30 mL/min", [(30, "ml/minute", -1)]),
        ("the Fleischner paper of 2017", []),
        ("BI-RADS 5 and 30 mL/min/1.73", []),
    ],
)
def test_quantities_are_numbers_with_units_and_the_way_they_bound(text: str, found: Any) -> None:
    assert [(one.value, one.unit, one.limit) for one in quantities(text)] == found


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("5 cm", "50 mm", True),
        ("24 hours", "1 day", True),
        ("12 months", "1 year", True),
        ("4 weeks", "1 month", False),
        ("6 mm", "8 mm", False),
        ("6 mm", "6 months", False),
        ("5 per cent", "5 mg/kg", False),
    ],
)
def test_quantities_are_compared_after_conversion(one: str, other: str, equal: bool) -> None:
    (left,), (right,) = quantities(one), quantities(other)
    assert left.equals(right) is equal


def test_units_are_what_pint_makes_of_them() -> None:
    registry: Any = pint.UnitRegistry(cache_folder=None)
    # Pint has no dimension for a share, a dose by weight and the two kinds of dose, nor a beat.
    own = ("HU", "bpm", "percent", "mg/kg")
    named: dict[str, str] = {}
    for unit in sorted(set(SPELLINGS.values())):
        factor, dimension = BASE_UNITS[unit]
        if unit not in own:
            base = registry.Quantity(1.0, unit).to_base_units()
            assert factor == pytest.approx(base.magnitude), unit
            assert named.setdefault(dimension, str(base.units)) == str(base.units), unit
    assert set(BASE_UNITS) == set(SPELLINGS.values())


def test_sides_turns_and_advice_are_read() -> None:
    assert sides("The left-sided drain, right lung") == ("left", "right")
    assert sides("the drain is left in place") == ()
    assert turns("It is not given without need.") == 2
    assert turns("no more than 6 mm, not only here") == 0
    assert recommendation("Biopsy is recommended.") == 1
    assert recommendation("Biopsy is not recommended.") == -1
    assert recommendation("Biopsy should be avoided.") == -1
    assert recommendation("The lesion is bright.") == 0


SAID = "Routine follow-up of a solitary solid nodule starts at 6 mm in the left lung."


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ("Routine follow-up of a solitary solid nodule starts at 8 mm in the left lung.", "number"),
        ("Routine follow-up of a solitary solid nodule starts at 1 cm in the left lung.", "number"),
        ("Routine follow-up of a solitary solid nodule starts at 6 mm in the right lung.", "side"),
        ("Routine follow-up of a solitary solid nodule never starts at 6 mm in the left lung.",
         "negation"),
        ("Routine follow-up of a solitary solid nodule starts at 0.6 cm in the left lung.", None),
        ("Routine follow-up of a hepatic cyst or a haemangioma starts at 8 mm in the left lobe.",
         None),
    ],
)  # fmt: skip
def test_sentences_on_one_thing_disagree_in_one_of_five_ways(other: str, kind: str | None) -> None:
    found = disagreement(statement(SAID), statement(other))
    assert (found and found.kind) == kind


def test_limits_and_advice_disagree() -> None:
    above = "Adrenal nodules that measure more than 10 HU before contrast need delayed images."
    below = above.replace("more", "less")
    found = disagreement(statement(above), statement(below))
    assert found == ("threshold", "from 10 HU", "up to 10 HU")
    do = "Biopsy of a lipid-rich adrenal adenoma is recommended."
    found = disagreement(statement(do), statement(do.replace("is", "is not")))
    assert found == ("recommendation", "do", "do not")


def test_texts_are_held_against_themselves() -> None:
    assert contradicts_itself([SAID, "Nothing else."]) is None
    found = contradicts_itself([f"{SAID} More.", f"Less. {SAID.replace('6 mm', '9 mm')}"])
    assert found is not None
    assert found.kind == "number"


def test_limits_are_people_states_and_modalities() -> None:
    found = limits("Only if the patient is stable, and in pregnant women after a reaction to it.")
    assert [limit.name for limit in found] == ["stability", "pregnancy"]
    (child,) = limits("In children the dose is halved.")
    assert child.kind == "population"
    assert child.words == "In children"
    assert [limit.name for limit in limits("This holds only on MRI.")] == ["MRI"]
    assert limits("The stable patient goes to CT.") == ()


def test_a_limit_is_held_against_the_patient() -> None:
    (child,) = limits("In children the dose is halved.")
    (pregnant,) = limits("This is given during pregnancy.")
    assert unmet(child, "A 58-year-old woman has a nodule.")
    assert not unmet(child, "A 4-year-old boy has a nodule.")
    assert not unmet(child, "Which sign is typical?")
    assert unmet(pregnant, "A 58-year-old woman has a nodule.")
    assert not unmet(pregnant, "A woman in her third trimester has pain.")
