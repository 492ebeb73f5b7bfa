"""The data set that a run's settings name, with everything that they say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.dataset.load import load_dataset

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.item import Dataset
    from pytest_safescale.settings.schema import Settings

__all__ = ["data_of_run"]


def data_of_run(settings: Settings, root: Path) -> Dataset:
    """Return all items with their corpus and its repair; paths are found from ``root``.

    Raises DatasetError.
    """
    return load_dataset(
        settings.dataset,
        shape=settings.shape,
        corpus=settings.corpus,
        corpus_repair=settings.corpus_repair,
        root=root,
        labels=settings.labels.rule,
    )
