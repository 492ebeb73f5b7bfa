"""A search for counterexamples as plain JSON data: a line of ``robustness.jsonl``."""

from __future__ import annotations

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.analysis.search_counts import SearchCounts
from pytest_safescale.perturb.search.counterexample import (  # pydantic reads them
    CounterexampleRecord,  # noqa: TC001
    EditRecord,  # noqa: TC001
)

__all__ = ["CounterexampleRow", "SearchRecord"]


class SearchRecord(SearchCounts):
    """A line of ``robustness.jsonl``: enough for rates, and to make the counterexample again."""

    schema: NotRequired[int]
    """The version of this shape."""
    profile: NotRequired[str]
    """The prompt profile, where the run had others than the plain one."""
    item_sha256: NotRequired[str]
    """Over everything that the item says, in hexadecimal digits."""
    family: NotRequired[str]
    """The relation's family of edits."""
    asked: NotRequired[int]
    """Variants answered, those for shrinking included."""
    stopped_by: NotRequired[str | None]
    """What ended shrinking early, such as a spent budget of the run."""
    replies: int
    """What the variants took, here and below; the case as it is not included."""
    from_store: dict[str, int]
    """Replies that earlier runs made, by the day (UTC) on which they were stored."""
    prompt_tokens: int
    completion_tokens: int
    estimated_tokens: int
    """How many of both are estimates."""
    money: float
    """In the user's unit."""
    finding: CounterexampleRecord | None
    """The smallest edit that breaks the relation; ``None`` where none was found."""
    nodeid: NotRequired[str]
    """Of the test that made the search."""
    reproduce: NotRequired[str]
    """The command that finds the counterexample again, with no call."""
    run_id: NotRequired[object]
    """Of the run whose report the line is of; one that is none is of another run."""


class CounterexampleRow(TypedDict):
    """A counterexample as ``run.json`` lists it."""

    family: str
    """The relation's name."""
    item_id: str
    model: str
    condition: str
    profile: NotRequired[str]
    """The prompt profile, in the file of a run with others than the plain one."""
    edit: str
    """The edits in one line."""
    diff: str
    """What changed of question, options and evidence."""
    before: str | None
    """The letter given to the item; ``None`` for an abstention."""
    after: str | None
    """The letter given to the variant, as shown there."""
    after_in_item: str | None
    """The letter that option has in the item."""
    sentence: str
    """What happened."""
    edits: list[EditRecord]
    calls: int
    """Variants that were answered to find and shrink it."""
    shrunk: bool
    """Whether shrinking ended by itself."""
    findings: list[str]
    reproduce: str | None
    """The command that finds it again, with no call."""
