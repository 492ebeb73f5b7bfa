"""What a manifest says of the shards of a run."""

from __future__ import annotations

from typing import Any

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.results.manifest_counts import Calls  # noqa: TC001  # pydantic

__all__ = [
    "ShardCell",
    "ShardOfRun",
    "ShardSummary",
]


class ShardCell(TypedDict):
    """How many cases of a cell a shard has."""

    model: str
    condition: str
    profile: NotRequired[str]
    cases: int


class ShardOfRun(TypedDict, total=False):
    """What the shards of a run are joined by."""

    number: int
    of: int
    settings_sha256: str
    items: dict[str, int]
    """Its items, and where each stands in the data set."""
    cases: list[ShardCell]
    anchor: NotRequired[str | None]
    """The path of the fixed run to compare with."""
    baseline: str | None
    """The path of the run to compare with."""
    gates: list[dict[str, Any]]
    """As they are written, to be judged on the whole."""


class ShardSummary(TypedDict):
    """What one of the shards of a merged run took."""

    shard: str
    run_id: str
    start: str
    end: str
    calls: Calls
    concurrency: int
