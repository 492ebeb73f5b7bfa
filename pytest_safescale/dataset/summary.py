"""What a data set holds, for ``safescale dataset check``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pytest_safescale.dataset.item import SEALED, Label
from pytest_safescale.dataset.raw_record import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.dataset.item import Dataset, Item, Option

T = TypeVar("T")

__all__ = ["DatasetSummary", "render_summary", "summarise_dataset"]


@dataclass(frozen=True, kw_only=True)
class DatasetSummary:
    """Counts over a data set."""

    name: str
    sha256: str
    items: int
    options: Mapping[int, int]
    """Items by number of options."""
    answers: Mapping[str, int]
    """Items by correct letter."""
    labels: Mapping[str, int]
    """Options by label."""
    labelled: bool
    """Whether anything is said of labels, a no included."""
    answer_labels: Mapping[str, int]
    """Correct options by label: negated stems make such items."""
    negated: int
    subspecialties: Mapping[str, int]
    clustered: tuple[int, int]
    """How many items are named a cluster, and how many clusters there are."""
    severities: int
    """Options that state their own severity."""
    sealed: int
    """Items of the sealed pool."""
    evidence: Mapping[str, int]
    """Items by the condition they bring their own evidence or context for."""
    passages: int
    """In the corpus; with one, every item has evidence under every retrieval condition."""
    unknown_keys: Sequence[str]
    notices: Sequence[str]
    remarks: Sequence[str]
    """How the file was read."""


def summarise_dataset(dataset: Dataset) -> DatasetSummary:
    """Count what a data set holds."""
    items = dataset.items
    return DatasetSummary(
        name=dataset.name,
        sha256=dataset.sha256,
        items=len(items),
        options=_counted(len(item.options) for item in items),
        answers=_counted(item.answer for item in items),
        labels=_labels(option for item in items for option in item.options),
        labelled=dataset.labelled,
        answer_labels=_labels(item.option(item.answer) for item in items),
        negated=sum(item.negated for item in items),
        subspecialties=_counted(item.subspecialty or "(none)" for item in items),
        clustered=(
            sum(item.cluster != "" for item in items),
            len({item.cluster for item in items} - {""}),
        ),
        severities=sum(len(item.severities) for item in items),
        sealed=sum(item.pool == SEALED for item in items),
        evidence=_evidence(items),
        passages=len(dataset.corpus),
        unknown_keys=dataset.unknown_keys,
        notices=dataset.notices,
        remarks=dataset.remarks,
    )


def render_summary(counts: DatasetSummary) -> str:
    """Return the summary as lines of text; what the file itself says is escaped."""
    width = max(len(name) for name in counts.evidence)
    lines = [
        f"{counts.name}: no problems, {counts.items} items (sha256 {counts.sha256[:12]})",
        *(f"read as         {remark}" for remark in counts.remarks),
        f"options         {_spread(counts.options, ' options: ')}",
        f"correct letter  {_spread(counts.answers)}",
        f"labels          {_spread(counts.labels)}",
        f"  on the correct option  {_spread(counts.answer_labels)}",
        f"negated stems   {counts.negated}",
        f"subspecialties  {_spread(counts.subspecialties)}",
        *_clusters(*counts.clustered),
        *([f"severities      of {counts.severities} options"] if counts.severities else []),
        *([f"sealed          {counts.sealed} items"] if counts.sealed else []),
        f"corpus          {counts.passages or 'no'} passages",
        "evidence that comes with the items",
        *(f"  {name:<{width}}  {count} items" for name, count in counts.evidence.items()),
    ]
    if not counts.labelled:
        lines.append("no option carries a label: rates of danger will be unknown")
    if counts.unknown_keys:
        told = ", ".join(escaped(key) for key in counts.unknown_keys)
        lines.append(f"keys passed over: {told}")
    return "\n".join([*lines, *counts.notices])


def _clusters(items: int, clusters: int) -> list[str]:
    return [f"clusters        {clusters} of {items} items"] if clusters else []


def _labels(options: Iterable[Option]) -> dict[str, int]:
    times = Counter(label for option in options for label in option.labels)
    return {label.value: times[label] for label in Label}


def _evidence(items: Sequence[Item]) -> dict[str, int]:
    contexts = Counter(name for item in items for name in item.retrieved)
    return {
        "clean_evidence": sum(item.clean_evidence is not None for item in items),
        "conflict_evidence": sum(item.conflict_evidence is not None for item in items),
        "standard_rag": contexts.pop("standard_rag", 0),
        "agentic_rag": sum(item.research_report is not None for item in items),
        "max_context": contexts.pop("max_context", 0),
        **dict(sorted(contexts.items())),
    }


def _counted(values: Iterable[T]) -> dict[T, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: str(pair[0])))


def _spread(counts: Mapping[T, int], between: str = ": ") -> str:
    return ", ".join(f"{escaped(str(name))}{between}{count}" for name, count in counts.items())
