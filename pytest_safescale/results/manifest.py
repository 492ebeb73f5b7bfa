"""What was run, with what, and what it took: the manifest of ``run.json`` as plain JSON data.

A manifest has every key that it had something to say under: one of scored results knows less than
a run's, and one that is older than a key lacks it.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from pytest_safescale.analysis.custom_metrics import CustomMetricRow  # noqa: TC001  # pydantic
from pytest_safescale.dataset.votes import LabelRule  # noqa: TC001  # pydantic
from pytest_safescale.results.manifest_attempts import (  # noqa: TC001  # pydantic
    LedgerOfRun,
    LockOfRun,
)
from pytest_safescale.results.manifest_counts import (  # noqa: TC001  # pydantic
    Calls,
    CaseCounts,
    Cost,
    FailedTests,
    Tokens,
)
from pytest_safescale.results.manifest_models import (  # noqa: TC001  # pydantic
    ModelRow,
    SecondReaderOfRun,
)
from pytest_safescale.results.manifest_repeat import RepeatOfRun  # noqa: TC001  # pydantic
from pytest_safescale.results.manifest_shards import (  # noqa: TC001  # pydantic
    ShardOfRun,
    ShardSummary,
)

__all__ = [
    "BaselineOfRun",
    "CorpusOfRun",
    "CorpusRepairOfRun",
    "DatasetOfRun",
    "Ensemble",
    "GateCheckRow",
    "Manifest",
    "ProfileOfRun",
    "RobustnessSettings",
    "ScoredFrom",
    "SeverityOfRun",
]


class DatasetOfRun(TypedDict, total=False):
    """The data set."""

    name: str
    ref: str
    """As the user named it."""
    sha256: str
    """Of its files' content."""
    items: int
    clustered: bool
    """True where items are named clusters; else absent."""
    subject: str
    notices: list[str]
    read_as: list[str]
    """How its records were understood."""


class CorpusOfRun(TypedDict):
    """The texts for retrieval."""

    name: str
    passages: int


class CorpusRepairOfRun(TypedDict):
    """A plan of repairs, and what it left of the corpus."""

    name: str
    sha256: str
    actions: dict[str, int]
    """How many of each kind the plan has."""
    passages: int


class ProfileOfRun(TypedDict):
    """A prompt profile of a run that has others than the plain one."""

    name: str
    sha256: str
    texts: dict[str, Any]
    """Everything that shapes its prompts: texts, steps, the option it adds, its room."""


class SeverityOfRun(TypedDict):
    """How bad an answer is whose option does not say so itself, from 0 to 1."""

    high_risk: float
    unsafe: float
    contradicts: float
    abstention: float
    defaults: list[str]
    """Which of these nobody has chosen."""


class Ensemble(TypedDict):
    """Models that vote."""

    name: str
    models: list[str]


class GateCheckRow(TypedDict):
    """What the controls showed of a gate: the fields of ``GateCheck``."""

    gate: str
    model: str
    fault: str
    unchecked: str
    passes_unanswered: bool


class RobustnessSettings(TypedDict, total=False):
    """What searches for counterexamples were made with."""

    relations: list[str]
    variants: int | None
    shrink_calls: int
    answers: str


class HeldJointly(TypedDict):
    """Gates that share one chance to pass wrongly, by Holm's method."""

    gates: int
    level: float
    """The chance that any of them passes wrongly is at most this."""


class BaselineOfRun(TypedDict):
    """The earlier run that this one is compared with."""

    path: str
    run_id: str | None
    models: dict[str, str]
    """Which model of this run is compared with which of that."""
    items: int


class ScoredFrom(TypedDict):
    """Where scored results come from."""

    files: dict[str, str]
    """SHA-256 by file."""
    definitions: str
    answers: str
    partial: bool
    problems: list[dict[str, str]]
    """The fields of ``Problem``."""


class Manifest(TypedDict, total=False):
    """What was run, with what, and what it took."""

    run_id: str
    versions: dict[str, str]
    """By distribution."""
    notices: list[str]
    """Sentences that stand wherever the figures appear."""
    start: str
    end: str
    scored: ScoredFrom
    """Of scored results alone."""
    dataset: DatasetOfRun
    corpus: CorpusOfRun
    corpus_repair: CorpusRepairOfRun
    """No key without a plan of repairs."""
    ranker: str | None
    prompt: dict[str, str] | None
    """The texts by name."""
    prompt_sha256: str | None
    profiles: list[ProfileOfRun]
    """The prompt profiles; no key where the plain one alone was asked."""
    agent_prompt: dict[str, str] | None
    agent_prompt_sha256: str | None
    models: list[ModelRow]
    models_beside: list[ModelRow]
    """Models that were asked for those with layers, and were not tested themselves."""
    conditions: list[str]
    condition_summaries: dict[str, str]
    """What each shows, in one line; no key in files that are older than it."""
    ensembles: list[Ensemble]
    custom_metrics: list[CustomMetricRow]
    decoding: dict[str, Any]
    """The fields of ``Decoding``."""
    seed: int
    family_wise: str
    """How gates are held jointly."""
    held_jointly: HeldJointly
    """Where several gates with confidence are."""
    labels: dict[str, str]
    """The user's words for labels."""
    label_rule: LabelRule
    """How labels were made of raters' votes, where the data set keeps some."""
    severity: SeverityOfRun
    """Where it is known how bad answers are."""
    second_reader: SecondReaderOfRun
    gates_switched_off: bool
    narrowed: str
    """Why the run is of a part of the data."""
    stopped: str
    """Why it ended before every case was asked, where no gate needs the rest."""
    concurrency: int
    replay: bool
    fresh: bool
    max_age: str | None
    budget: dict[str, float | None]
    cases: CaseCounts
    errors: int
    """Cases without a single answer."""
    failed_tests: FailedTests
    calls: Calls
    tokens: Tokens
    cost: Cost
    self_check: list[GateCheckRow]
    robustness: RobustnessSettings
    shard: ShardOfRun
    """Of a shard alone."""
    merged: list[ShardSummary]
    """Of a merged run alone."""
    baseline: BaselineOfRun
    anchor: BaselineOfRun
    """The fixed run that drift is told against."""
    repeat: RepeatOfRun
    """How one of its cases is repeated; no key of scored results."""
    lock: LockOfRun
    """What fixes gates, data, prompts and decoding; no key without a lock."""
    ledger: LedgerOfRun
    """The attempts under that lock; no key without a ledger."""
    reservations: list[str]
    """Why what the gates say is no run verdict."""
