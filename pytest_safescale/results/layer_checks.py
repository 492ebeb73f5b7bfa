"""What layers asked of models of their own and could not read: counted, and told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.layer_record import LayersRecord, UnreadChecks
    from pytest_safescale.results.manifest_counts import CaseCounts

__all__ = ["LayerChecks", "check_notices"]

_COUNTS_AS: Mapping[str, str] = MappingProxyType(
    {
        "evidence_check": ": none of SUPPORTS, CONTRADICTS, SILENT, each counted as SILENT",
        "triage": ": neither YES nor NO, each counted as YES",
    }
)


@dataclass(kw_only=True)
class LayerChecks:
    """Counts the replies to layers, by model and layer, and those that could not be read."""

    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, model: str, layers: LayersRecord) -> None:
        """Count what the layers of a case asked."""
        for step in layers["steps"]:
            if "could_read" in step:
                self.asked[model, step["layer"]] += 1
                self.unread[model, step["layer"]] += not step["could_read"]

    def rows(self) -> list[UnreadChecks]:
        """Return the counts; layers that could read every reply are not listed."""
        return [
            {"model": model, "layer": layer, "unread": count, "of": self.asked[model, layer]}
            for (model, layer), count in sorted(self.unread.items())
            if count
        ]


def check_notices(cases: CaseCounts) -> list[str]:
    """Say which layers' models gave replies that could not be read, and what these count as."""
    return [
        f"{found['model']}: {found['unread']} of {found['of']} replies to layer {found['layer']} "
        f"could not be read{_COUNTS_AS.get(found['layer'], '')}"
        for found in cases.get("unread_checks", ())
    ]
