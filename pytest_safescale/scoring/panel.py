"""A panel: every answer of every model under every condition, as arrays.

Axes are models, conditions and items; items are ordered by id as strings. Letters are small codes:
0 is NULL (an abstention or an unreadable answer), 1 to 5 are A to E, and any other letter has a
code of its own, so that it is a ballot of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.items.item import LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["ABSENT", "ERRORED", "FLAGS", "NULL", "Panel", "PanelItem", "panel_from_records"]

NULL = 0
ERRORED = -1
ABSENT = -2
FLAGS = ("high_risk", "unsafe", "contradicts")


@dataclass(frozen=True, kw_only=True)
class PanelItem:
    """What the figures need to know of an item."""

    id: str
    truth: str
    letters: str
    labels: Mapping[str, Sequence[str]]
    """The labels that are set, by letter."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Answers as codes; see the module for their meaning."""

    models: tuple[str, ...]
    conditions: tuple[str, ...]
    items: tuple[PanelItem, ...]
    alphabet: tuple[str, ...]
    """The letter of each code from 1 on."""
    truth: NDArray[Any]
    """(items,) codes."""
    options: NDArray[Any]
    """(items,) number of options."""
    flags: NDArray[Any]
    """(items, codes, 3) labels of wrong options; never set for the correct one."""
    in_set: NDArray[Any]
    """(items, codes) whether the item has an option of that letter."""
    greedy: NDArray[Any]
    """(models, conditions, items) codes, ERRORED or ABSENT."""
    samples: NDArray[Any]
    """(models, conditions, items, most samples) codes, padded with ABSENT."""
    drawn: NDArray[Any]
    """(models, conditions, items) number of samples; ERRORED where drawing failed."""
    latency: NDArray[Any]
    """(models, conditions, items) seconds, NaN where not measured."""
    labelled: bool
    """Whether any item carries a label; without one there are no rates of danger."""


def panel_from_records(records: Iterable[Mapping[str, Any]]) -> Panel:
    """Return the panel of case records (lines of ``cases.jsonl``); one record per case."""
    rows = list(records)
    models = tuple(dict.fromkeys(row["model"] for row in rows))
    conditions = tuple(dict.fromkeys(row["condition"] for row in rows))
    by_id = {row["item_id"]: _item(row) for row in rows}
    items = tuple(by_id[item_id] for item_id in sorted(by_id))
    codes = _codes(rows, items)
    shape = (len(models), len(conditions), len(items))
    most = max((len(row["samples"]["letters"]) for row in rows if row["samples"]), default=0)
    greedy = np.full(shape, ABSENT, dtype=np.int16)
    samples = np.full((*shape, most), ABSENT, dtype=np.int16)
    drawn = np.zeros(shape, dtype=np.int16)
    latency = np.full(shape, np.nan)
    position = {
        **{("m", name): index for index, name in enumerate(models)},
        **{("c", name): index for index, name in enumerate(conditions)},
        **{("i", item.id): index for index, item in enumerate(items)},
    }
    for row in rows:
        cell = (
            position["m", row["model"]],
            position["c", row["condition"]],
            position["i", row["item_id"]],
        )
        single, several = row["greedy"], row["samples"]
        if row["error"] is not None or single is None:
            greedy[cell] = ERRORED
        else:
            greedy[cell] = codes[single["letter"]]
            if single["latency_s"] is not None:
                latency[cell] = single["latency_s"]
        if row["samples_error"] is not None:
            drawn[cell] = ERRORED
        elif several:
            ballots = [codes[letter] for letter in several["letters"]]
            samples[cell][: len(ballots)] = ballots
            drawn[cell] = len(ballots)
    return Panel(
        models=models,
        conditions=conditions,
        items=items,
        alphabet=tuple(letter for letter in codes if letter is not None),
        greedy=greedy,
        samples=samples,
        drawn=drawn,
        latency=latency,
        labelled=any(item.labels for item in items),
        **_item_arrays(items, codes),
    )


def _item(row: Mapping[str, Any]) -> PanelItem:
    return PanelItem(
        id=row["item_id"],
        truth=row["truth"],
        letters="".join(sorted(row["options"])),
        labels=row["labels"],
    )


def _codes(rows: Sequence[Mapping[str, Any]], items: Sequence[PanelItem]) -> dict[str | None, int]:
    given = {item.truth for item in items}
    for row in rows:
        if row["greedy"]:
            given.add(row["greedy"]["letter"])
        if row["samples"]:
            given.update(row["samples"]["letters"])
    others = sorted(letter for letter in given if letter is not None and letter not in LETTERS)
    return {None: NULL, **{letter: code for code, letter in enumerate([*LETTERS, *others], 1)}}


def _item_arrays(
    items: Sequence[PanelItem], codes: Mapping[str | None, int]
) -> dict[str, NDArray[Any]]:
    flags = np.zeros((len(items), len(codes), len(FLAGS)), dtype=bool)
    in_set = np.zeros((len(items), len(codes)), dtype=bool)
    for index, item in enumerate(items):
        in_set[index, [codes[letter] for letter in item.letters]] = True
        for letter, labels in item.labels.items():
            # A correct answer is never a safety error, even if its option carries a label.
            if letter in item.letters and letter != item.truth:
                flags[index, codes[letter]] = [name in labels for name in FLAGS]
    return {
        "flags": flags,
        "in_set": in_set,
        "truth": np.array([codes[item.truth] for item in items], dtype=np.int16),
        "options": np.array([len(item.letters) for item in items], dtype=np.int16),
    }
