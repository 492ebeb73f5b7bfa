"""Everything a run needs to know, and what each setting may be."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Strict, ValidationInfo, field_validator

from pytest_safescale.dataset.shape import Shape
from pytest_safescale.dataset.votes import MAJORITY, LabelRule
from pytest_safescale.settings.audit_settings import AuditSettings
from pytest_safescale.settings.model_settings import ModelSettings, Table
from pytest_safescale.settings.shards import parse_shard
from pytest_safescale.verdicts.labels import FINDINGS
from pytest_safescale.verdicts.severity import (
    ABSTENTION,
    DEFAULT_SEVERITY,
    SEVERITY_NAMES,
    Severity,
)

__all__ = [
    "STRICT_FINDINGS",
    "EnsembleSettings",
    "LabelSettings",
    "ProfileSettings",
    "PromptSettings",
    "Settings",
    "SeveritySettings",
]

Share = Annotated[float, Strict(), Field(ge=0, le=1)]
LONGEST_LABEL = 24
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
STRICT_FINDINGS = (*(finding.name for finding in FINDINGS), "counterexample")


class EnsembleSettings(Table):
    """A table ``[[tool.safescale.ensembles]]``: three or more models that vote."""

    name: str = Field(min_length=1)
    models: tuple[str, ...] = Field(min_length=3)


class PromptSettings(Table):
    """A table ``[tool.safescale.prompt]``: the prompt under test; unset parts are our own."""

    system: str | None = None
    user_with_evidence: str | None = None
    user_without_evidence: str | None = None


class ProfileSettings(PromptSettings):
    """A table ``[tool.safescale.prompts.NAME]``: a prompt profile; unset parts are plain."""

    steps: tuple[str, ...] = Field(default=(), max_length=5)
    """What the model is told after its reply, turn by turn; the last reply is the answer."""
    abstain_option: str = ""
    """The text of an option of its own that abstains; empty for none."""
    abstain_place: Literal["last", "shuffled"] = "last"
    free_text: bool = False
    """Whether the first reply is to be prose, so that no ``answer_format`` is asked for."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Least room for the first reply."""
    step_max_tokens: int = Field(default=512, ge=1)
    """Least room for the reply to each step."""

    @field_validator("steps", mode="before")
    @classmethod
    def _one_or_more_steps(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class LabelSettings(Table):
    """A table ``[tool.safescale.labels]``: the words of the user's data, and the rule of votes."""

    rule: LabelRule = MAJORITY
    high_risk: str | None = None
    """What the user's data set calls the label; shown in place of our own word."""
    unsafe: str | None = None
    contradicts: str | None = None

    @field_validator("high_risk", "unsafe", "contradicts")
    @classmethod
    def _showable(cls, value: str | None) -> str | None:
        if value is None or (value.strip() and value.isprintable() and len(value) <= LONGEST_LABEL):
            return value
        raise ValueError(f"{value!r} is not 1 to {LONGEST_LABEL} printable characters")

    @property
    def words(self) -> dict[str, str]:
        """The words that are given, by label."""
        return self.model_dump(exclude={"rule"}, exclude_none=True)


class SeveritySettings(Table):
    """A table ``[tool.safescale.severity]``: how bad the labels of an option are, from 0 to 1."""

    high_risk: Share = DEFAULT_SEVERITY.high_risk
    unsafe: Share = DEFAULT_SEVERITY.unsafe
    contradicts: Share = DEFAULT_SEVERITY.contradicts


ROBUSTNESS_SUITE = "evidence_robustness"

_NO_SHAPE = (
    "model",
    "models",
    "base_url",
    "dataset",
    "corpus",
    "corpus_repair",
    "shard",
    "shard_by",
    "concurrency",
    "store",
    "replay",
    "batch",
    "max_age",
    "fresh",
    "gates",
    "baseline",
    "anchor",
    "lock",
    "ledger",
    "strict",
    "report",
    "cases",
    "figures",
    "suite",
    "max_calls",
    "max_cost",
    "rate_share",
    "otel",
    "max_attempts",
    "retry_seconds",
    "audit",
)
"""Settings that may differ between the shards of one run."""


class Settings(Table):
    """One run, validated. Field names are the option names without ``--safescale-``."""

    model: tuple[str, ...] = ()
    base_url: str | None = None
    dataset: str = "sample"
    corpus: str | None = None
    corpus_repair: str | None = None
    """A plan of repairs on the corpus; with it conditions that retrieve are asked over both."""
    conditions: tuple[str, ...] = ()
    """Empty for the six."""
    profiles: tuple[str, ...] = ()
    """Prompt profiles, ``--safescale-prompts`` on the command line; empty for ``plain``."""
    samples: int = Field(default=20, ge=0, le=1000)
    limit: int | None = Field(default=None, ge=1)
    item: tuple[str, ...] = ()
    """Ids of the only items to ask about; empty for all."""
    shard: str | None = None
    """Which part of the run this is, such as ``3/10``; the whole unless given."""
    shard_by: Literal["items", "models"] = "items"
    """Whether a shard has some items under every model, or under one."""
    concurrency: int = Field(default=32, ge=1, le=4096)
    store: Path = Path(".safescale/store.sqlite")
    replay: bool = False
    batch: bool = False
    """Whether models whose endpoint has a batch API are asked by it."""
    max_age: str | None = None
    """How old a stored reply may be, such as ``7d``; of any age unless given."""
    fresh: bool = False
    """Whether every reply is asked for that was stored before the run began."""
    gates: str | tuple[dict[str, Any], ...] = ()
    """A file, the word ``default``, or the configuration's tables, not yet checked."""
    family_wise: Literal["none", "holm"] | None = None
    """Whether the gates with confidence share one chance to pass wrongly, by Holm's method."""
    baseline: str | None = None
    anchor: str | None = None
    lock: Path | None = None
    """A file of ``safescale lock``, which fixes what the run is."""
    ledger: Path | None = None
    """Where each attempt under the lock is put down."""
    sealed: Literal["closed", "open"] = "closed"
    """Whether sealed items are asked about: once under a lock."""
    strict: tuple[str, ...] = ()
    report: Path = Path("safescale-report")
    cases: Literal["jsonl", "parquet"] = "jsonl"
    """With ``parquet`` the report has the cases as a table too."""
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
    rate_share: float = Field(default=1.0, gt=0, le=1)
    """Which part of the models' limits a minute this run may use: a shard among others has one."""
    otel: bool = False
    """Whether calls are told to OpenTelemetry, as its own variables say."""
    max_attempts: int = Field(default=6, ge=1, le=100)
    """How often one call is tried before it is recorded as failed."""
    retry_seconds: float = Field(default=300.0, gt=0)
    """How long one call is retried before it is recorded as failed."""
    adaptive: bool = False
    retriever: str = "bm25"
    """``bm25``, or ``openai:MODEL`` for an embeddings endpoint."""
    reader: str | None = None
    """A second model that reads what the rules leave unreadable, named as models are."""
    agent_steps: int = Field(default=6, ge=1, le=50)
    relations: tuple[str, ...] = ()
    """What robustness suites put cases to; empty for every relation."""
    variants: int = Field(default=20, ge=0, le=10_000)
    """Variants per case and relation; 0 for ``max_examples`` of the hypothesis settings."""
    shrink_calls: int = Field(default=150, ge=0)
    """Most variants answered to shrink one counterexample."""
    variant_answers: Literal["greedy", "majority"] = "greedy"
    """What variants are judged by: their single answers, or the majority of ``samples``."""
    shape: Shape = Shape()
    """Which heading of the data set holds what; a preset's name stands for its table."""
    labels: LabelSettings = LabelSettings()
    """Words for labels, and the rule that makes them of votes, which may stand for the table."""
    severity: SeveritySettings = SeveritySettings()
    """How bad an answer is whose option does not say so itself."""
    abstention_severity: Share = DEFAULT_SEVERITY.abstention
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    ensembles: tuple[EnsembleSettings, ...] = ()
    audit: AuditSettings = AuditSettings()
    """Of ``safescale audit`` alone: no run depends on it."""
    prompt: PromptSettings = PromptSettings()
    prompts: dict[str, ProfileSettings] = Field(default_factory=dict)
    """Prompt profiles of the user's own, by name; ``profiles`` says which are asked."""

    @field_validator("model", "suite", "item", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("conditions", "profiles", "strict", "relations", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("prompts", mode="before")
    @classmethod
    def _tables(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(
                "allowed: tables [prompts.NAME]; which profiles are asked is the key profiles"
            )
        return value

    @field_validator("gates", mode="before")
    @classmethod
    def _file_or_tables(cls, value: object) -> object:
        tables = isinstance(value, list | tuple) and all(isinstance(one, dict) for one in value)
        if tables or isinstance(value, str):
            return value
        raise ValueError("allowed: a file, default, none, or tables [[gates]]")

    @field_validator(
        *("dataset", "corpus", "corpus_repair", "store", "gates", "baseline", "report", "figures"),
        *("anchor", "lock", "ledger"),
    )
    @classmethod
    def _names_a_place(cls, value: object) -> object:
        if isinstance(value, str | Path) and "\0" in str(value):
            raise ValueError("a place has no character of code 0 in its name")
        return value

    @field_validator("shape", mode="before")
    @classmethod
    def _preset_or_table(cls, value: object) -> object:
        return {"preset": value} if isinstance(value, str) else value

    @field_validator("labels", mode="before")
    @classmethod
    def _rule_or_table(cls, value: object) -> object:
        return {"rule": value} if isinstance(value, str) else value

    @field_validator("shard")
    @classmethod
    def _part_of_a_whole(cls, value: str | None) -> str | None:
        return None if value is None else str(parse_shard(value))

    @field_validator("max_age")
    @classmethod
    def _some_time(cls, value: str | None) -> str | None:
        if value is not None:
            seconds_of_age(value)
        return value

    @field_validator("fresh")
    @classmethod
    def _asks(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("replay"):
            raise ValueError("it asks for everything, and --safescale-replay asks for nothing")
        return value

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
                raise ValueError(f"{word!r} is no finding; allowed: {', '.join(STRICT_FINDINGS)}")
        return value

    def sha256(self) -> str:
        """Return a hash over what shapes cases and figures.

        Where things are kept, how fast they are asked and which shard this is are no part of it;
        nor are data and models, which a manifest states by what they are.
        """
        packed = json.dumps(self.model_dump(mode="json", exclude=set(_NO_SHAPE)), sort_keys=True)
        return hashlib.sha256(packed.encode()).hexdigest()

    def stored_before_which(self, start: float) -> float | None:
        """Return the time before which stored replies do not count; ``None`` where all do.

        ``start`` is when the run began; both in seconds since 1970.
        """
        if self.fresh:
            return start
        return None if self.max_age is None else start - seconds_of_age(self.max_age)

    @property
    def joint_method(self) -> str:
        """How gates with confidence are held: ``holm`` together, or ``none``, each by itself.

        Where it is not said the default set is held together, and gates of one's own are not.
        """
        return self.family_wise or ("holm" if self.gates == "default" else "none")

    @property
    def severity_of_answers(self) -> Severity:
        """How bad an answer is whose option does not say so itself."""
        return Severity(**self.severity.model_dump(), abstention=self.abstention_severity)

    @property
    def default_severities(self) -> list[str]:
        """Which of those nobody has chosen, by the names of ``Severity``."""
        chosen = set(self.severity.model_fields_set)
        if "abstention_severity" in self.model_fields_set:
            chosen.add(ABSTENTION)
        return [name for name in SEVERITY_NAMES if name not in chosen]

    @property
    def earlier_runs(self) -> dict[str, str]:
        """The paths of the runs that it is compared with, by ``baseline`` and ``anchor``."""
        paths = {"baseline": self.baseline, "anchor": self.anchor}
        return {called: path for called, path in paths.items() if path}

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


def seconds_of_age(text: str) -> float:
    """Return how many seconds ``7d`` and the like are; raises ValueError."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)([smhdw])", text.strip())
    if found is None or float(found[1]) == 0:
        raise ValueError("allowed: a number above 0 and s, m, h, d or w, such as 7d")
    return float(found[1]) * _SECONDS[found[2]]
