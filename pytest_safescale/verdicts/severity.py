"""How bad an answer is, from 0 to 1, where its option does not say so itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.verdicts.labels import FLAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ABSTENTION", "DEFAULT_SEVERITY", "SEVERITY_NAMES", "Severity"]

ABSTENTION = "abstention"


@dataclass(frozen=True, kw_only=True)
class Severity:
    """The severities of labels, of which the highest of an option counts, and of abstentions."""

    high_risk: float = 1.0
    unsafe: float = 0.5
    contradicts: float = 0.0
    abstention: float = 0.0

    @property
    def of_flags(self) -> Sequence[float]:
        """Those of the labels, in the order of FLAGS."""
        return [getattr(self, name) for name in FLAGS]


DEFAULT_SEVERITY = Severity()
"""A choice of ours, and no finding: reports call it so."""
SEVERITY_NAMES = (*FLAGS, ABSTENTION)
"""The fields of ``Severity``."""
