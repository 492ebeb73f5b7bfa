"""Everything a run needs to know, resolved once from the command line and the configuration."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from pytest_safescale.errors import SettingsError
from pytest_safescale.shards import parse_shard

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CONFIG_FILE",
    "STRICT_FINDINGS",
    "EnsembleSettings",
    "ModelSettings",
    "PromptSettings",
    "Settings",
    "read_configuration",
    "read_toml",
    "resolve_settings",
]

CONFIG_FILE = "safescale.toml"
LONGEST_LABEL = 24
STRICT_FINDINGS = (
    "high_risk",
    "unsafe",
    "contradiction",
    "overconfident",
    "wrong",
    "abstained",
    "counterexample",
)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(_Table):
    """A table ``[tool.safescale.models.NAME]``: a model that needs more than one word."""

    provider: Literal["openai", "python", "lexical", "simulated"]
    model: str = ""
    """The served model's name, the callable's path or the profile."""
    base_url: str | None = None
    api_key_env: str | None = None
    """The environment variable that holds the key."""
    revision: str = ""
    """Set a new word when the same name now serves other weights: stored replies do not count."""
    parameters_b: float | None = Field(default=None, gt=0)
    active_parameters_b: float | None = Field(default=None, gt=0)
    family: str = ""
    context_tokens: int | None = Field(default=None, ge=512)
    reasoning: bool = False
    price_in: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    timeout_s: float = Field(default=120.0, gt=0)
    profile: dict[str, Any] | None = None
    """Rates of a simulated model of one's own."""


class EnsembleSettings(_Table):
    """A table ``[[tool.safescale.ensembles]]``: three or more models that vote."""

    name: str = Field(min_length=1)
    models: tuple[str, ...] = Field(min_length=3)


class PromptSettings(_Table):
    """A table ``[tool.safescale.prompt]``: the prompt under test; unset parts are our own."""

    system: str | None = None
    user_with_evidence: str | None = None
    user_without_evidence: str | None = None


ROBUSTNESS_SUITE = "evidence_robustness"

_NO_SHAPE = (
    "model",
    "models",
    "base_url",
    "dataset",
    "corpus",
    "shard",
    "concurrency",
    "store",
    "replay",
    "gates",
    "baseline",
    "strict",
    "report",
    "figures",
    "suite",
    "max_calls",
    "max_cost",
    "max_attempts",
    "retry_seconds",
)
"""Settings that may differ between the shards of one run."""


class Settings(_Table):
    """One run, validated. Field names are the option names without ``--safescale-``."""

    model: tuple[str, ...] = ()
    base_url: str | None = None
    dataset: str = "sample"
    corpus: str | None = None
    conditions: tuple[str, ...] = ()
    """Empty for the six."""
    samples: int = Field(default=20, ge=0, le=1000)
    limit: int | None = Field(default=None, ge=1)
    item: tuple[str, ...] = ()
    """Ids of the only items to ask about; empty for all."""
    shard: str | None = None
    """Which part of the run this is, such as ``3/10``; the whole unless given."""
    concurrency: int = Field(default=32, ge=1, le=4096)
    store: Path = Path(".safescale/store.sqlite")
    replay: bool = False
    gates: str | tuple[dict[str, Any], ...] = ()
    """A file, the word ``default``, or the configuration's tables, not yet checked."""
    family_wise: Literal["none", "holm"] = "none"
    """Whether the gates with confidence share one chance to pass wrongly, by Holm's method."""
    baseline: str | None = None
    strict: tuple[str, ...] = ()
    report: Path = Path("safescale-report")
    figures: Path | None = None
    """Where the charts go as files; nowhere unless named."""
    suite: tuple[str, ...] = ()
    seed: int = Field(default=42, ge=0, lt=2**32)
    stop_when_decided: bool = False
    """Whether to ask nothing more once the cases left can change no gate."""
    self_check: bool = False
    """Whether the gates are first tried on planted controls."""
    max_calls: int | None = Field(default=None, ge=1)
    max_cost: float | None = Field(default=None, gt=0)
    max_attempts: int = Field(default=6, ge=1, le=100)
    """How often one call is tried before it is recorded as failed."""
    retry_seconds: float = Field(default=300.0, gt=0)
    """How long one call is retried before it is recorded as failed."""
    adaptive: bool = False
    retriever: str = "bm25"
    """``bm25``, or ``openai:MODEL`` for an embeddings endpoint."""
    agent_steps: int = Field(default=6, ge=1, le=50)
    relations: tuple[str, ...] = ()
    """What robustness suites put cases to; empty for every relation."""
    variants: int = Field(default=20, ge=0, le=10_000)
    """Variants per case and relation; 0 for ``max_examples`` of the hypothesis profile."""
    shrink_calls: int = Field(default=150, ge=0)
    """Most variants answered to shrink one counterexample."""
    variant_answers: Literal["greedy", "majority"] = "greedy"
    """What variants are judged by: their single answers, or the majority of ``samples``."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Our field name to the heading in the user's CSV."""
    labels: dict[Literal["high_risk", "unsafe", "contradicts"], str] = Field(default_factory=dict)
    """What the user's data set calls a label; shown in place of our own word."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    ensembles: tuple[EnsembleSettings, ...] = ()
    prompt: PromptSettings = PromptSettings()

    @field_validator("model", "suite", "item", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("conditions", "strict", "relations", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("labels")
    @classmethod
    def _showable(cls, value: dict[str, str]) -> dict[str, str]:
        for word in value.values():
            if not (word.strip() and word.isprintable() and len(word) <= LONGEST_LABEL):
                raise ValueError(f"{word!r} is not 1 to {LONGEST_LABEL} printable characters")
        return value

    @field_validator("shard")
    @classmethod
    def _part_of_a_whole(cls, value: str | None) -> str | None:
        return None if value is None else str(parse_shard(value))

    @field_validator("variant_answers")
    @classmethod
    def _with_samples(cls, value: str, info: ValidationInfo) -> str:
        if value == "majority" and info.data.get("samples") == 0:
            raise ValueError("a majority needs samples, and --safescale-samples is 0")
        return value

    @field_validator("strict")
    @classmethod
    def _known_findings(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            if word not in STRICT_FINDINGS:
                raise ValueError(f"{word!r} is not one of {', '.join(STRICT_FINDINGS)}")
        return value

    def sha256(self) -> str:
        """Return a hash over what shapes cases and figures.

        Where things are kept, how fast they are asked and which shard this is are no part of it;
        nor are data and models, which a manifest states by what they are.
        """
        packed = json.dumps(self.model_dump(mode="json", exclude=set(_NO_SHAPE)), sort_keys=True)
        return hashlib.sha256(packed.encode()).hexdigest()

    @property
    def wants_robustness(self) -> bool:
        """Whether these settings alone tell that cases are put to relations."""
        return ROBUSTNESS_SUITE in self.suite

    def environment_base_url(self) -> str | None:
        """Return the endpoint: the option or key first, then the two environment variables."""
        return (
            self.base_url
            or os.environ.get("SAFESCALE_BASE_URL")
            or os.environ.get("OPENAI_BASE_URL")
            or None
        )


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return a TOML file's content, or say in one sentence why it cannot be read."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{what} {path} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{what} {path} is not TOML: {error}") from error


def read_configuration(root: Path) -> dict[str, Any]:
    """Return the keys of ``safescale.toml``, else of ``[tool.safescale]`` in pyproject.toml."""
    own = root / CONFIG_FILE
    if own.is_file():
        return read_toml(own, "configuration file")
    shared = root / "pyproject.toml"
    if not shared.is_file():
        return {}
    table = read_toml(shared, "configuration file").get("tool", {}).get("safescale", {})
    if not isinstance(table, dict):
        raise SettingsError(f"tool.safescale in {shared} is {table!r}; allowed: a table")
    return table


def resolve_settings(
    options: Mapping[str, object], configuration: Mapping[str, object] | None = None
) -> Settings:
    """Return the validated settings: command line over configuration over default.

    ``options`` holds the command line's values by field name; ``None`` and empty lists count as
    not given. Raises SettingsError naming the option or key, the value and what is allowed.
    """
    configuration = configuration or {}
    given = {key: value for key, value in options.items() if _is_given(value)}
    try:
        return Settings.model_validate({**configuration, **given})
    except ValidationError as error:
        raise SettingsError(_sentence(error, given)) from None


def _is_given(value: object) -> bool:
    # A flag that is off and a list without a word are what the command line holds by default.
    return value is not None and value is not False and value != []


def _sentence(error: ValidationError, given: Mapping[str, object]) -> str:
    parts = []
    for detail in error.errors(include_url=False):
        name = ".".join(str(part) for part in detail["loc"])
        top = str(detail["loc"][0]) if detail["loc"] else ""
        label = f"--safescale-{top.replace('_', '-')}" if top in given else f"key {name!r}"
        if detail["type"] == "extra_forbidden":
            parts.append(f"configuration {label} is unknown; {_nearest(top)}")
        else:
            parts.append(f"{label}: found {str(detail['input'])[:80]!r}; {detail['msg']}")
    return "; ".join(parts)


def _nearest(name: str) -> str:
    import difflib  # only on the way to an error

    near = difflib.get_close_matches(name, Settings.model_fields, n=1)
    known = ", ".join(sorted(Settings.model_fields))
    return f"did you mean {near[0]!r}?" if near else f"allowed: {known}"
