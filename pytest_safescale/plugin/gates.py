"""The gates of a session, and all that they are judged with."""

from __future__ import annotations

import importlib
from collections import Counter, defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.analysis.custom_metrics import specs_with
from pytest_safescale.analysis.shared_items import ItemMark
from pytest_safescale.errors import GateError, SettingsError, UsageError
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.early_stopping import Watch
from pytest_safescale.gates.requirements import (
    require_earlier_runs,
    require_known_names,
    require_of_items,
    require_reachable,
)
from pytest_safescale.gates.written_gates import load_gates, parse_gates, robustness_gates
from pytest_safescale.packaged import data_folder
from pytest_safescale.plugin import output
from pytest_safescale.plugin.hook_results import things_of
from pytest_safescale.results.baseline import check_comparable, read_baseline
from pytest_safescale.results.certificate_file import GateCertificates
from pytest_safescale.results.same_replies import refusal_of_same_replies
from pytest_safescale.runs.look_ahead import cases_of_a_round
from pytest_safescale.runs.manifest import stated_before
from pytest_safescale.runs.self_check import Control, control_book
from pytest_safescale.runs.stored_answers import cases_resting_on
from pytest_safescale.settings.configuration import absolute_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.plugin.self_check import SelfCheck
    from pytest_safescale.plugin.session import SafescaleSession
    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.record_book import RecordBook
    from pytest_safescale.runs.run import Run

__all__ = ["RunGates"]


HOOK = "pytest_safescale_gates"
PLANTED = (Control.SAFE, Control.DANGEROUS)
"""Their figures are as far apart as figures can be."""


class HookRaised(GateError):
    """A hook that adds gates raised an exception of its own."""


class RunGates:
    """Read and checked before the first call; judged early, on controls, and at the end."""

    def __init__(self, session: SafescaleSession) -> None:
        """Read gates and earlier runs; raises UsageError."""
        self._session = session
        self._run = session.run
        self._hook = session.config.hook
        self._hook_adds: bool | None = None
        settings = self._run.settings
        self._specs = specs_with(self._run.metrics)
        self._certificates = GateCertificates()
        self._gates = self._checked(self.load())
        self._earlier = [
            _comparable(
                read_baseline(Path(path), option=f"--safescale-{called}", called=called),
                self._run,
                session.started,
            )
            for called, path in settings.earlier_runs.items()
        ]

    def load(self) -> list[Gate]:
        """Read the gates as they are written; raises GateError."""
        settings, suites = self._run.settings, data_folder("suites")
        return load_gates(
            settings.gates,
            suites / "gates.toml",
            self._specs,
            self._certificates.read,
            and_of_searches=robustness_gates(suites, searches=settings.wants_robustness),
        )

    def watch(self, book: RecordBook) -> Watch | None:
        """Return what ends the run once all gates are decided, where that is wanted."""
        if not self._run.settings.stop_when_decided:
            return None
        # Before the first call: what judges is not to be loaded while searches parse sources.
        for name in ("runs.conclude", "gates.criteria.build"):
            importlib.import_module(f"pytest_safescale.{name}")
        option = "--safescale-stop-when-decided"
        self._need_gates(option)
        if self._run.shard is not None:
            raise SettingsError(
                f"{option}: a shard judges no gate, and cannot know when all are decided; "
                "leave it out"
            )
        if self.hooked:
            raise SettingsError(
                f"{option}: pytest_safescale_gates adds gates that may depend on the last case; "
                "write them as tables, or leave the option out"
            )
        return Watch(
            judge=lambda: self.judged(book, intervals=False),
            halt=self._session.halt,
            every=cases_of_a_round(self._run.settings, len(self._run.cases)),
        )

    def self_check(self, book: RecordBook) -> SelfCheck | None:
        """Return what tries the gates on planted controls first, where that is wanted."""
        if not self._run.settings.self_check:
            return None
        from pytest_safescale.plugin.self_check import SelfCheck

        self._need_gates("--safescale-self-check")
        return SelfCheck(self._run, book, self.judged)

    def _need_gates(self, option: str) -> None:
        if not (self._gates or self.hooked):
            raise SettingsError(f"{option}: no gates are configured; give --safescale-gates")

    @property
    def confirmed(self) -> list[Gate]:
        """The gates for which cases are asked again."""
        return [gate for gate in self._gates if gate.confirm is not None]

    @property
    def configured(self) -> bool:
        """Whether there are gates, by whichever way they came."""
        hooked = self.hooked if self._hook_adds is None else self._hook_adds
        return bool(self._gates) or hooked

    @property
    def hooked(self) -> bool:
        """Whether a hook adds gates."""
        return bool(getattr(self._hook, HOOK).get_hookimpls())

    def try_hooks(self) -> None:
        """Check the gates of hooks as those of a file, before the first call; raises UsageError.

        They may depend on the figures: where they can be meant for one of two planted models they
        are taken, as they are where the hook lacks a figure that no planted model has.
        """
        if not self.hooked:
            return
        self._hook_adds = False
        refused: list[GateError] = []
        for control in PLANTED:
            try:
                self._hook_adds |= bool(self._tried(control))
            except HookRaised:
                self._hook_adds = True
            except GateError as error:
                refused.append(error)
        if len(refused) == len(PLANTED):
            raise refused[0]

    def _tried(self, control: Control) -> list[GateResult]:
        from pytest_safescale.runs.conclude import judged

        book = control_book(self._run, control)
        return judged(self._run, book, **{**self._judging(book), "gates": ()})

    def _checked(self, gates: list[Gate]) -> list[Gate]:
        """Return gates that such a run can have; raises GateError."""
        require_known_names(
            gates,
            conditions=self._run.known_conditions,
            models=self._run.names,
            profiles=self._run.known_profiles,
        )
        require_of_items(gates, self._run.dataset.items)
        require_reachable(
            gates,
            models=[model.info.name for model in self._run.models],
            conditions=self._run.cell_conditions,
            family_wise=self._run.settings.joint_method == "holm",
        )
        require_earlier_runs(gates, given=self._run.settings.earlier_runs)
        self._certificates.require(gates, stated_before(self._run))
        return gates

    def _added(self, metrics: Sequence[Metric]) -> list[Gate]:
        """Return the gates of hooks, checked; raises GateError."""
        try:
            told = getattr(self._hook, HOOK)(config=self._session.config, metrics=metrics)
            tables = things_of(HOOK, told, "tables")
        except (pytest.exit.Exception, SettingsError):
            raise
        except Exception as error:
            raise HookRaised(f"{HOOK} raised {type(error).__name__}: {error}") from error
        folder = (self._session.configuration or Path.cwd() / HOOK).parent
        tables = absolute_paths({"gates": tables}, folder)["gates"]
        gates = parse_gates(tables, HOOK, self._specs, self._certificates.read)
        if any(gate.confirm is not None for gate in gates):
            raise GateError(
                f"{HOOK}: found confirm, which asks during the run, and gates of a hook are known "
                "at its end; write the gate in a file, or leave confirm out"
            )
        return self._checked(gates)

    def judged(self, book: RecordBook, *, intervals: bool = True) -> list[GateResult]:
        """Return what the gates say of these records, whether or not they are all."""
        from pytest_safescale.runs.conclude import judged

        with _usage_ends_the_run():
            return judged(self._run, book, intervals=intervals, **self._judging(book))

    def conclude(self, book: RecordBook, start: datetime) -> Conclusion:
        """Return what the run comes to."""
        from pytest_safescale.runs.conclude import conclude

        with _usage_ends_the_run():
            return conclude(
                self._run, book, run_id=self._session.run_id, start=start, **self._judging(book)
            )

    def _judging(self, book: RecordBook) -> dict[str, Any]:
        if book.searches.records:
            book.searches.settings = self._session.robustness().manifest()
        cells = (case.cell for case in self._run.cases)
        missed: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for case in self._run.cases:
            if not book.has(*case.cell, case.item.id):
                missed[case.cell].append(case.item.id)
        return {
            "completeness": Completeness(
                expected=Counter(cells),
                recorded=book.recorded,
                missed=missed,
                order=[item.id for item in self._run.dataset.items],
            ),
            "gates": self._gates,
            "more_gates": self._added,
            "earlier": self._earlier,
        }


@contextmanager
def _usage_ends_the_run() -> Iterator[None]:
    """End the run with exit code 4 for a gate of a hook, which is known only then."""
    try:
        yield
    except UsageError as error:
        raise output.ending(f"safescale: {error}") from error


def _comparable(baseline: Baseline, run: Run, started: float) -> Baseline:
    """Return an earlier run, or refuse it where it has nothing in common with the run, or all."""
    marks = [ItemMark(item.id, item.answer, item.content_sha256) for item in run.dataset.items]
    shared = check_comparable(
        baseline,
        items=marks,
        conditions=run.cell_conditions,
        models=[model.info.name for model in run.models],
    )
    if run.shard is None:  # of a part it says nothing: merge looks at the whole
        cases = cases_resting_on(baseline, run, items=set(shared.ids), started=started)
        if cases:
            raise refusal_of_same_replies(baseline.place, cases)
    return baseline
