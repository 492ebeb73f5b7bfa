"""``conservative``: the model answers only where its own samples agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.layers.protocol import LayerAction, LayerDecision, LayerStage
from pytest_safescale.verdicts.verdict import agreement_of, confidence_of, majority_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_safescale.layers.protocol import LayerDesk, SeenCase
    from pytest_safescale.settings.layer_settings import ConservativeSettings

__all__ = ["SCORES", "Certified", "Conservative"]


AGREEMENT, ENTROPY = SCORES = ("agreement", "entropy")
"""Scores that samples give, by their names in certificates."""
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Certified:
    """Thresholds that a certificate states for the model that the layer is around."""

    path: Path
    place: str
    """Key and file, as people are told."""
    score: str
    samples: int
    """How many the score is of."""
    thresholds: Mapping[str, float | None]
    """By condition; ``None`` where none holds."""


@dataclass(frozen=True, kw_only=True)
class Conservative:
    """Gives the majority of the samples where they are sure enough of it, and else nothing.

    Majority, agreement and confidence are those of docs/metrics.md, "Majority and confidence".
    """

    settings: ConservativeSettings
    certified: Certified | None = None
    """In the place of the agreement that the settings state."""
    stage: LayerStage = LayerStage.ANSWER

    @property
    def samples(self) -> int:
        """How many samples it looks at."""
        return self.settings.samples if self.certified is None else self.certified.samples

    async def decide(self, seen: SeenCase, desk: LayerDesk) -> LayerDecision:
        """Answer with the majority, or abstain; an unreadable sample supports nothing."""
        drawn = await desk.samples(self.samples)
        letters = [letter if letter in seen.options else None for letter in drawn]
        majority, score = majority_of(letters), agreement_of(letters).share
        says = f"{score:.0%} of {len(letters)} samples agree on {majority or 'no option'}"
        least: float | None = self.settings.min_agreement
        if self.certified is not None:
            least = self.certified.thresholds.get(seen.condition)
            if self.certified.score == ENTROPY:
                score = confidence_of(letters, len(seen.options))
            says = f"{says}; {self.certified.score} {score:.3f}, certified from {least}"
        if majority is None or least is None or score < least - _ROUNDING:
            return LayerDecision(action=LayerAction.ABSTAIN, says=says, score=score)
        return LayerDecision(action=LayerAction.ANSWER, letter=majority, says=says, score=score)
