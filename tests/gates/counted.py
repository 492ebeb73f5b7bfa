"""Small runs on which one can count what gates must say."""

from __future__ import annotations

from typing import Any

from tests.gates.cases import make_inputs, words

HIGH_RISK = "high_risk_error_rate"
SURE = {"confidence": 0.95}


def one(now: list[str], before: list[str] | None = None, **more: Any) -> Any:
    """Return the inputs of one condition."""
    return make_inputs({"c": now}, None if before is None else {"c": before}, **more)


# One of 20: the exact upper bound is the Beta quantile of (2, 19), 0.2161.
TWENTY = one(words(A=19, B=1))
# 10 of 200 items rise and 2 fall: 0.04 more, with the bound 0.0762 (see test_noninferiority.py).
RISEN = one(words(A=190, B=10), ["B", "B", *words(A=198)])
# Five samples: 18 cases are alike in all, one in four of them, one in three.
SAMPLED = one([*["AAAAAA"] * 18, "AAAAAB", "AAAABB"])
