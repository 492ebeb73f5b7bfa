"""The rates of simulated models: the built-in profiles, and profiles from a configuration table."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from pytest_safescale.cells import PLAIN, cell_condition
from pytest_safescale.errors import ModelSpecError, SettingsError

__all__ = [
    "ANY_CONDITION",
    "PROFILES",
    "AnswerKind",
    "Profile",
    "Rates",
    "profile_from_mapping",
    "profile_named",
]

ANY_CONDITION = "*"
"""The key of the rates for every condition without rates of its own."""


class AnswerKind(str, Enum):
    """What a simulated answer is; each wrong one is counted under its gravest label."""

    CORRECT = "correct"
    HIGH_RISK = "high_risk"
    UNSAFE = "unsafe"
    """Unsafe, not high-risk."""
    CONTRADICTS = "contradicts"
    """Contradicting the evidence, neither unsafe nor high-risk."""
    WRONG = "wrong"
    """Wrong without a label."""
    ABSTAIN = "abstain"


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How often each kind of answer is drawn under one condition; they sum to 1.

    Raises:
        SettingsError: a figure is out of range, or the rates do not sum to 1.
    """

    correct: float = 0.0
    high_risk: float = 0.0
    unsafe: float = 0.0
    contradicts: float = 0.0
    wrong: float = 0.0
    abstain: float = 0.0
    spread: float = 0.1
    """Mean chance that a sample is drawn anew instead of repeating the greedy answer; 0 to 0.5."""
    scatter: Mapping[str, float] | None = None
    """In its place: by the kind of the greedy answer, the chance that a sample is any option of the
    item, each as likely; 0 for a kind that is not named."""

    def __post_init__(self) -> None:
        for kind in AnswerKind:
            _check_range(kind.value, self.of(kind), 1.0)
        _check_range("spread", self.spread, 0.5)
        _check_keys("scatter", self.scatter or {}, {kind.value for kind in AnswerKind})
        for name, chance in (self.scatter or {}).items():
            _check_range(f"scatter.{name}", chance, 1.0)
        total = math.fsum(self.of(kind) for kind in AnswerKind)
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            names = ", ".join(kind.value for kind in AnswerKind)
            raise SettingsError(f"the rates sum to {total:g}; {names} must sum to 1")

    def of(self, kind: AnswerKind) -> float:
        """Return the rate of one kind of answer."""
        rate: float = getattr(self, kind.value)
        return rate


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A simulated model's behaviour.

    Raises:
        SettingsError: there are no rates for ``"*"``, or a figure is out of range.
    """

    name: str
    conditions: dict[str, Rates]
    """Rates by condition name; ``"*"`` holds for every other condition.

    Behind a slash stands a prompt profile, as in ``closed_book/verify`` or ``*/verify``: the rates
    of its answers, where they are others.
    """
    failure_rate: float = 0.0
    """Share of calls that fail and may be asked again."""
    latency_s: float = 0.0
    """Seconds every call takes."""

    def __post_init__(self) -> None:
        place = f"simulated profile {self.name!r}"
        if ANY_CONDITION not in self.conditions:
            raise SettingsError(f'{place}: rates for "*" are missing')
        _check_range(f"{place}: failure_rate", self.failure_rate, 1.0)
        _check_range(f"{place}: latency_s", self.latency_s, 3600.0)

    def rates(self, condition: str, prompt: str = PLAIN) -> Rates:
        """Return the rates that hold under a condition for answers to a prompt profile."""
        names = (
            cell_condition(condition, prompt),
            cell_condition(ANY_CONDITION, prompt),
            condition,
            ANY_CONDITION,
        )
        return next(self.conditions[name] for name in names if name in self.conditions)


def profile_named(name: str) -> Profile:
    """Return a built-in profile; raises ModelSpecError where there is none of this name."""
    if name in PROFILES:
        return PROFILES[name]
    near = difflib.get_close_matches(name, PROFILES, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise ModelSpecError(
        f"unknown simulated profile {name!r}{hint}; allowed: {', '.join(PROFILES)}"
    )


def profile_from_mapping(name: str, table: Mapping[str, Any]) -> Profile:
    """Return the profile a configuration table describes.

    ``conditions`` maps condition names (or ``"*"``) to tables of rates; ``failure_rate`` and
    ``latency_s`` may stand beside it.

    Raises:
        SettingsError: a key is unknown, a figure is none or out of range, or rates do not sum to 1.
    """
    place = f"simulated profile {name!r}"
    _check_keys(place, table, {"conditions", "failure_rate", "latency_s"})
    conditions = table.get("conditions")
    if not isinstance(conditions, Mapping):
        raise SettingsError(f"{place}: conditions: found {conditions!r}; allowed: a table of rates")
    rates = {
        condition: _rates_from(f"{place}, {condition}", row)
        for condition, row in conditions.items()
    }
    others = {key: _rate_in(place, table, key) for key in ("failure_rate", "latency_s")}
    return Profile(name=name, conditions=rates, **others)


def _rates_from(place: str, row: object) -> Rates:
    if not isinstance(row, Mapping):
        raise SettingsError(f"{place}: found {row!r}; allowed: a table of rates")
    _check_keys(place, row, {*(kind.value for kind in AnswerKind), "spread", "scatter"})
    rates = {key: _rate_in(place, row, key) for key in row if key != "scatter"}
    scatter = row.get("scatter")
    if "scatter" in row and not isinstance(scatter, Mapping):
        raise SettingsError(f"{place}: scatter: found {scatter!r}; allowed: a table of chances")
    found = None if scatter is None else {key: _rate_in(place, scatter, key) for key in scatter}
    try:
        return Rates(**rates, scatter=found)
    except SettingsError as problem:
        raise SettingsError(f"{place}: {problem}") from None


def _check_keys(place: str, table: Mapping[str, Any], allowed: set[str]) -> None:
    for key in table:
        if key not in allowed:
            raise SettingsError(
                f"{place}: unknown key {key!r}; allowed: {', '.join(sorted(allowed))}"
            )


def _rate_in(place: str, table: Mapping[str, Any], key: str) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SettingsError(f"{place}: {key}: found {value!r}; allowed: a number")
    return float(value)


def _check_range(name: str, value: float, most: float) -> None:
    if not 0.0 <= value <= most:
        raise SettingsError(f"{name}: found {value:g}; allowed: 0 to {most:g}")


def _rates(
    correct: float, high_risk: float, unsafe: float, contradicts: float, abstain: float
) -> Rates:
    wrong = round(1.0 - correct - high_risk - unsafe - contradicts - abstain, 6)
    return Rates(
        correct=correct,
        high_risk=high_risk,
        unsafe=unsafe,
        contradicts=contradicts,
        wrong=wrong,
        abstain=abstain,
    )


# Accuracy under closed book, clean evidence, standard RAG and agentic RAG, and the high-risk rates
# of the first two, are the means over 34 models that SaFE-Scale reports (arXiv 2605.04039). All
# else is our assumption, chosen so that contradiction and dangerous overconfidence come out near
# the reported ones on items whose high-risk options mostly contradict the evidence.
_PAPER = {
    "closed_book": _rates(0.735, 0.12, 0.035, 0.010, 0.020),
    "clean_evidence": _rates(0.941, 0.026, 0.005, 0.002, 0.005),
    "conflict_evidence": _rates(0.550, 0.24, 0.060, 0.050, 0.020),
    "agentic_rag": _rates(0.781, 0.10, 0.025, 0.004, 0.015),
    "max_context": _rates(0.750, 0.115, 0.035, 0.010, 0.015),
    ANY_CONDITION: _rates(0.760, 0.11, 0.030, 0.010, 0.015),
}


# Our assumption throughout: what each prompt would do to a model on which the remedies work.
_PROMPTED = {
    ANY_CONDITION: _rates(0.74, 0.14, 0.04, 0.02, 0.01),
    "*/uncertain": _rates(0.70, 0.05, 0.02, 0.01, 0.19),
    "*/check_evidence": _rates(0.78, 0.09, 0.03, 0.01, 0.03),
    "*/verify": _rates(0.79, 0.08, 0.02, 0.01, 0.04),
    "*/think": _rates(0.80, 0.13, 0.04, 0.01, 0.01),
    "*/abstain_option": _rates(0.68, 0.04, 0.02, 0.01, 0.23),
    "*/abstain_shuffled": _rates(0.70, 0.07, 0.02, 0.01, 0.17),
}


def _everywhere(name: str, rates: Rates) -> Profile:
    return Profile(name=name, conditions={ANY_CONDITION: rates})


_WRONG_ANYHOW = {kind.value: 1.0 for kind in AnswerKind if kind is not AnswerKind.CORRECT}
_SURE = Rates(correct=0.9, high_risk=0.1, spread=0.0)
_PLANTED = (
    _everywhere(
        "overconfident_tenth",
        Rates(correct=0.8, high_risk=0.1, wrong=0.1, scatter={"wrong": 1.0}),
    ),
    Profile(
        name="follows_conflict",
        conditions={
            ANY_CONDITION: _SURE,
            "conflict_evidence": Rates(correct=0.5, high_risk=0.5, spread=0.0),
        },
    ),
    Profile(
        name="drifting",
        conditions={
            ANY_CONDITION: _SURE,
            "*/verify": Rates(correct=0.6, high_risk=0.4, spread=0.0),
        },
    ),
    _everywhere(
        "wavers_when_wrong",
        Rates(correct=0.7, high_risk=0.2, wrong=0.1, scatter=_WRONG_ANYHOW),
    ),
    _everywhere(
        "wavers_anyhow",
        Rates(
            correct=0.7,
            high_risk=0.2,
            wrong=0.1,
            scatter=dict.fromkeys((kind.value for kind in AnswerKind), 0.5),
        ),
    ),
)
"""Models in which one mechanism is real, to try remedies on (docs/remedies.md)."""

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile(name="paper", conditions=_PAPER),
            Profile(name="prompted", conditions=_PROMPTED),
            _everywhere("safe", _rates(0.80, 0.01, 0.01, 0.02, 0.06)),
            _everywhere("dangerous", _rates(0.70, 0.20, 0.05, 0.02, 0.01)),
            _everywhere("always_safe", Rates(correct=1.0, spread=0.0)),
            _everywhere("always_dangerous", Rates(high_risk=1.0, spread=0.0)),
            _everywhere("upgrade_old", _rates(0.70, 0.08, 0.03, 0.02, 0.03)),
            _everywhere("upgrade_new", _rates(0.80, 0.13, 0.03, 0.01, 0.01)),
            *_PLANTED,
        )
    }
)
"""The built-in profiles by name.

``paper`` is the default. ``prompted`` answers otherwise to other prompt profiles. ``always_safe``
and ``always_dangerous`` are planted controls: always correct, and always high-risk where the item
allows it. ``upgrade_new`` is more accurate than ``upgrade_old`` and less safe. In the last five
one mechanism is real: dangerous answers without a doubt, following conflicting evidence, further
turns that turn right into wrong, samples that disagree where it is wrong, or wherever it is.
"""
