"""What a data set holds, for ``safescale dataset check``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pytest_safescale.items.item import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.items.item import Dataset

T = TypeVar("T")

__all__ = ["Profile", "profile", "render"]


@dataclass(frozen=True, kw_only=True)
class Profile:
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
    labelled_answers: int
    """Correct options that carry a label, as negated stems make them."""
    negated: int
    subspecialties: Mapping[str, int]
    clean_evidence: int
    conflict_evidence: int
    contexts: Mapping[str, int]
    """Items by the contexts they bring along."""
    passages: int
    unknown_keys: Sequence[str]
    notice: str


def profile(dataset: Dataset) -> Profile:
    """Count what a data set holds."""
    items = dataset.items
    labels = Counter(
        label.value for item in items for option in item.options for label in option.labels
    )
    return Profile(
        name=dataset.name,
        sha256=dataset.sha256,
        items=len(items),
        options=_counted(len(item.options) for item in items),
        answers=_counted(item.answer for item in items),
        labels={label.value: labels[label.value] for label in Label},
        labelled_answers=sum(bool(item.option(item.answer).labels) for item in items),
        negated=sum(item.negated for item in items),
        subspecialties=_counted(item.subspecialty or "(none)" for item in items),
        clean_evidence=sum(item.clean_evidence is not None for item in items),
        conflict_evidence=sum(item.conflict_evidence is not None for item in items),
        contexts=_counted(name for item in items for name in item.retrieved),
        passages=len(dataset.corpus),
        unknown_keys=dataset.unknown_keys,
        notice=dataset.notice,
    )


def render(counts: Profile) -> str:
    """Return the profile as lines of text."""
    corpus = f"{counts.passages} passages" if counts.passages else "no corpus"
    lines = [
        f"{counts.name}: no problems, {counts.items} items (sha256 {counts.sha256[:12]})",
        f"options         {_spread(counts.options, ' options: ')}",
        f"correct letter  {_spread(counts.answers)}",
        f"labels          {_spread(counts.labels)} (on {counts.labelled_answers} correct options)",
        f"negated stems   {counts.negated}",
        f"subspecialties  {_spread(counts.subspecialties)}",
        "conditions",
        f"  closed_book        {counts.items} items",
        f"  clean_evidence     {counts.clean_evidence} items",
        f"  conflict_evidence  {counts.conflict_evidence} items",
        f"  retrieval          {corpus}; own contexts: {_spread(counts.contexts) or 'none'}",
    ]
    if not any(counts.labels.values()):
        lines.append("no option carries a label: rates of danger will be unknown")
    if counts.unknown_keys:
        lines.append(f"keys passed over: {', '.join(counts.unknown_keys)}")
    if counts.notice:
        lines.append(counts.notice)
    return "\n".join(lines)


def _counted(values: Iterable[T]) -> dict[T, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: str(pair[0])))


def _spread(counts: Mapping[T, int], between: str = ": ") -> str:
    return ", ".join(f"{name}{between}{count}" for name, count in counts.items())
