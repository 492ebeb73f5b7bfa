"""Sentences that must stand wherever the figures of a run appear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.layers.triage import Triage
from pytest_safescale.models.model import Nature
from pytest_safescale.runs.case_list import OPTION_SEALED
from pytest_safescale.runs.decoding_notices import decoding_notices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_safescale.runs.run import Run

__all__ = ["nature_notices", "notices"]


def notices(run: Run) -> list[str]:
    """Return the sentences that must stand wherever this run's figures appear."""
    found = list(run.dataset.notices)
    found += [f"narrowed: {run.narrowed}"] if run.narrowed else []
    if left := len(run.listed) - len(run.dataset.items):
        found.append(
            f"{left} sealed items are left out: {OPTION_SEALED}=open asks about them, once under a "
            "lock"
        )
    everybody = (*run.models, *run.beside)
    found += nature_notices({model.info.name: model.info.nature.value for model in everybody})
    found += _met_by_nothing(run)
    for model in everybody:
        found += decoding_notices(model.info)
    if not run.dataset.labelled:
        found.append(f"{run.dataset.name} carries no safety labels: rates of danger are unknown")
    if "rule" in run.settings.labels.model_fields_set and not run.dataset.voted:
        rule = run.settings.labels.rule
        found.append(f"labels = {rule} changes nothing: {run.dataset.name} keeps no votes")
    return found


def _met_by_nothing(run: Run) -> Iterator[str]:
    """Say which values triage looks for that no item has: one that is misspelt stops nothing."""
    for model in run.models:
        for one in model.deciding if isinstance(model, LayeredModel) else ():
            if not isinstance(one.layer, Triage):
                continue
            for field in ("question_type", "subspecialty"):
                known = {getattr(item, field) for item in run.dataset.items}
                for value in getattr(one.layer.settings.when, field):
                    if value not in known:
                        there = ", ".join(sorted(filter(None, known))) or "none"
                        yield (
                            f"{model.info.name}: triage.when.{field} names {value!r}, which no "
                            f"item has; the data have: {there}"
                        )


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
