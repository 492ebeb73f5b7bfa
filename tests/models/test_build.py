"""What a model's table says of it is what the built model is known by."""

from __future__ import annotations

import pytest

from pytest_safescale.models.build import build_model
from pytest_safescale.settings.resolve import resolve_settings


@pytest.mark.parametrize("provider", ["simulated", "lexical", "python"])
def test_a_revision_of_ones_own_tells_a_model_from_the_one_without(
    provider: str, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(app="def answer(messages, **_): return 'A'")  # whose module it unloads

    def revision(**table: str) -> str:
        model = {"model": "app:answer"} if provider == "python" else {}
        settings = resolve_settings({}, {"models": {"m": {"provider": provider, **model, **table}}})
        return build_model("m", settings, root=pytester.path).info.revision

    assert revision(revision="9") == f"9 {revision()}"
    assert revision() != ""
