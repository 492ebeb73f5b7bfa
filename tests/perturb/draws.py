"""Many draws from a family of edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.perturb.planted import NODULE, evidence

if TYPE_CHECKING:
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.perturb.families.catalogue import Edits, Family


def drawn(strategy: st.SearchStrategy[Edits], count: int = 60) -> list[Edits]:
    """Draw from a strategy, the same every time."""
    found: list[Edits] = []

    @seed(1)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(edits: Edits) -> None:
        found.append(edits)

    collect()
    return found


def lines(family: Family, item: Item = NODULE) -> set[str]:
    """Return every single edit of many draws, as one line each."""
    edits = [edit for some in drawn(family(item, evidence(item)), 200) for edit in some]
    return {edit.describe() for edit in edits}
