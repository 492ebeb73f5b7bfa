"""The tables of the layers around a model: ``[tool.safescale.models.NAME.LAYER]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = [
    "BUILT_IN_LAYERS",
    "STOPS",
    "ConservativeSettings",
    "EvidenceCheckSettings",
    "HandOverSettings",
    "LayeredSettings",
    "Table",
    "TriageSettings",
    "WhenSettings",
]

ABSTAIN, HAND_OVER = "abstain", "hand_over"
STOPS = (ABSTAIN, HAND_OVER)
"""What a layer may do with a case that it does not let pass."""


class Table(BaseModel):
    """A table of the configuration: nothing in it changes, and nothing unknown may stand in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WhenSettings(Table):
    """Which questions are high-risk: those that meet any of these."""

    question_type: tuple[str, ...] = ()
    subspecialty: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Words or phrases of the question, in either case."""
    model: str | None = None
    """Who is asked whether the question is high-risk, named as models are."""
    prompt: str | None = None
    """What that model is told, in the place of our own words; it replies YES or NO."""

    @field_validator("question_type", "subspecialty", "words", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _some_rule(self) -> WhenSettings:
        if not (self.question_type or self.subspecialty or self.words or self.model):
            raise ValueError(
                "no question is meant; allowed: question_type, subspecialty, words or model"
            )
        if self.prompt is not None and self.model is None:
            raise ValueError("a prompt is for a model: give model beside it")
        return self


class TriageSettings(Table):
    """``triage``: which questions are high-risk, and what is done with them."""

    when: WhenSettings
    then: str = HAND_OVER
    """``hand_over``, ``abstain``, or the prompt profile that the model is asked with instead."""


class ConservativeSettings(Table):
    """``conservative``: an answer that the samples do not support is withheld."""

    samples: int = Field(default=5, ge=2, le=1000)
    min_agreement: float = Field(default=0.8, gt=0, le=1)
    """The smallest share of the samples that must give the answer."""
    threshold: str | None = None
    """A certificate, in the place of both: its score, its samples and its threshold."""

    @model_validator(mode="after")
    def _one_threshold(self) -> ConservativeSettings:
        given = {"samples", "min_agreement"}.intersection(self.model_fields_set)
        if self.threshold is not None and given:
            raise ValueError(
                f"{sorted(given)[0]} is stated by the certificate; allowed: threshold, or samples "
                "and min_agreement"
            )
        return self


class EvidenceCheckSettings(Table):
    """``evidence_check``: an option that the evidence does not support is withheld."""

    model: str
    """Who says so, named as models are."""
    prompt: str | None = None
    """What that model is told first, in the place of our own words."""
    on_contradiction: str = ABSTAIN
    on_silence: str = ABSTAIN

    @field_validator("on_contradiction", "on_silence")
    @classmethod
    def _stop_or_pass(cls, value: str) -> str:
        if value not in (*STOPS, "pass"):
            raise ValueError(f"allowed: {', '.join(STOPS)}, pass")
        return value


class HandOverSettings(Table):
    """``hand_over``: what people can take."""

    capacity: float = Field(ge=0, le=1)
    """The share of the cases of a cell; a case beyond it is abstained from."""


BUILT_IN_LAYERS: Mapping[str, type[Table]] = {
    "triage": TriageSettings,
    "conservative": ConservativeSettings,
    "evidence_check": EvidenceCheckSettings,
    "hand_over": HandOverSettings,
}


class LayeredSettings(Table):
    """The keys of a model's table that make it a model with layers around it."""

    base: str | None = None
    """The model that the layers are around, named as models are."""
    layers: tuple[str, ...] = ()
    """Their names; those of a kind decide in this order."""
    ask_every_layer: bool = False
    """Whether layers decide on cases too that one before them has stopped, at a call's cost."""
    triage: TriageSettings | None = None
    conservative: ConservativeSettings | None = None
    evidence_check: EvidenceCheckSettings | None = None
    hand_over: HandOverSettings | None = None
    own_layers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """The tables of layers of the user's own, by name."""

    @model_validator(mode="before")
    @classmethod
    def _tables_of_own_layers(cls, data: object) -> object:
        """Take the tables of the user's own layers, which stand under any name, together."""
        if not isinstance(data, Mapping) or data.get("provider") != "layered":
            return data
        own = {
            name: dict(value)
            for name, value in data.items()
            if name not in cls.model_fields and isinstance(value, Mapping)
        }
        rest = {name: value for name, value in data.items() if name not in own}
        return {**rest, "own_layers": own} if own else rest

    def check_layers(self) -> None:
        """Refuse layers without a table and tables without a layer; raises ValueError."""
        tables = {name: getattr(self, name) for name in BUILT_IN_LAYERS}
        given = [*(name for name, table in tables.items() if table), *self.own_layers]
        allowed = f"{', '.join(BUILT_IN_LAYERS)}, or a name with a table of its own"
        if not self.layers:
            raise ValueError(f"layers are missing; allowed: a list of {allowed}")
        for name in self.layers:
            if name not in given:
                told = "has no table" if name in BUILT_IN_LAYERS else "is unknown"
                hint = f"give [models.NAME.{name}]" if name in BUILT_IN_LAYERS else allowed
                raise ValueError(f"layer {name!r} {told}; {hint}")
            if self.layers.count(name) > 1:
                raise ValueError(f"layer {name!r} is named more than once; allowed: once")
        if strangers := [name for name in given if name not in self.layers]:
            raise ValueError(
                f"table {strangers[0]!r} is of no layer; allowed: {', '.join(self.layers)}"
            )
        self._check_hand_over()

    def _check_hand_over(self) -> None:
        """Refuse a layer that hands over where nobody is there to take it."""
        if "hand_over" in self.layers:
            return
        for name, key in (
            ("triage", "then"),
            ("evidence_check", "on_contradiction"),
            ("evidence_check", "on_silence"),
        ):
            if getattr(getattr(self, name), key, None) == HAND_OVER:
                raise ValueError(
                    f"{name}.{key} hands over and hand_over is not among the layers; allowed: "
                    "hand_over with its table, or abstain"
                )
