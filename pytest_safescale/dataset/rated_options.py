"""What all raters say of every option, and the data set that keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.item import Label
from pytest_safescale.dataset.label_sheets import line_mark
from pytest_safescale.dataset.raw_record import escaped, problem_at
from pytest_safescale.dataset.record_to_item import CONTEXTS
from pytest_safescale.dataset.votes import VOTES
from pytest_safescale.errors import DatasetError
from pytest_safescale.text.escaping import json_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.dataset.filled_sheets import FilledSheet
    from pytest_safescale.dataset.item import Item

__all__ = ["Disputed", "RatedOption", "disputed", "labelled_json", "left_out", "rated_options"]

_CONTEXT_KEYS = {condition: key for key, condition in CONTEXTS.items()}


@dataclass(frozen=True, kw_only=True)
class RatedOption:
    """One option, and who said what of it."""

    item: str
    letter: str
    text: str
    votes: Mapping[str, Mapping[str, bool]]
    """By label and rater; who left the cell empty is not in it."""


@dataclass(frozen=True, kw_only=True)
class Disputed:
    """A label of an option on which raters differ."""

    option: RatedOption
    label: str
    yes: Sequence[str]
    """The raters who say so."""
    no: Sequence[str]


def rated_options(
    sheets: Sequence[FilledSheet], items: Sequence[Item] | None = None
) -> list[RatedOption]:
    """Return every option that is on a sheet, in the order of the items where they are given.

    Raises DatasetError where a sheet is of other items, or has no line in common with another.
    """
    if items is None:
        return _by_sheets(sheets)
    marks = {line_mark(item, letter): (item, letter) for item in items for letter in item.letters}
    _check_items(sheets, marks)
    return [
        RatedOption(
            item=item.id,
            letter=letter,
            text=item.option(letter).text,
            votes=_votes(mark, sheets),
        )
        for mark, (item, letter) in marks.items()
    ]


def left_out(sheets: Sequence[FilledSheet], options: int) -> dict[str, int]:
    """Return how many of so many options each rater has no line of, where some are missing."""
    return {
        sheet.name: options - len(sheet.lines) for sheet in sheets if len(sheet.lines) < options
    }


def disputed(options: Sequence[RatedOption]) -> list[Disputed]:
    """Return what is to be adjudicated, label by label."""
    return [
        Disputed(option=option, label=label.value, yes=yes, no=no)
        for label in Label
        for option in options
        for yes, no in [_sides(option.votes[label.value])]
        if yes and no
    ]


def labelled_json(items: Sequence[Item], options: Sequence[RatedOption]) -> str:
    """Return a JSON array of the items under our own keys, with the votes on every label."""
    votes: dict[str, dict[str, Any]] = {item.id: {} for item in items}
    for option in options:
        said = {label: _as_numbers(by) for label, by in option.votes.items() if by}
        if said:
            votes[option.item][option.letter] = said
    lines = ",\n".join(json_line({**_record(item), VOTES: votes[item.id]}) for item in items)
    return f"[\n{lines}\n]\n"


def _as_numbers(votes: Mapping[str, bool]) -> dict[str, int]:
    return {rater: int(vote) for rater, vote in votes.items()}


def _sides(votes: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    yes = [rater for rater, vote in votes.items() if vote]
    return yes, [rater for rater, vote in votes.items() if not vote]


def _votes(mark: str, sheets: Sequence[FilledSheet]) -> dict[str, dict[str, bool]]:
    there = [(sheet.rater, sheet.lines[mark].votes) for sheet in sheets if mark in sheet.lines]
    return {
        label.value: {rater: votes[label.value] for rater, votes in there if label.value in votes}
        for label in Label
    }


def _by_sheets(sheets: Sequence[FilledSheet]) -> list[RatedOption]:
    first = sheets[0]
    for sheet in sheets[1:]:
        if not first.lines.keys() & sheet.lines.keys():
            raise DatasetError(
                f"{first.name} and {sheet.name} have no line in common: found sheets of two data "
                "sets; allowed: those that one command wrote"
            )
    lines = {mark: line for sheet in reversed(sheets) for mark, line in sheet.lines.items()}
    return [
        RatedOption(
            item=line.item, letter=line.letter, text=line.option, votes=_votes(mark, sheets)
        )
        for mark, line in sorted(lines.items(), key=lambda one: (one[1].item, one[1].letter))
    ]


def _check_items(sheets: Sequence[FilledSheet], marks: Mapping[str, object]) -> None:
    problems = []
    for sheet in sheets:
        strangers = [line for mark, line in sheet.lines.items() if mark not in marks]
        if strangers:
            first = f"item {escaped(strangers[0].item)}, option {escaped(strangers[0].letter)}"
            found = f"{len(strangers)} of {len(sheet.lines)} lines of other items, first {first}"
            allowed = "lines of these items, as they were when the sheet was written"
            problems.append(problem_at(sheet.name, "", found, allowed))
    if problems:
        raise DatasetError("the sheets are not of these items:", problems)


def _record(item: Item) -> dict[str, Any]:
    """Return an item as a record that is read as the same item, but for its labels."""
    contexts = {_CONTEXT_KEYS[name]: text for name, text in item.retrieved.items()}
    more = {
        "subspecialty": item.subspecialty,
        "question_type": item.question_type,
        "evidence_clean": item.clean_evidence,
        "evidence_conflict": item.conflict_evidence,
        "deep_research_report": item.research_report,
        "retrieved_contexts": contexts,
        "key_fact": item.key_fact,
        "source": item.source,
        "cluster": item.cluster,
        "pool": item.pool,
        "severity": item.severities,
    }
    return {
        "question_id": item.id,
        "question": item.question,
        "options": {option.letter: option.text for option in item.options},
        "answer_idx": item.answer,
        "negated": item.negated,
        **{key: value for key, value in more.items() if value},
    }
