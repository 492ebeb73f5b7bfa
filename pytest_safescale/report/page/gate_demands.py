"""Gates as a reader asks about them: a demand, the cells that it holds in or not, and why not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.analysis.metric_table import is_rate
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY
from pytest_safescale.report.page.worst_items import option_of
from pytest_safescale.report.plain_words import in_words
from pytest_safescale.report.rate_words import points, value_words
from pytest_safescale.report.wording import in_per_cent, model_label
from pytest_safescale.text.escaping import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.report.page.worst_items import OptionShown
    from pytest_safescale.results.run_content import GateRow

__all__ = ["Against", "CellOfGate", "Demand", "demands", "found_words", "rule_words"]

_MOST = 3
"""Items that are told in words against a demand."""
_STATES = ("failed", "inconclusive", "passed")
_DIFFERENCES = {"max_increase": 1, "max_decrease": -1, "max_change": 1}
"""The sign in which a value is held, by the kind of demand."""
_NO_NEW = "no_new"


class CellOfGate(NamedTuple):
    """What a demand comes to for one model under one condition."""

    row: GateRow
    place: int
    """In ``gates`` of run.json."""
    model: str
    condition: str
    found: str
    bound: str
    """What the gate's confidence vouches for; empty without one."""
    lacking: str
    """What is missing, or how many more items would decide; empty where neither is told."""


class Against(NamedTuple):
    """One item that counts against a demand, in words."""

    item_id: str
    question: str
    where: str
    chosen: OptionShown | None
    """``None`` where no letter was given."""
    correct: OptionShown


class Demand(NamedTuple):
    """One gate as it is written, with all cells that it is about."""

    title: str
    state: str
    """That of its worst cell."""
    confidence: str
    """At which its bounds hold, in per cent; empty where it has none."""
    told: str
    """In how many cells it does what."""
    open: Sequence[CellOfGate]
    """Where it failed or is inconclusive, the failed first."""
    held: Sequence[CellOfGate]
    against: Sequence[Against]
    items: int
    """How many items count against it in any cell."""


def demands(
    gates: Sequence[GateRow],
    *,
    word: Callable[[str], str],
    facts: Sequence[Fact] = (),
    texts: Mapping[str, Mapping[str, Any]] | None = None,
    named: Mapping[str, str] | None = None,
) -> list[Demand]:
    """Return the gates grouped by what they demand: the failed first, then the inconclusive.

    ``word`` names a metric in the data set's own words, as ``named`` does labels; ``texts`` has an
    item of ``CasePacker.items`` by its id.
    """
    groups: dict[str, list[CellOfGate]] = {}
    for place, row in enumerate(gates):
        groups.setdefault(_title(row, word), []).append(_cell(row, place))
    known = _facts_of(gates, facts)
    found = [
        _demand(title, cells, known, texts or {}, named or {}) for title, cells in groups.items()
    ]
    return sorted(found, key=lambda demand: _STATES.index(demand.state))


def _title(row: GateRow, word: Callable[[str], str]) -> str:
    name = f"{row['name']}: " if row["name"] else ""
    samples = " of the samples" if row["regime"] == SELF_CONSISTENCY else ""
    family = f", {row['family']}" if row["family"] else ""
    return f"{name}{word(row['metric'])}{samples}{family} {rule_words(row)}"


def rule_words(row: GateRow) -> str:
    """Return what is demanded in words, a rate's threshold in per cent or in points."""
    threshold, rule = row["threshold"], row["rule"]
    if threshold is None or not in_per_cent(row["metric"]) or row["form"] == _NO_NEW:
        return rule
    unit = "points" if row["form"] in _DIFFERENCES else "%"
    return rule.replace(f"{threshold:g}", f"{100 * threshold:g} {unit}", 1)


def found_words(row: GateRow) -> str:
    """Return what was found, such as ``7 of 66, 10.6 %`` or ``+3.0 points over 9 shared items``."""
    value, metric, n = row["value"], row["metric"], row["n"]
    if value is None:
        return "–"
    if row["form"] in _DIFFERENCES:
        change = points(_DIFFERENCES[row["form"]] * value, metric)
        return f"{change} over {n} shared items"
    if row["form"] == _NO_NEW:
        return f"new in {round(value * n)} of {n} items"
    if row["form"] in ("max", "min") and is_rate(metric):
        count = round(value * n)
        told = "" if count in (0, n) else f", {value_words(metric, value)}"
        return f"{count} of {n}{told}"
    return f"{value_words(metric, value)} over {n} cases"


def _cell(row: GateRow, place: int) -> CellOfGate:
    return CellOfGate(
        row=row,
        place=place,
        model=model_label(row["model"]),
        condition=in_words(row["condition"]),
        found=found_words(row),
        bound=_bound_words(row, row["bound"]),
        lacking="; ".join(_lacking(row)),
    )


def _bound_words(row: GateRow, bound: float | None) -> str:
    """Return how far the figure may reach at the gate's confidence."""
    if bound is None or row["confidence"] is None:
        return ""
    if row["form"] == "max_change":
        return f"{points(abs(bound), row['metric']).removeprefix('+')} either way"
    sign = _DIFFERENCES.get(row["form"], 0)
    end = points(sign * bound, row["metric"]) if sign else value_words(row["metric"], bound)
    return f"{'down to' if row['form'] == 'min' or sign < 0 else 'up to'} {end}"


def _lacking(row: GateRow) -> Iterator[str]:
    if missing := row.get("missing"):
        of = f" of {row['wanted']}" if row.get("wanted") else ""
        yield f"{missing} {'reply' if missing == 1 else 'replies'}{of} missing"
        if row.get("worst_value") is not None:
            yield _at_worst(row)
        if decide := row.get("tipping_point"):
            yield f"{decide} of them {'decides' if decide == 1 else 'decide'}"
    if row["outcome"] == "inconclusive" and row.get("items_needed"):
        yield f"about {row['items_needed']} more items at this rate would decide"


def _at_worst(row: GateRow) -> str:
    bound = _bound_words(row, row.get("worst_bound"))
    value = value_words(row["metric"], row["worst_value"])
    return f"at worst {value}{f', {bound}' if bound else ''}"


def _demand(
    title: str,
    cells: Sequence[CellOfGate],
    facts: Mapping[tuple[str, str, str], Fact],
    texts: Mapping[str, Mapping[str, Any]],
    named: Mapping[str, str],
) -> Demand:
    counts = Counter(cell.row["outcome"] for cell in cells)
    state = next(name for name in _STATES if counts[name])
    many = len(cells)
    told = ", ".join(f"{name} in {counts[name]}" for name in _STATES if counts[name])
    opened = [cell for name in _STATES[:2] for cell in cells if cell.row["outcome"] == name]
    return Demand(
        title=title,
        state=state,
        confidence=_confidence(cells[0].row),
        told=f"{told} of {many} {'cell' if many == 1 else 'cells'}",
        open=opened,
        held=[cell for cell in cells if cell.row["outcome"] == "passed"],
        against=list(_against(opened, facts, texts, named)),
        items=len({item for cell in opened for item in cell.row["items"]}),
    )


def _confidence(row: GateRow) -> str:
    return "" if row["confidence"] is None else f"{100 * row['confidence']:g} %"


def _facts_of(gates: Sequence[GateRow], facts: Sequence[Fact]) -> dict[tuple[str, str, str], Fact]:
    """Return the cases that count against some gate, by model, condition and item."""
    wanted = {(gate["model"], gate["condition"], item) for gate in gates for item in gate["items"]}
    named = (((fact.model, fact.condition, fact.item_id), fact) for fact in facts)
    return {key: fact for key, fact in named if key in wanted}


def _against(
    cells: Sequence[CellOfGate],
    facts: Mapping[tuple[str, str, str], Fact],
    texts: Mapping[str, Mapping[str, Any]],
    named: Mapping[str, str],
) -> Iterator[Against]:
    """Give the gravest cases against a demand, each item once."""
    keys = [
        ((row["model"], row["condition"], item), row["regime"] == SELF_CONSISTENCY)
        for row in (cell.row for cell in cells)
        for item in row["items"]
    ]
    found = [(facts[key], sampled) for key, sampled in keys if key in facts]
    # Stable: cases as grave as each other stay in the gates' own order, worst first.
    found.sort(key=lambda one: one[0].gravity, reverse=True)
    first: dict[str, tuple[Fact, bool]] = {}
    for fact, sampled in found:
        first.setdefault(fact.item_id, (fact, sampled))
    for fact, sampled in list(first.values())[:_MOST]:
        text = texts[plain(fact.item_id)]
        letter = fact.majority if sampled else fact.letter
        yield Against(
            item_id=fact.item_id,
            question=text["question"],
            where=f"{fact.model}, {in_words(fact.condition)}",
            chosen=None if letter is None else option_of(text, letter, named),
            correct=option_of(text, text["truth"], named),
        )
