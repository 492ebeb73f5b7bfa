"""Everything that can go wrong, in one tree.

::

    SafescaleError
    ├── UsageError            the user has to change something: exit code 4
    │   ├── SettingsError     an option or a configuration key
    │   ├── DatasetError      a file of items, passages or results (lists every problem)
    │   ├── ModelSpecError    a model specification that names nothing we can build
    │   ├── GateError         a gate that cannot be evaluated as written
    │   ├── MetricError       a metric of the user's own that cannot be taken
    │   └── EndpointRefused   the server refuses the key or does not know the model
    ├── CallFailed            one call gave no usable reply: recorded, never an answer
    │   └── NotInStore        --safescale-replay met a call the store does not hold
    ├── EditError             an edit that does not fit the item or text it is applied to
    ├── RunEnded              nothing more is asked in this run
    │   ├── BudgetSpent       --safescale-max-calls or --safescale-max-cost was reached
    │   ├── GatesDecided      --safescale-stop-when-decided: what is left changes no gate
    │   └── Interrupted       the controlling process ended: Ctrl-C, SIGTERM or its own failure
    └── RunBroken             the run cannot go on: exit code 2
        ├── StoreError        the store on disk cannot be used
        │   └── StoreLocked   another process holds it locked, which passes
        ├── ReportError       the report on disk cannot be written
        └── EngineEnded       something ended the event loop that asks
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "BudgetSpent",
    "CallFailed",
    "DatasetError",
    "EditError",
    "EndpointRefused",
    "EngineEnded",
    "GateError",
    "GatesDecided",
    "Interrupted",
    "MetricError",
    "ModelSpecError",
    "NotInStore",
    "Problem",
    "ReportError",
    "RunBroken",
    "RunEnded",
    "SafescaleError",
    "SettingsError",
    "StoreError",
    "StoreLocked",
    "UsageError",
]


class SafescaleError(Exception):
    """Root of every error this package raises on purpose."""


class UsageError(SafescaleError):
    """Options, configuration or data that cannot be used; pytest ends with exit code 4."""


class SettingsError(UsageError):
    """An option or configuration key with a value that is not allowed."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with one place of a file."""

    file: str
    """The file's name as the user gave it."""
    where: str
    """``line 12``, ``item chest-01`` or both; empty when the whole file is meant."""
    field: str
    """The key or column; empty when the whole record is meant."""
    found: str
    """What stood there, shortened."""
    allowed: str
    """What may stand there."""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.where, self.field) if part)
        return f"{place}: found {self.found}; allowed: {self.allowed}"


class DatasetError(UsageError):
    """A file that cannot be used, with every problem found in it."""

    def __init__(
        self,
        summary: str,
        problems: Sequence[Problem] = (),
        advice: Sequence[str] = (),
        *,
        shape: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """``shape`` is the table of a shape that may read the file, where one is proposed."""
        self.summary = summary
        self.problems = tuple(problems)
        self.advice = tuple(advice)
        self.shape = shape
        lines = (f"  {problem}" for problem in self.problems)
        super().__init__("\n".join([summary, *lines, *self.advice]))


class ModelSpecError(UsageError):
    """A model specification that names nothing this package can build."""


class GateError(UsageError):
    """A gate that cannot be evaluated as it is written."""


class MetricError(UsageError):
    """A metric of the user's own that cannot be registered, or gives no usable value of a case."""


class EndpointRefused(UsageError):
    """The endpoint refuses the key or does not know the model: asking again is no use."""


class CallFailed(SafescaleError):
    """A call gave no usable reply, retries included."""


class NotInStore(CallFailed):
    """A replay met a call that the store does not hold."""


class EditError(SafescaleError):
    """An edit that cannot be read, or was made for another item or text."""


class RunEnded(SafescaleError):
    """Nothing more is asked in this run; what was asked counts."""


class BudgetSpent(RunEnded):
    """The run reached the number of calls or the amount of money it may spend."""


class GatesDecided(RunEnded):
    """Whatever the cases left would be answered, no gate would say anything else."""


class Interrupted(RunEnded):
    """The controlling process stopped: no result is wanted any more."""


class RunBroken(SafescaleError):
    """The run cannot go on, and is no success; what was answered is reported."""


class StoreError(RunBroken):
    """The store of replies cannot be opened, read or written."""


class StoreLocked(StoreError):
    """Another process has held the store locked for longer than this one waits."""


class ReportError(RunBroken):
    """The report cannot be written, such as on a full disk."""


class EngineEnded(RunBroken):
    """Something other than the run's end ended the event loop that asks."""
