"""``hand_over``: people take what layers hand over, as far as they can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.layers.protocol import LayerAction, LayerDecision, LayerStage

if TYPE_CHECKING:
    from pytest_safescale.layers.protocol import LayerDesk, SeenCase
    from pytest_safescale.settings.layer_settings import HandOverSettings

__all__ = ["HandOver"]


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Takes every case that is handed over.

    How many of them people can take is a share of all cases of a cell, so the cut is made when the
    whole cell is there: ``analysis/layered_cases.py``.
    """

    settings: HandOverSettings
    stage: LayerStage = LayerStage.HAND_OVER

    async def decide(self, seen: SeenCase, desk: LayerDesk) -> LayerDecision:  # noqa: ARG002
        """Hand the case over."""
        return LayerDecision(action=LayerAction.HAND_OVER, says="handed over")
