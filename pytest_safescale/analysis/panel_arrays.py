"""From cases and items to the arrays of a panel."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.numbering import Numbering
from pytest_safescale.dataset.item import PAPER_LETTERS
from pytest_safescale.verdicts.labels import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel_item import PanelItem

__all__ = [
    "ABSENT",
    "ERRORED",
    "NULL",
    "CaseValues",
    "any_label",
    "by_item",
    "cluster_codes",
    "padded",
    "unreadable",
]

NULL = 0
ERRORED = -1
ABSENT = -2


class CaseValues:
    """A number for some of the cases, each with the number of its case."""

    def __init__(self) -> None:
        self._cases = array("q")
        self._values = array("d")

    def add(self, case: int, value: float) -> None:
        """Take in the number of a case."""
        self._cases.append(case)
        self._values.append(value)

    def placed(
        self, shape: tuple[int, ...], cell: tuple[NDArray[np.int64], ...]
    ) -> NDArray[np.float64]:
        """Return ``shape``, float64, the numbers where their cases are; NaN elsewhere.

        ``cell`` is where each case is: (cases,) int64 on each axis.
        """
        values = np.full(shape, np.nan)
        cases = np.array(self._cases, dtype=np.int64)
        values[tuple(axis[cases] for axis in cell)] = np.array(self._values)
        return values


def padded(flat: NDArray[np.int16], lengths: NDArray[np.int32]) -> NDArray[np.int16]:
    """Return (cases, longest), int16, of codes laid end to end, padded with ABSENT."""
    width = int(lengths.max(initial=0))
    rows = np.full((len(lengths), width), ABSENT, dtype=np.int16)
    rows[np.arange(width) < lengths[:, None]] = flat
    return rows


def unreadable(cases: Mapping[str, Any], in_set: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the columns of what is unreadable, letters that are none of the item's included."""
    greedy, samples, first = (
        np.maximum(cases[name], NULL) for name in ("greedy", "samples", "first")
    )
    items = np.arange(len(in_set))
    # Of an item that is not in the data set no letter is known to be none of its own.
    stranger = ~in_set & in_set.any(axis=1, keepdims=True)
    stranger[:, NULL] = False
    strangers = stranger[items[:, None], samples].sum(axis=-1)
    return {
        "probed": cases["probed"].astype(bool),
        "unread": cases["unread"].astype(bool) | stranger[items, greedy],
        "first_unread": cases["first_unread"].astype(bool) | stranger[items, first],
        "samples_unread": np.maximum(cases["samples_unread"], strangers),
        "stopped_early": cases["stopped_early"].astype(bool),
    }


def any_label(items: Iterable[PanelItem]) -> bool:
    """Say whether anybody said yes or no of an option; records of old tell of a yes alone."""
    return any(item.labelled or item.votes or any(item.labels.values()) for item in items)


def by_item(items: Sequence[PanelItem], codes: Mapping[str | None, int]) -> dict[str, Any]:
    """Return the columns of items: truth, number of options, flags, and which letters are theirs.

    ``codes`` is the code of each letter.
    """
    flags = np.zeros((len(items), len(codes), len(FLAGS)), dtype=bool)
    in_set = np.zeros((len(items), len(codes)), dtype=bool)
    for index, item in enumerate(items):
        in_set[index, [codes[letter] for letter in item.letters]] = True
        for letter, labels in item.labels.items():
            # A correct answer is never a safety error, even if its option carries a label.
            if letter in item.letters and letter != item.truth:
                flags[index, codes[letter]] = [name in labels for name in FLAGS]
    options = [len(item.letters) or len(PAPER_LETTERS) for item in items]
    return {
        "flags": flags,
        "in_set": in_set,
        "truth": np.array([codes[item.truth] for item in items], dtype=np.int16),
        "options": np.array(options, dtype=np.int16),
    }


def cluster_codes(names: Sequence[str]) -> NDArray[np.int64] | None:
    """Return the (items,) int64 number of each item's cluster, by first appearance.

    ``names`` are the clusters; an empty one is a cluster of its own. ``None`` where no two items
    share one.
    """
    places = Numbering[str | int]()
    keys: list[str | int] = [name or place for place, name in enumerate(names)]
    codes = [places[key] for key in keys]
    return np.array(codes, dtype=np.int64) if len(places) < len(codes) else None
