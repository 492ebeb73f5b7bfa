"""``conservative``: the model answers only where its own samples agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.layers.protocol import LayerAction, LayerDecision, LayerStage
from pytest_safescale.verdicts.verdict import agreement_of, majority_of

if TYPE_CHECKING:
    from pytest_safescale.layers.protocol import LayerDesk, SeenCase
    from pytest_safescale.settings.layer_settings import ConservativeSettings

__all__ = ["Conservative"]


@dataclass(frozen=True, kw_only=True)
class Conservative:
    """Gives the majority of the samples where enough of them agree, and else nothing.

    Majority and agreement are those of docs/metrics.md, "Majority and confidence".
    """

    settings: ConservativeSettings
    stage: LayerStage = LayerStage.ANSWER

    async def decide(self, seen: SeenCase, desk: LayerDesk) -> LayerDecision:
        """Answer with the majority, or abstain; an unreadable sample supports nothing."""
        drawn = await desk.samples(self.settings.samples)
        letters = [letter if letter in seen.options else None for letter in drawn]
        majority, share = majority_of(letters), agreement_of(letters).share
        says = f"{share:.0%} of {len(letters)} samples agree on {majority or 'no option'}"
        if majority is None or share < self.settings.min_agreement - 1e-9:
            return LayerDecision(action=LayerAction.ABSTAIN, says=says, score=share)
        return LayerDecision(action=LayerAction.ANSWER, letter=majority, says=says, score=share)
