"""What a manifest counts: cases, failed tests, calls, tokens and money."""

from __future__ import annotations

from typing_extensions import TypedDict

from pytest_safescale.results.layer_record import UnreadChecks  # noqa: TC001  # pydantic
from pytest_safescale.results.manifest_models import TokenCounts  # noqa: TC001  # pydantic
from pytest_safescale.results.state_counts import StatesOfModel  # noqa: TC001  # pydantic reads it

__all__ = [
    "BehindFigures",
    "Calls",
    "CaseCounts",
    "Cost",
    "Excluded",
    "FailedTest",
    "FailedTests",
    "LackingProbabilities",
    "LackingSamples",
    "Tokens",
    "Unmatched",
]


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
