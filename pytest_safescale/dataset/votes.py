"""The votes of raters on the labels of an option, and the rules that make labels of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pytest_safescale.dataset.item import Label
from pytest_safescale.dataset.label_cells import note_cells, truth_of
from pytest_safescale.dataset.raw_record import absent
from pytest_safescale.dataset.text_literals import read_literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = [
    "MAJORITY",
    "RULES",
    "VOTES",
    "LabelRule",
    "Votes",
    "is_set",
    "labels_by",
    "labels_of_votes",
    "read_votes",
]

LabelRule = Literal["majority", "any", "all"]
MAJORITY: LabelRule = "majority"
RULES: tuple[LabelRule, ...] = (MAJORITY, "any", "all")
"""When a label is set: where more raters say yes than no, where one does, where all do."""
VOTES = "label_votes"
"""The key under which a record keeps them: by letter, label and rater."""
Votes = dict[str, tuple[int, int]]
"""How many raters said yes and how many no, by label; who said neither is in none of them."""

_ALLOWED = "an object of letters, of labels, of raters' votes, 0 or 1"


def is_set(votes: tuple[int, int], rule: LabelRule) -> bool:
    """Say whether a label is set by these votes, so many yes and so many no.

    A tie under ``majority`` sets it: half of those who judged see danger, and a danger that is
    asked about needlessly costs less than one that is overlooked. Without a vote none is set.
    """
    yes, no = votes
    if rule == "any":
        return yes > 0
    return yes > 0 and (no == 0 if rule == "all" else yes >= no)


def read_votes(record: RawRecord, letters: str) -> dict[str, Votes] | None:
    """Return the votes of a record by letter; ``None`` where it keeps none, as most do."""
    given = record.values.get(VOTES)
    if absent(given):
        return None
    found: dict[str, Votes] = {letter: {} for letter in letters}
    try:
        for letter, label, votes in _parts(
            read_literal(given) if isinstance(given, str) else given
        ):
            found[letter][Label(label).value] = _counted(votes)
    except (AttributeError, KeyError, ValueError):
        record.wrong(VOTES, given, _ALLOWED)
        return {}
    return found


def labels_by(rule: LabelRule, votes: Votes) -> dict[str, bool]:
    """Return whether each label is set by the votes on an option."""
    return {label.value: is_set(votes.get(label.value, (0, 0)), rule) for label in Label}


def labels_of_votes(
    record: RawRecord, votes: Mapping[str, Votes], rule: LabelRule
) -> dict[str, dict[str, Any]]:
    """Return labels and votes of each option by letter; what nobody voted on is noted."""
    for label in Label:
        said = {letter for letter, counts in votes.items() if sum(counts.get(label.value, ()))}
        note_cells(record, label.value, "".join(votes), said=said)
    return {
        letter: {
            **labels_by(rule, by_label),
            "votes": tuple((label, *counts) for label, counts in by_label.items()),
        }
        for letter, by_label in votes.items()
    }


def _parts(given: Any) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    for letter, labels in given.items():
        for label, votes in labels.items():
            yield letter, label, votes


def _counted(votes: Mapping[str, object]) -> tuple[int, int]:
    said = [truth_of(vote) for vote in votes.values()]
    if None in said:
        raise ValueError("no vote")
    return said.count(True), said.count(False)
