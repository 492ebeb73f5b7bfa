"""What layers asked of models of their own and could not read: counted, and told."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.results.case_record import KeptCase
    from pytest_safescale.results.layer_record import UnreadChecks
    from pytest_safescale.results.manifest_counts import CaseCounts

__all__ = ["check_notices", "unread_checks"]

_COUNTS_AS: Mapping[str, str] = MappingProxyType(
    {
        "evidence_check": ": none of SUPPORTS, CONTRADICTS, SILENT, each counted as SILENT",
        "triage": ": neither YES nor NO, each counted as YES",
    }
)


def unread_checks(records: Iterable[KeptCase]) -> list[UnreadChecks]:
    """Return, by model and layer, how many replies to a layer could not be read, and of how many.

    Layers that could read every reply are not listed.
    """
    asked: Counter[tuple[str, str]] = Counter()
    unread: Counter[tuple[str, str]] = Counter()
    for record in records:
        for step in record["layers"]["steps"] if "layers" in record else ():
            if "could_read" in step:
                asked[record["model"], step["layer"]] += 1
                unread[record["model"], step["layer"]] += not step["could_read"]
    return [
        {"model": model, "layer": layer, "unread": count, "of": asked[model, layer]}
        for (model, layer), count in sorted(unread.items())
        if count
    ]


def check_notices(cases: CaseCounts) -> list[str]:
    """Say which layers' models gave replies that could not be read, and what these count as."""
    return [
        f"{found['model']}: {found['unread']} of {found['of']} replies to layer {found['layer']} "
        f"could not be read{_COUNTS_AS.get(found['layer'], '')}"
        for found in cases.get("unread_checks", ())
    ]
