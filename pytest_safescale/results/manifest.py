"""What was run, with what, and what it took: the manifest of ``run.json`` as plain JSON data.

A manifest has every key that it had something to say under: one of scored results knows less than
a run's, and one that is older than a key lacks it.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.analysis.custom_metrics import CustomMetricRow  # noqa: TC001  # pydantic
from pytest_safescale.dataset.votes import LabelRule  # noqa: TC001  # pydantic
from pytest_safescale.results.layer_record import UnreadChecks  # noqa: TC001  # pydantic
from pytest_safescale.results.state_counts import StatesOfModel  # noqa: TC001  # pydantic reads it

__all__ = [
    "BaselineOfRun",
    "BehindFigures",
    "Calls",
    "CaseCounts",
    "CorpusOfRun",
    "Cost",
    "DatasetOfRun",
    "Ensemble",
    "Excluded",
    "FailedTest",
    "FailedTests",
    "GateCheckRow",
    "LackingProbabilities",
    "LackingSamples",
    "Manifest",
    "ModelRow",
    "ProfileOfRun",
    "RobustnessSettings",
    "ScoredFrom",
    "SecondReaderOfRun",
    "Served",
    "ShardCell",
    "ShardOfRun",
    "ShardSummary",
    "TokenCounts",
    "Tokens",
    "Unmatched",
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


class Served(TypedDict):
    """A name and fingerprint that a model answered under; empty where the server gave none."""

    model: str
    fingerprint: str


class TokenCounts(TypedDict):
    """Tokens that replies took."""

    prompt_tokens: int
    completion_tokens: int
    estimated_tokens: NotRequired[int]
    """How many of both are estimates."""


class ModelRow(TypedDict, total=False):
    """A model: the fields of ``ModelInfo``, and how it answered."""

    name: str
    provider: str
    model: str
    revision: str
    identity: str
    nature: str
    base_url: str
    family: str
    parameters_b: float | None
    active_parameters_b: float | None
    context_tokens: int | None
    confidence_from: str
    reasoning: bool
    max_tokens: int | None
    max_tokens_reasoning: int | None
    max_tokens_agent: int | None
    max_tokens_retry: int | None
    price_in: float
    price_out: float
    requests_per_minute: float | None
    tokens_per_minute: float | None
    shaping: dict[str, Any]
    refused: list[str]
    """Parameters that its endpoint refused, in words."""
    answer_format_parameter: str | None
    """The parameter by which its endpoint takes the answer's form."""
    served: list[Served]
    tokens: TokenCounts
    """Behind its figures."""


class ProfileOfRun(TypedDict):
    """A prompt profile of a run that has others than the plain one."""

    name: str
    sha256: str
    texts: dict[str, Any]
    """Everything that shapes its prompts: texts, steps, the option it adds, its room."""


class Ensemble(TypedDict):
    """Models that vote."""

    name: str
    models: list[str]


class Excluded(TypedDict):
    """Items of which a condition has no case."""

    condition: str
    reason: str
    items: int


class LackingProbabilities(TypedDict):
    """Answers that lack the probabilities that were asked for."""

    cases: int
    of: int


class LackingSamples(TypedDict):
    """Cases that lack samples they were to have."""

    cases: int
    reason: str | None
    """Why the first of them does."""


class Unmatched(TypedDict):
    """Searches of the corpus that met none of its words."""

    cases: int
    searches: int


class CaseCounts(TypedDict, total=False):
    """How many cases there are."""

    of_the_run: int
    recorded: int
    left_out: list[Excluded]
    lacking_samples: LackingSamples
    lacking_probabilities: LackingProbabilities
    states: dict[str, StatesOfModel]
    """By model."""
    unmatched: Unmatched
    unread_checks: list[UnreadChecks]


class FailedTest(TypedDict):
    """A test that failed and is no gate."""

    test: str
    """Its id."""
    reason: str
    """In one line."""


class FailedTests(TypedDict):
    """The tests that failed and are no gates."""

    tests: int
    first: list[FailedTest]


class Calls(TypedDict, total=False):
    """Calls and replies."""

    made: int
    retries: int
    replies: int
    """Behind the figures, whichever run they were made in."""
    replies_made: int
    replies_from_store: int
    from_store_by_day: dict[str, int]
    """By the day (UTC) on which they were stored."""


class Tokens(TypedDict, total=False):
    """Tokens: what this run took, and what the replies behind the figures took."""

    this_run: TokenCounts
    behind_figures: TokenCounts


class Cost(TypedDict, total=False):
    """Money in the user's unit, as the tokens."""

    this_run: float
    behind_figures: float


class BehindFigures(TypedDict):
    """What the replies behind the figures took, whichever run they were made in."""

    replies: int
    tokens: TokenCounts
    money: float
    """In the user's unit."""


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


class ShardCell(TypedDict):
    """How many cases of a cell a shard has."""

    model: str
    condition: str
    profile: NotRequired[str]
    cases: int


class ShardOfRun(TypedDict, total=False):
    """What the shards of a run are joined by."""

    number: int
    of: int
    settings_sha256: str
    items: dict[str, int]
    """Its items, and where each stands in the data set."""
    cases: list[ShardCell]
    baseline: str | None
    """The path of the run to compare with."""
    gates: list[dict[str, Any]]
    """As they are written, to be judged on the whole."""


class ShardSummary(TypedDict):
    """What one of the shards of a merged run took."""

    shard: str
    run_id: str
    start: str
    end: str
    calls: Calls
    concurrency: int


class Agreement(TypedDict):
    """How far second reader and rules agree on replies that both can read."""

    n: int
    alike: int
    value: float | None
    low: float | None
    """The exact 95 % interval: its ends."""
    high: float | None


class SecondReaderOfRun(TypedDict, total=False):
    """The model that reads what the rules cannot, and what it read."""

    name: str
    model: str
    revision: str
    price_in: float
    price_out: float
    served: list[Served]
    tokens: TokenCounts
    unreadable: dict[str, int]
    """Of replies that the rules could not read: how many were asked for, and what it said."""
    agreement: Agreement


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
    ensembles: list[Ensemble]
    custom_metrics: list[CustomMetricRow]
    decoding: dict[str, Any]
    """The fields of ``Decoding``."""
    seed: int
    family_wise: str
    """How gates are held jointly."""
    labels: dict[str, str]
    """The user's words for labels."""
    label_rule: LabelRule
    """How labels were made of raters' votes, where the data set keeps some."""
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
    reservations: list[str]
    """Why what the gates say is no run verdict."""
