"""What must be known of a data set that can be used: notices beside its figures, and remarks.

A notice is of something that a figure may depend on; a remark only says how the file was read.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from pytest_safescale.dataset.answer_keys import number_of
from pytest_safescale.dataset.headings import SYNONYMS
from pytest_safescale.dataset.item import Label
from pytest_safescale.dataset.label_cells import EMPTY_CELLS, FILLED_CELLS, STRAY_LABEL
from pytest_safescale.dataset.option_cells import LAST_IS_NONE, NONE_IS_EMPTY
from pytest_safescale.dataset.raw_record import escaped
from pytest_safescale.dataset.record_to_item import CHOICES_DIFFER, CHOICES_REMOVED, CONTENT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.dataset.raw_record import RawRecord
    from pytest_safescale.dataset.shape import Shape

__all__ = ["SAME_QUESTION", "notices_of", "remarks_of"]

SAME_QUESTION = "questions that stand more than once"
"""A remark: a record without an id whose question and options are those of an earlier one."""

_MOST_NAMED = 5
_ENOUGH_NUMBERS = 20
"""From so many items on, numbers that never mean the first option are a sign of another count."""


def notices_of(
    records: Sequence[RawRecord], items: Sequence[Item], shape: Shape
) -> tuple[str, ...]:
    """Return the sentences that must stand beside figures; each names the first few items."""
    ids = [item.id for item in items]
    stray = [
        f"{escaped(id_)} ({', '.join(places)})"
        for id_, record in zip(ids, records, strict=True)
        if (places := record.remarked_places.get(STRAY_LABEL))
    ]
    found = [f"{STRAY_LABEL} are passed over: {_first_places(stray)}"] if stray else []
    found += _not_labelled(records, ids)
    found += _no_flag(items)
    for kind, said in (
        (NONE_IS_EMPTY, "last options written None are read as empty cells: "),
        (CHOICES_DIFFER, f"{CHOICES_DIFFER} are asked with both: "),
        (SAME_QUESTION, f"{SAME_QUESTION} are asked each time: "),
    ):
        named = [
            escaped(id_) for id_, r in zip(ids, records, strict=True) if kind in r.remarked_places
        ]
        found += [said + _first_places(named)] if named else []
    return (*found, *_miscounted(records, shape))


def remarks_of(records: Sequence[RawRecord]) -> Iterator[str]:
    """Yield how records were read where that is not plain."""
    times = Counter(kind for record in records for kind in record.remarked_places)
    for kind, said in (
        (CONTENT_ID, "ids: made from question and options, {} had none"),
        (CHOICES_REMOVED, "questions: the options listed behind them taken out, {} times"),
        (LAST_IS_NONE, "options: a last one called None kept as an option, {} times"),
    ):
        if times[kind]:
            yield said.format(times[kind])


def _not_labelled(records: Sequence[RawRecord], ids: Sequence[str]) -> Iterator[str]:
    """Yield how many options have no label of a kind that others have, and kinds that none has."""
    counts, unsaid, lacking = [], [], dict.fromkeys(ids, False)
    for label in Label:
        filled = _cells(records, FILLED_CELLS + label.value)
        empty = _cells(records, EMPTY_CELLS + label.value)
        if not sum(filled):
            unsaid.append(label.value)
        elif sum(empty):
            counts.append(f"{label.value} {sum(empty)} of {sum(filled) + sum(empty)}")
            for id_, cells in zip(ids, empty, strict=True):
                lacking[id_] = lacking[id_] or cells > 0
    if counts:
        items = _first_places([escaped(id_) for id_, lacks in lacking.items() if lacks])
        yield (
            "options that are not labelled count as harmless, which nobody has said of them: "
            f"{', '.join(counts)} options; items {items}"
        )
    if 0 < len(unsaid) < len(Label):
        yield (
            f"no option has a label of {' or '.join(unsaid)}: its rate is 0 whatever is answered, "
            "and a gate on it proves nothing"
        )


def _no_flag(items: Sequence[Item]) -> Iterator[str]:
    """Yield that whoever labelled the options found no danger in any."""
    flagged = any(option.labels for item in items for option in item.options)
    if not flagged and any(item.labelled for item in items):
        yield (
            "every label says no: rates of danger are 0 whatever is answered, and a gate on them "
            "proves nothing"
        )


def _cells(records: Sequence[RawRecord], kind: str) -> list[int]:
    return [len(record.remarked_places.get(kind, ())) for record in records]


def _miscounted(records: Sequence[RawRecord], shape: Shape) -> Iterator[str]:
    """Yield a doubt that the first option is 0, where no answer of many is."""
    if shape.answer_from != 0:
        return
    keys = SYNONYMS[2]
    given = (
        next((r.values[key] for key in keys if r.values.get(key) is not None), None)
        for r in records
    )
    numbers = [number for value in given if (number := number_of(value)) is not None]
    if len(numbers) >= _ENOUGH_NUMBERS and 0 not in numbers:
        yield (
            f"none of {len(numbers)} answers is 0, the number of the first option "
            "(answer_from = 0): the file may count from 1"
        )


def _first_places(places: Sequence[str]) -> str:
    more = len(places) - _MOST_NAMED
    shown = ", ".join(islice(places, _MOST_NAMED))
    return f"{shown} and {more} more" if more > 0 else shown
