"""The price at which a run asks a model: its own, or that of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.calls.usage import at_batch_price
from pytest_safescale.models.model import BatchModel

if TYPE_CHECKING:
    from pytest_safescale.models.model import Model, ModelInfo
    from pytest_safescale.runs.run import Run

__all__ = ["asked_as", "batch_sentences"]


def asked_as(run: Run, model: Model) -> ModelInfo:
    """Return what is known of a model, with the prices at which the run asks it."""
    return at_batch_price(model.info) if _by_batch(run, model) else model.info


def _by_batch(run: Run, model: Model) -> bool:
    return run.settings.batch and isinstance(model, BatchModel)


def batch_sentences(run: Run) -> list[str]:
    """Return which models are asked by batch, at which share of their price."""
    asked = [*run.asked, *([run.embedder] if run.embedder is not None else [])]
    return [
        f"{model.info.name}: asked by batch, costs counted at {1 - model.info.batch_discount:.0%} "
        "of its prices; what depends on replies goes in a further round"
        for model in asked
        if _by_batch(run, model)
    ]
