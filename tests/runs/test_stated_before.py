"""What a run states before its first call is what its manifest states at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_safescale.results.certificate_file import ALIKE, model_identity
from pytest_safescale.results.manifest_facts import fact
from pytest_safescale.runs.manifest import stated_before
from pytest_safescale.runs.run import prepare_run
from pytest_safescale.settings.resolve import resolve_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_what_is_stated_before_is_what_the_manifest_states(
    pytester: pytest.Pytester, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    asked = {"model": ["lexical"], "conditions": "closed_book,standard_rag", "samples": 2}
    settings = resolve_settings({**asked, "store": str(pytester.path / "other.sqlite")})
    before = stated_before(prepare_run(settings, root=pytester.path))
    result = run_pytest(
        "--safescale-suite=radsafe200",
        "--safescale-model=lexical",
        "--safescale-conditions=closed_book,standard_rag",
        "--safescale-samples=2",
        "--safescale-gates=none",
    )
    assert result.ret == 0
    written = json.loads((pytester.path / "safescale-report" / "run.json").read_text())
    after = written["manifest"]
    assert {name: fact(before, name) for name in ALIKE} == {
        name: fact(after, name) for name in ALIKE
    }
    ours, theirs = ([model_identity(one) for one in run["models"]] for run in (before, after))
    assert ours == theirs
