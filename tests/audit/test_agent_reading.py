"""What an agent read, when it saw the fact, and what its report left out."""

from __future__ import annotations

from pytest_safescale.audit.agent_reading import reading_finding
from tests.audit.test_evidence_class import DANGER, FACT, ITEM, NOTHING, RIGHT, passages


def test_the_turns_are_told_in_which_fact_and_danger_were_read() -> None:
    one, two, three = passages(NOTHING, FACT, DANGER)
    found = reading_finding([[one], [two], [three], []], ["stone"], FACT, ITEM)
    assert (found.fact_turn, found.danger_turn, found.reported) == (2, 3, True)
    assert found.unused == ("p0", "p2")


def test_a_report_that_says_something_else_has_lost_the_fact() -> None:
    found = reading_finding([passages(FACT), []], ["stone"], NOTHING, ITEM)
    assert (found.fact_turn, found.danger_turn, found.reported) == (1, None, False)
    assert found.unused == ("p0",)


def test_what_supports_the_correct_option_is_seen_and_reported_as_well() -> None:
    found = reading_finding([passages(RIGHT), []], [], f"Found: {RIGHT}", ITEM)
    assert (found.fact_turn, found.reported, found.unused) == (1, True, ())


def test_searches_are_repeated_whatever_their_case_and_spaces() -> None:
    queries = ["ureteral stone", "Ureteral  STONE", "stone", "ureteral stone "]
    assert reading_finding([[]], queries, NOTHING, ITEM).repeated == 2


def test_without_the_fact_no_turn_is_told() -> None:
    found = reading_finding([passages(NOTHING), []], ["kidney"], NOTHING, ITEM)
    assert (found.fact_turn, found.reported, found.unused) == (None, False, ())
