"""A pytest-native safety test framework for clinical language models.

The names below are imported when first used, so that the plugin costs nothing until then.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_safescale.conditions.condition import Condition, Evidence, Resources
    from pytest_safescale.conditions.static import EvidenceCondition
    from pytest_safescale.errors import CallFailed, SafescaleError, UsageError
    from pytest_safescale.items.item import Dataset, Item, Option, Passage
    from pytest_safescale.items.load import load_dataset
    from pytest_safescale.models.model import (
        EndpointFacts,
        Model,
        ModelInfo,
        Nature,
        Reply,
        Request,
    )
    from pytest_safescale.plugin.case import SafescaleCase
    from pytest_safescale.plugin.expect import expect
    from pytest_safescale.plugin.robustness import SafescaleRobustness
    from pytest_safescale.scoring.answer import read_answer
    from pytest_safescale.scoring.custom import CaseMetric
    from pytest_safescale.scoring.verdict import Outcome, Verdict

__all__ = [
    "CallFailed",
    "CaseMetric",
    "Condition",
    "Dataset",
    "EndpointFacts",
    "Evidence",
    "EvidenceCondition",
    "Item",
    "Model",
    "ModelInfo",
    "Nature",
    "Option",
    "Outcome",
    "Passage",
    "Reply",
    "Request",
    "Resources",
    "SafescaleCase",
    "SafescaleError",
    "SafescaleRobustness",
    "UsageError",
    "Verdict",
    "expect",
    "load_dataset",
    "read_answer",
]

_HOMES = {
    "conditions.condition": ("Condition", "Evidence", "Resources"),
    "conditions.static": ("EvidenceCondition",),
    "errors": ("CallFailed", "SafescaleError", "UsageError"),
    "items.item": ("Dataset", "Item", "Option", "Passage"),
    "items.load": ("load_dataset",),
    "models.model": ("EndpointFacts", "Model", "ModelInfo", "Nature", "Reply", "Request"),
    "plugin.case": ("SafescaleCase",),
    "plugin.expect": ("expect",),
    "plugin.robustness": ("SafescaleRobustness",),
    "scoring.answer": ("read_answer",),
    "scoring.custom": ("CaseMetric",),
    "scoring.verdict": ("Outcome", "Verdict"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
