"""What charts say in words: the figure behind a mark, and what the figures are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.report.plain_words import in_words
from pytest_safescale.report.rate_words import in_full
from pytest_safescale.report.wording import model_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = ["figures_are_of", "mark_told"]

_SAMPLE = "sample"
_MODEL = "model"
"""The nature of what is a model under test."""


def mark_told(run: RunFile, *rows: KnownFigure) -> str:
    """Return whose figures a mark is, under what, and what they are, one after the other.

    Such as ``small, closed book: accuracy 18 of 30, 60.0 %, 40.6 to 77.3 %``.
    """
    first = rows[0]
    told = "; ".join(f"{run.word(row['metric'])} {in_full(row)}" for row in rows)
    return f"{model_label(first['model'])}, {in_words(first['condition'])}: {told}"


def figures_are_of(manifests: Iterable[Manifest]) -> str:
    """Return what stands with each chart where its figures say nothing of a model in use.

    Empty for models under test that are asked about data of their own.
    """
    natures: dict[str, None] = {}
    sample = False
    for manifest in manifests:
        sample = sample or manifest["dataset"].get("ref") == _SAMPLE
        natures.update(
            dict.fromkeys(model.get("nature") or _MODEL for model in manifest.get("models", ()))
        )
    others = [name for name in natures if name != _MODEL]
    parts = ["sample data"] if sample else []
    parts += [f"{'some answers are of ' if _MODEL in natures else ''}{name}" for name in others]
    return f"{'; '.join(parts)}: no clinical claim" if parts else ""
