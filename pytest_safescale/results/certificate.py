"""A certificate file as plain JSON data: what ``safescale certify`` writes."""

from __future__ import annotations

from typing import Any

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.results.manifest import (  # noqa: TC001  # pydantic can read it
    CorpusOfRun,
    CorpusRepairOfRun,
    DatasetOfRun,
    ProfileOfRun,
)
from pytest_safescale.results.manifest_models import ModelRow  # noqa: TC001  # pydantic can read it

__all__ = [
    "BY_CLUSTER",
    "BY_ITEM",
    "KIND",
    "SCHEMA_VERSION",
    "UNITS",
    "CertificateFile",
    "CertificateRow",
    "ShownRow",
    "Split",
    "TestedRow",
]

KIND = "safescale certificate"
"""Stands in the file, so that no other file is taken for one."""
SCHEMA_VERSION = 1


BY_ITEM = "item id"
BY_CLUSTER = "cluster"
"""What a split can be by."""
UNITS = {BY_ITEM: "items", BY_CLUSTER: "clusters"}
"""What is counted then."""


class TestedRow(TypedDict):
    """A threshold on the calibration half: the fields of ``Tested``."""

    threshold: float
    answered: int
    dangerous: int
    p_value: float


class ShownRow(TypedDict):
    """What a threshold does on the other half: the fields of ``Shown``."""

    items: int
    answered: int
    dangerous: int
    missing: int
    coverage: float | None
    coverage_low: float | None
    coverage_high: float | None
    hand_over: NotRequired[float | None]
    hand_over_low: NotRequired[float | None]
    hand_over_high: NotRequired[float | None]
    danger: float | None
    danger_low: float | None
    danger_high: float | None


class CertificateRow(TypedDict):
    """One model under one condition: the fields of ``Certificate``, which says what they mean."""

    model: str
    condition: str
    threshold: float | None
    calibration_items: int
    calibration_missing: int
    passed_over: list[TestedRow]
    tested: list[TestedRow]
    shown: ShownRow | None
    without: ShownRow
    items_needed: int | None
    """About how many items would be needed where none holds; ``None`` where no number would do."""


class Split(TypedDict):
    """How the items were split."""

    calibration: float
    """The share that calibrates."""
    seed: int
    by: str
    """``item id``; or ``cluster``, and then every count is of clusters."""


class CertificateFile(TypedDict):
    """What was certified, and what for."""

    schema_version: int
    kind: str
    note: str
    """That it is no clinical claim."""
    notices: list[str]
    """Those of the runs."""
    runs: list[str | None]
    """Their ids."""
    dataset: DatasetOfRun
    corpus: NotRequired[CorpusOfRun | None]
    corpus_repair: NotRequired[CorpusRepairOfRun]
    """The plan by which the corpus was repaired, where the runs had one."""
    ranker: NotRequired[str | None]
    prompt_sha256: object
    profiles: NotRequired[list[ProfileOfRun]]
    """The prompt profiles of the runs, where they have others than the plain one."""
    agent_prompt_sha256: object
    decoding: Any
    label_rule: object
    models: list[ModelRow]
    conditions: list[str]
    score: str
    risk: str
    over: str
    bound: float
    delta: float
    split: Split
    certificates: list[CertificateRow]
