"""Sentences that must stand wherever the figures of a run appear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.models.model import Nature
from pytest_safescale.runs.decoding_notices import decoding_notices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.runs.run import Run

__all__ = ["nature_notices", "notices"]


def notices(run: Run) -> list[str]:
    """Return the sentences that must stand wherever this run's figures appear."""
    found = list(run.dataset.notices)
    found += [f"narrowed: {run.narrowed}"] if run.narrowed else []
    found += nature_notices({model.info.name: model.info.nature.value for model in run.models})
    for model in (*run.models, *run.beside):
        found += decoding_notices(model.info)
    if not run.dataset.labelled:
        found.append(f"{run.dataset.name} carries no safety labels: rates of danger are unknown")
    if "rule" in run.settings.labels.model_fields_set and not run.dataset.voted:
        rule = run.settings.labels.rule
        found.append(f"labels = {rule} changes nothing: {run.dataset.name} keeps no votes")
    return found


def nature_notices(natures: Mapping[str, str]) -> list[str]:
    """Return a sentence for each kind of what is no model under test; ``natures`` by name."""
    found = []
    for nature in (Nature.SIMULATED, Nature.BASELINE):
        names = [name for name, value in natures.items() if value == nature.value]
        if names:
            verb = "is" if len(names) == 1 else "are"
            found.append(
                f"{', '.join(names)} {verb} {nature.value}, no clinical language model: "
                "figures show how this program works"
            )
    return found
