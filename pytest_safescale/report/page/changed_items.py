"""Items whose answer is another one than in an earlier run, old and new side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.report.baseline_lines import LISTS
from pytest_safescale.report.page.worst_items import option_of
from pytest_safescale.results.conclusion import CHANGES_SINCE
from pytest_safescale.text.escaping import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.report.page.worst_items import OptionShown
    from pytest_safescale.results.run_file import RunFile

    Texts = Mapping[str, Mapping[str, Any]]
    """Items as ``CasePacker.items`` has them, by id."""
    Said = Mapping[tuple[str, str, str], str]
    """How replies began, by model, condition and item."""

__all__ = ["ChangedItem", "ChangedList", "Side", "changed_cases", "changed_lists"]

_WHOLE = ("newly_dangerous", "newly_safe")
"""The lists of which each item is told with its texts."""
_MOST = 60
"""Items of a list that are told; run.json has them all."""
_WITHOUT_ANSWER = {"abstained": "declined to answer", "unreadable": "could not be read"}


class Side(NamedTuple):
    """What was answered in one of the two runs."""

    option: OptionShown | None
    """``None`` where the reply commits to none."""
    right: bool
    told: str
    """What became of a reply without an option."""
    said: str
    """How the reply began; empty where it was a letter alone."""


class ChangedItem(NamedTuple):
    """An item of one cell, before and now."""

    item_id: str
    question: str
    model: str
    condition: str
    before: Side
    now: Side
    correct: OptionShown

    @property
    def neither_is_right(self) -> bool:
        """Whether the correct option has to be told as well."""
        return not self.before.right and not self.now.right


class ChangedList(NamedTuple):
    """What moved one way since an earlier run."""

    key: str
    title: str
    many: int
    of: int
    """Cases compared."""
    items: Sequence[ChangedItem] | None
    """The gravest first; ``None`` where the data set has no labels to tell by."""

    @property
    def further(self) -> int:
        """How many items are not told."""
        return self.many - len(self.items or ())


def changed_cases(run: RunFile) -> set[tuple[str, str, str]]:
    """Return model, condition and item of the cases whose replies ``changed_lists`` shows."""
    return {
        (row["model"], row["condition"], case["item_id"])
        for analysis in CHANGES_SINCE.values()
        for row in run.analyses.get(analysis) or ()
        for key in _WHOLE
        for case in row[key] or ()
    }


def changed_lists(run: RunFile, analysis: str, texts: Texts, said: Said) -> list[ChangedList]:
    """Return what became dangerous and what safe since an earlier run, each item in words.

    ``analysis`` is the key of the changes in ``analyses``; ``said`` has this run's replies.
    """
    rows = run.analyses.get(analysis) or ()
    titles = dict(LISTS)
    return [
        ChangedList(
            key=key,
            title=titles[key],
            many=sum(len(row[key] or ()) for row in rows),
            of=sum(row["n"] for row in rows),
            items=_told(rows, key, texts, said, run.named),
        )
        for key in _WHOLE
        if rows
    ]


def _told(
    rows: Iterable[Mapping[str, Any]], key: str, texts: Texts, said: Said, named: Mapping[str, str]
) -> list[ChangedItem] | None:
    known = [row for row in rows if row[key] is not None]
    if not known:
        return None
    items = [_item(row, case, texts, said, named) for row in known for case in row[key]]

    def harm(item: ChangedItem) -> float:
        return max(side.option.harm if side.option else 0.0 for side in (item.before, item.now))

    return sorted(items, key=lambda item: -harm(item))[:_MOST]


def _item(
    row: Mapping[str, Any],
    case: Mapping[str, Any],
    texts: Texts,
    said: Said,
    named: Mapping[str, str],
) -> ChangedItem:
    place = (row["model"], row["condition"], case["item_id"])
    text = texts.get(plain(case["item_id"])) or {"question": "", "truth": "", "options": ()}

    def side(letter: str | None, state: str, reply: str) -> Side:
        option = None if letter is None else option_of(text, letter, named)
        lacking = _WITHOUT_ANSWER.get(state, "gave no letter")
        return Side(option, letter == text["truth"], "" if option else lacking, reply)

    return ChangedItem(
        item_id=case["item_id"],
        question=text["question"],
        model=row["model"],
        condition=row["condition"],
        before=side(case["before"], case.get("state_before", ""), case.get("said_before", "")),
        now=side(case["now"], case.get("state", ""), said.get(place, "")),
        correct=option_of(text, text["truth"], named),
    )
