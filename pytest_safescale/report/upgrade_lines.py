"""Old against new, in sentences: how often right, how often dangerous, and which way it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.plain_words import answers_called, counted, in_words, listed
from pytest_safescale.results.label_words import own_metric_words
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.results.manifest import Manifest

    Rows = Sequence[Mapping[str, Any]]

__all__ = ["Totals", "danger_words", "upgrade_sentences"]

_LEVEL = 0.05
"""p after Holm below which a difference is told to be beyond chance."""
_OF_CHANCE = ("accuracy", "high_risk_error_rate", "unsafe_answer_rate")
_MODELS = 3
"""Models that are told of one by one."""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """A model's single answers in both runs, over the same cases."""

    model: str
    twin: str
    """The model of the earlier run."""
    n: int
    conditions: int
    right_before: int
    right: int
    dangerous_before: int | None
    """``None`` without safety labels, as all of the below."""
    dangerous: int | None
    newly: int | None
    no_longer: int | None
    worst: Mapping[str, Any] | None
    """The condition with most newly dangerous items, where there are several and it has some."""

    @classmethod
    def of(cls, rows: Rows) -> Totals:
        """Add the rows of one model, a condition each."""
        grave = [row for row in rows if row["newly_dangerous"]]
        worst = max(grave, key=lambda row: len(row["newly_dangerous"]), default=None)
        known = [row for row in rows if row["dangerous"] is not None]
        labelled = len(known) == len(rows)
        return cls(
            model=rows[0]["model"],
            twin=rows[0]["twin"],
            n=sum(row["n"] for row in rows),
            conditions=len(rows),
            right_before=sum(row["right_before"] for row in rows),
            right=sum(row["right"] for row in rows),
            dangerous_before=sum(r["dangerous_before"] for r in known) if labelled else None,
            dangerous=sum(row["dangerous"] for row in known) if labelled else None,
            newly=sum(len(row["newly_dangerous"]) for row in known) if labelled else None,
            no_longer=sum(len(row["newly_safe"]) for row in known) if labelled else None,
            worst=worst if len(rows) > 1 else None,
        )


def upgrade_sentences(
    manifest: Manifest, changes: Rows, comparisons: Rows, called: str = "baseline"
) -> list[str]:
    """Return what became of each model since an earlier run; nothing without one.

    Of one model a list of sentences, of several a paragraph each.

    ``changes`` and ``comparisons`` are those with that run, which is ``called`` so. Rows from
    before answers were counted in both runs tell nothing.
    """
    told = [row for row in changes if "right_before" in row]
    models = list(dict.fromkeys(row["model"] for row in told))
    paragraphs = []
    for model in models[:_MODELS]:
        total = Totals.of([row for row in told if row["model"] == model])
        own = [row for row in comparisons if row["model"] == model]
        paragraphs.append([*_of_model(manifest, total, called), *_chance(manifest, own)])
    if len(models) == 1:
        return paragraphs[0]
    more = len(models) - _MODELS
    further = [f"{plural(more, 'more model')}: see Baseline."] if more > 0 else []
    return [*map(" ".join, paragraphs), *further]


def _of_model(manifest: Manifest, total: Totals, called: str) -> list[str]:
    renamed = f", {total.twin}," if total.twin != total.model else ""
    cells = f" under {total.conditions} conditions" if total.conditions > 1 else ""
    lead, way = _way(total)
    lines = [
        f"{lead}: against the {called}{renamed} {total.model} is {way} in {_same(total.n)}{cells}.",
        f"Right: {_moved(total.right_before, total.right, total.n)}.",
    ]
    if total.dangerous is None or total.dangerous_before is None:
        return [*lines, "What is dangerous is unknown: the data carries no safety labels."]
    moved = _moved(total.dangerous_before, total.dangerous, total.n)
    return [*lines, f"Dangerous ({danger_words(manifest)}): {moved}.", _turned(total)]


def _same(n: int) -> str:
    return "the one case that both have" if n == 1 else f"the same {n:,} cases"


def _way(total: Totals) -> tuple[str, str]:
    """Return in a word and in few which way it went."""
    right = total.right - total.right_before
    often = f"{_more(right)} right"
    if total.dangerous is None or total.dangerous_before is None:
        return "Accuracy alone", often
    danger = total.dangerous - total.dangerous_before
    apart = right * danger > 0
    lead = "Mixed" if apart else "Better" if right > danger else "Worse"
    if not right and not danger:
        lead = "As before in number"
    return lead, f"{often} {'but' if apart else 'and'} {_more(danger)} dangerous"


def _more(change: int) -> str:
    return f"{'more' if change > 0 else 'less' if change < 0 else 'as'} often"


def _moved(before: int, now: int, n: int) -> str:
    change = now - before
    told = f"{abs(change):,} {'more' if change > 0 else 'fewer'}" if change else "as many"
    return f"{counted(before, n)} before, {counted(now, n)} now, {told}"


def _turned(total: Totals) -> str:
    """Say how many answers became dangerous, and how many are so no more."""
    newly, gone = total.newly or 0, total.no_longer or 0
    unread = (total.dangerous_before or 0) + newly - gone - (total.dangerous or 0)
    parts = [f"newly dangerous {newly:,}{_mostly(total)}", f"no longer dangerous {gone:,}"]
    if unread > 0:
        parts.append(f"dangerous before and unreadable now {unread:,}")
    return f"Of these cases {listed(parts)}."


def _mostly(total: Totals) -> str:
    """Say under which condition most answers became dangerous; empty where there is one."""
    if total.worst is None:
        return ""
    many = len(total.worst["newly_dangerous"])
    where = in_words(total.worst["condition"])
    return f" (all under {where})" if many == total.newly else f" ({many:,} under {where})"


def danger_words(manifest: Manifest) -> str:
    """Return what counts as dangerous, in the data set's own words."""
    given = manifest.get("labels") or {}
    return f"{given.get('high_risk') or 'high-risk'} or {given.get('unsafe') or 'unsafe'}"


def _chance(manifest: Manifest, comparisons: Rows) -> list[str]:
    """Say which differences of single answers are more than chance makes."""
    rows = [
        row
        for row in comparisons
        if row["regime"] == "single" and row["metric"] in _OF_CHANCE and row["p_holm"] is not None
    ]
    if not rows:
        return []
    beyond = [row for row in rows if row["p_holm"] < _LEVEL and row["delta"]]
    if not beyond:
        some = any(row["delta"] for row in rows)
        return ["With so few questions chance alone can make such differences."] if some else []
    return [f"Beyond chance: {listed(list(_told(manifest, beyond)))}."]


def _told(manifest: Manifest, rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    own = own_metric_words(manifest)
    for row in rows:
        way = "more" if row["delta"] > 0 else "fewer"
        condition = row.get("condition")
        where = f" under {in_words(condition)}" if condition else ""
        yield f"{way} {answers_called(row['metric'], own)}{where}"
