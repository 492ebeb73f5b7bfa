"""What the page keeps of the cases: packed for its list, and the facts of its tables and charts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_safescale.report.page.case_facts import fact_of
from pytest_safescale.report.page.packed_cases import CasePacker
from pytest_safescale.results.baseline import beginning_of
from pytest_safescale.results.case_record import cell_of
from pytest_safescale.text.escaping import shorten
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.results.manifest_repeat import RepeatOfRun
    from pytest_safescale.verdicts.severity import Severity

__all__ = ["PageCases"]

Place = tuple[str, str, str]
"""Model, condition and item of a case."""


class PageCases:
    """What one pass over the cases leaves: as they are recorded, or as their file is read."""

    def __init__(
        self,
        severity: Severity = DEFAULT_SEVERITY,
        *,
        repeat: RepeatOfRun | None = None,
        beside: Collection[Place] = (),
    ) -> None:
        """``severity`` and ``repeat`` are what the manifest states.

        ``beside`` are the cases that are shown beside those of an earlier run.
        """
        self.packer = CasePacker(repeat, severity=severity)
        self.facts: list[Fact] = []
        self.errors: Counter[str] = Counter()
        self.said: dict[Place, str] = {}
        """How replies began that are shown beside others."""
        self._severity = severity
        self._beside = beside

    def add(self, record: CaseRecord) -> None:
        """Take in a case."""
        self.packer.add(record)
        self.facts.append(fact_of(record, self._severity))
        if self._beside and (place := (*cell_of(record), record["item_id"])) in self._beside:
            self.said[place] = beginning_of(record)
        if error := record["error"]:
            self.errors[shorten(error, 200)] += 1
