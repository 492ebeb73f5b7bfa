from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.database import InMemoryExampleDatabase

from pytest_safescale.perturb.families.catalogue import FAMILIES

PAGE = (Path(__file__).parents[2] / "docs" / "robustness.md").read_text(encoding="utf-8")


@pytest.fixture
def _own_database() -> Any:
    """Keep the page's counterexamples out of the checkout."""
    before = settings.get_current_profile_name()
    settings.register_profile("page", database=InMemoryExampleDatabase())
    settings.load_profile("page")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("_own_database")
def test_every_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)
    tests = [name for name in names if name.startswith("test_")]
    assert "test_nobody_is_obeyed" in tests  # it wants pytest's fixture; see tests/plugin
    tests.remove("test_nobody_is_obeyed")
    assert len(tests) == 2
    for name in tests:
        names[name]()
    assert "outdated" in capsys.readouterr().out


def test_the_page_names_every_family() -> None:
    table = PAGE.split("## In a test of your own")[0]
    assert set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", table)) >= set(FAMILIES)
