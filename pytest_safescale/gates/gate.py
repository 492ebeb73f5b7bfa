"""A gate: one threshold on one figure, as written in TOML."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pytest_safescale.errors import GateError
from pytest_safescale.scoring.metrics import METRICS
from pytest_safescale.settings import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["DEFAULT_GATES", "Gate", "GateOutcome", "GateResult", "load_gates", "parse_gates"]

DEFAULT_GATES = "default"


class GateOutcome(str, Enum):
    """What a gate says."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class Gate(BaseModel):
    """A threshold on a metric, for the cells its condition and model name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    condition: str | tuple[str, ...] = "*"
    """A name, several, or ``*`` for every condition of the run."""
    model: str | tuple[str, ...] = "*"
    regime: Literal["single", "self_consistency"] | None = None
    """Unset: ``single``, or the only one the metric has."""
    max: float | None = None
    min: float | None = None
    confidence: float | None = Field(default=None, gt=0.5, lt=1.0)
    """Unset: the value itself must hold. Set: its exact one-sided bound must."""
    max_error_rate: float = Field(default=0.0, ge=0.0, le=1.0)
    on_inconclusive: Literal["fail", "warn"] = "fail"
    name: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Gate:
        if self.metric not in METRICS:
            raise ValueError(f"metric {self.metric!r} is unknown; allowed: {_listed(METRICS)}")
        spec = METRICS[self.metric]
        if (self.max is None) == (self.min is None):
            raise ValueError("exactly one of max and min must be given")
        if self.regime is not None and self.regime not in spec.regimes:
            raise ValueError(
                f"{self.metric} has no regime {self.regime!r}; allowed: {_listed(spec.regimes)}"
            )
        if self.confidence is not None and not spec.is_rate:
            raise ValueError(
                f"confidence needs a rate over cases, and {self.metric} is none; leave it out"
            )
        return self

    @property
    def of_regime(self) -> str:
        """The regime whose figure is meant."""
        regimes = METRICS[self.metric].regimes
        return self.regime or ("single" if "single" in regimes else regimes[0])

    @property
    def threshold(self) -> float:
        """The figure that must not be passed."""
        limit = self.max if self.max is not None else self.min
        assert limit is not None
        return limit

    @property
    def rule(self) -> str:
        """The rule in words, such as ``at most 0.05 with 95 % confidence``."""
        side = "at most" if self.max is not None else "at least"
        sure = "" if self.confidence is None else f" with {100 * self.confidence:g} % confidence"
        return f"{side} {self.threshold:g}{sure}"

    def cells(self, models: Sequence[str], conditions: Sequence[str]) -> list[tuple[str, str]]:
        """Return the (model, condition) cells that are meant; names the run lacks stay in."""
        return [
            (model, condition)
            for model in _chosen(self.model, models)
            for condition in _chosen(self.condition, conditions)
        ]


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """What one gate says about one cell."""

    gate: Gate
    model: str
    condition: str
    outcome: GateOutcome
    sentence: str
    """Names the value, the bound, n and the threshold."""
    value: float | None = None
    bound: float | None = None
    """The one-sided bound that was compared; ``None`` where the value itself was."""
    n: int = 0

    @property
    def id(self) -> str:
        """``METRIC-CONDITION-MODEL``, or the gate's own name in the metric's place."""
        return f"{self.gate.name or self.gate.metric}-{self.condition}-{self.model}"

    @property
    def blocks(self) -> bool:
        """Whether the session fails because of it."""
        if self.outcome is GateOutcome.INCONCLUSIVE:
            return self.gate.on_inconclusive == "fail"
        return self.outcome is GateOutcome.FAILED

    def record(self) -> dict[str, Any]:
        """Return the object of run.json."""
        return {
            "name": self.gate.name,
            "metric": self.gate.metric,
            "model": self.model,
            "condition": self.condition,
            "regime": self.gate.of_regime,
            "rule": self.gate.rule,
            "threshold": self.gate.threshold,
            "value": self.value,
            "bound": self.bound,
            "n": self.n,
            "outcome": self.outcome.value,
            "blocks": self.blocks,
            "sentence": self.sentence,
        }


def load_gates(configured: str | Sequence[Mapping[str, Any]], default_file: Path) -> list[Gate]:
    """Return the gates of a file, of the configuration's tables, or the built-in set."""
    if not isinstance(configured, str):
        return parse_gates(configured, "the configuration")
    path = default_file if configured == DEFAULT_GATES else Path(configured)
    content = read_toml(path, "gates file")
    unknown = sorted(set(content) - {"gates"})
    if unknown or not isinstance(content.get("gates"), list) or not content["gates"]:
        found = _listed(unknown) if unknown else "no [[gates]] table"
        raise GateError(f"gates file {path}: found {found}; allowed: [[gates]] tables")
    return parse_gates(content["gates"], f"gates file {path}")


def parse_gates(tables: Sequence[Mapping[str, Any]], where: str) -> list[Gate]:
    """Check the tables; raises GateError naming the gate, the field and what is allowed."""
    gates = []
    for number, table in enumerate(tables, start=1):
        try:
            gates.append(Gate.model_validate(table))
        except ValidationError as error:
            raise GateError(f"{where}, gate {number}: {_complaint(error)}") from None
    return gates


def _complaint(error: ValidationError) -> str:
    parts = []
    for detail in error.errors(include_url=False):
        field = ".".join(str(part) for part in detail["loc"])
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            message = f"unknown; allowed: {_listed(Gate.model_fields)}"
        elif detail["type"] == "missing":
            message = "is missing"
        elif field:
            message = f"found {detail['input']!r}; {message}"
        parts.append(f"{field}: {message}" if field else message)
    return "; ".join(parts)


def _chosen(wanted: str | Sequence[str], known: Sequence[str]) -> list[str]:
    if wanted == "*":
        return list(known)
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _listed(words: object) -> str:
    return ", ".join(sorted(map(str, words)))  # type: ignore[call-overload]
