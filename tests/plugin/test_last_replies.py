"""The library of intervals is loaded with the last requests in flight, once, or at the end."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from pytest_safescale.models.model import ModelInfo
from pytest_safescale.plugin import last_replies
from pytest_safescale.plugin.last_replies import LastReplies
from pytest_safescale.settings.schema import Settings

SERVED = ModelInfo(name="served", provider="openai", model="m")
APPLICATION = ModelInfo(name="app", provider="python", model="app:answer")
SINGLE: dict[str, Any] = {"samples": 0, "concurrency": 4}


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    loads: list[str] = []
    monkeypatch.setattr(last_replies, "special", lambda: loads.append("special"))
    return loads


def test_it_is_loaded_once_when_all_requests_are_out(loads: list[str]) -> None:
    last = LastReplies(Settings(**SINGLE), [SERVED])
    last.wait_for(5)
    assert loads == []
    for left in (4, 3, 2, 1, 0):
        last.wait_for(left)
    assert loads == ["special"]


def test_what_the_library_warns_of_fails_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_replies, "special", lambda: warnings.warn("of numpy", stacklevel=1))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("error")
        LastReplies(Settings(**SINGLE), [SERVED]).wait_for(1)
    assert [str(one.message) for one in told] == ["of numpy"]


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (SINGLE, [SERVED, APPLICATION]),
        ({**SINGLE, "samples": 3}, [SERVED]),
        ({**SINGLE, "suite": ("evidence_robustness",)}, [SERVED]),
    ],
    ids=["code of a user's", "further requests", "searches"],
)
def test_nothing_is_loaded_beside_code_that_may_be_parsed_or_requests_to_come(
    loads: list[str], settings: dict[str, Any], asked: list[ModelInfo]
) -> None:
    last = LastReplies(Settings(**settings), asked)
    last.wait_for(1)
    assert loads == []
