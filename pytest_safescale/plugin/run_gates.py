"""The gates of a session, and all that they are judged with."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.data import data_folder
from pytest_safescale.errors import SettingsError, UsageError
from pytest_safescale.gates.baseline import check_comparable, read_baseline
from pytest_safescale.gates.coverage import Coverage
from pytest_safescale.gates.gate import load_gates, require_baseline, require_known_names
from pytest_safescale.plugin.stopping import Watch
from pytest_safescale.scoring.custom import specs_with
from pytest_safescale.scoring.shared import ItemMark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pytest_safescale.gates.baseline import Baseline
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.plugin.session import SafescaleSession
    from pytest_safescale.plugin.trying_gates import SelfCheck
    from pytest_safescale.report.book import RecordBook
    from pytest_safescale.report.conclusion import Conclusion
    from pytest_safescale.run import Run

__all__ = ["RunGates"]


_ASKING = ("--safescale-gates", "--safescale-model", "--safescale-suite")
"""Options that nobody types who does not want a model asked."""


class RunGates:
    """Read and checked before the first call; judged early, on controls, and at the end."""

    def __init__(self, session: SafescaleSession) -> None:
        """Read gates and baseline; raises UsageError."""
        self._session = session
        self._run = session.run
        self._hook = session.config.hook
        settings = self._run.settings
        self._gates = load_gates(
            settings.gates, data_folder("suites") / "gates.toml", specs_with(self._run.metrics)
        )
        require_known_names(
            self._gates, conditions=self._run.known_conditions, models=self._run.names
        )
        require_baseline(self._gates, given=settings.baseline is not None)
        self._baseline = (
            _comparable(read_baseline(Path(settings.baseline)), self._run)
            if settings.baseline
            else None
        )

    def watch(self, book: RecordBook) -> Watch | None:
        """Return what ends the run once all gates are decided, where that is wanted."""
        if not self._run.settings.stop_when_decided:
            return None
        option = "--safescale-stop-when-decided"
        self._need_gates(option)
        if self._run.shard is not None:
            raise SettingsError(
                f"{option}: a shard judges no gate, and cannot know when all are decided; "
                "leave it out"
            )
        if self._hooked:
            raise SettingsError(
                f"{option}: pytest_safescale_gates adds gates that may depend on the last case; "
                "write them as tables, or leave the option out"
            )
        return Watch(judge=lambda: self.judged(book), halt=self._session.halt)

    def self_check(self, book: RecordBook) -> SelfCheck | None:
        """Return what tries the gates on planted controls first, where that is wanted."""
        if not self._run.settings.self_check:
            return None
        from pytest_safescale.plugin.trying_gates import SelfCheck

        self._need_gates("--safescale-self-check")
        check = SelfCheck(self._run, book, self.judged)
        self._session.config.pluginmanager.register(check, "safescale-self-check")
        return check

    def _need_gates(self, option: str) -> None:
        if not (self._gates or self._hooked):
            raise SettingsError(f"{option}: no gates are configured; give --safescale-gates")

    @property
    def wanted(self) -> bool:
        """Whether there are gates, and who typed the command wants cases asked."""
        typed = map(str, self._session.config.invocation_params.args)
        asks = any(word.startswith(_ASKING) for word in typed)
        return asks and bool(self._gates or self._hooked)

    @property
    def _hooked(self) -> bool:
        return bool(self._hook.pytest_safescale_gates.get_hookimpls())

    def judged(self, book: RecordBook) -> list[GateResult]:
        """Return what the gates say of these records, whether or not they are all."""
        from pytest_safescale.conclude import judged

        with _usage_ends_the_run():
            return judged(self._run, book, **self._judging(book))

    def conclude(self, book: RecordBook, start: datetime) -> Conclusion:
        """Return what the run comes to."""
        from pytest_safescale.conclude import conclude

        with _usage_ends_the_run():
            return conclude(
                self._run, book, run_id=self._session.run_id, start=start, **self._judging(book)
            )

    def _judging(self, book: RecordBook) -> dict[str, Any]:
        cells = ((case.model.info.name, case.condition.name) for case in self._run.cases)
        return {
            "coverage": Coverage(expected=Counter(cells), recorded=self._asked_completely(book)),
            "gates": self._gates,
            "more_gates": lambda metrics: self._hook.pytest_safescale_gates(
                config=self._session.config, metrics=metrics
            ),
            "baseline": self._baseline,
        }

    def _asked_completely(self, book: RecordBook) -> Counter[tuple[str, str]]:
        """Return the cases by cell of which all was asked that the run wants of them."""
        searches = book.searches
        if searches.records:
            searches.settings = self._session.robustness.manifest()
        return searches.complete(book.recorded)


@contextmanager
def _usage_ends_the_run() -> Iterator[None]:
    """End the run with exit code 4 for a gate of a hook, which is known only then."""
    try:
        yield
    except UsageError as error:
        pytest.exit(f"safescale: {error}", returncode=pytest.ExitCode.USAGE_ERROR)


def _comparable(baseline: Baseline, run: Run) -> Baseline:
    """Return the baseline, or refuse it where it has nothing in common with the run."""
    marks = [ItemMark(item.id, item.answer, item.content_sha256) for item in run.dataset.items]
    check_comparable(
        baseline,
        items=marks,
        conditions=[condition.name for condition in run.conditions],
        models=[model.info.name for model in run.models],
    )
    return baseline
