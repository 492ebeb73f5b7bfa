"""A run under a lock: held against it at its start and end, and counted in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import SafescaleError, SettingsError
from pytest_safescale.report.markdown import run_verdict_line
from pytest_safescale.results.lock import lock_differences, read_lock
from pytest_safescale.runs.case_list import OPTION_SEALED
from pytest_safescale.runs.ledger import OPTION, begin_attempt, begun_line, finish_attempt
from pytest_safescale.runs.lock import fixed_facts, other_items

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.plugin.gates import RunGates
    from pytest_safescale.plugin.session import SafescaleSession
    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.ledger import Ledger, LedgerLine
    from pytest_safescale.results.lock import LockFile
    from pytest_safescale.results.manifest_attempts import LedgerOfRun
    from pytest_safescale.results.record_book import RecordBook

__all__ = ["RunAttempt"]

LOCK = "--safescale-lock"
OPEN = "open"


class RunAttempt:
    """The lock and the ledger of a session; without them every step does nothing."""

    def __init__(self, session: SafescaleSession, gates: RunGates) -> None:
        """Hold the run against its lock; raises UsageError where it is not as it is fixed."""
        self._run = session.run
        self._run_id = session.run_id
        self._gates = gates
        settings = self._run.settings
        self._lock: LockFile | None = None
        self._begun: LedgerLine | None = None
        self._place: LedgerOfRun | None = None
        if settings.lock is not None:
            self._lock = self._checked(settings.lock)
        if settings.ledger is not None:
            self._check_ledger()
        elif settings.sealed == OPEN:
            raise SettingsError(
                f"{OPTION_SEALED}: sealed items are opened once under a lock, which the ledger "
                f"counts; allowed: together with {LOCK} and {OPTION}"
            )

    def _checked(self, path: Path) -> LockFile:
        if self._gates.hooked:
            raise SettingsError(
                f"{LOCK}: pytest_safescale_gates adds gates that no lock can fix; write them as "
                "tables, or leave the option out"
            )
        lock = read_lock(path, named=f"{LOCK}: {path}")
        if differing := self._differing(lock):
            raise SettingsError(
                f"{LOCK}: this run differs from what {path} fixes, in {'; '.join(differing)}; "
                "allowed: the run that was locked, or a new lock of safescale lock"
            )
        return lock

    def _differing(self, lock: LockFile) -> list[str]:
        return lock_differences(lock, fixed_facts(self._run, self._gates.load()))

    def _check_ledger(self) -> None:
        if self._lock is None:
            raise SettingsError(
                f"{OPTION}: it counts the attempts under a lock; allowed: together with {LOCK}"
            )
        if self._run.shard is not None:
            raise SettingsError(
                f"{OPTION}: a shard is a part of an attempt; allowed: a run without "
                "--safescale-shard"
            )

    def begin(self, book: RecordBook) -> None:
        """Put the attempt into the ledger, before the first call; raises UsageError."""
        if self._lock is None:
            return
        settings, lock = self._run.settings, self._lock
        if settings.ledger is not None:
            self._begun = begun_line(
                self._run,
                run_id=self._run_id,
                lock=lock["sha256"],
                items_sha256=lock["fixed"]["items"]["sha256"],
            )
            before = begin_attempt(settings.ledger, self._begun, check=self._check_earlier)
            self._place = before.part_of_manifest(self._begun)
        self._state(book)

    def _check_earlier(self, before: Ledger) -> None:
        self._check_looks(before)
        if self._lock is None or self._run.settings.sealed != OPEN:
            return
        if before.unreadable:
            raise SettingsError(
                f"{OPTION_SEALED}: {before.unreadable[0]}, and may have opened the sealed items; "
                "allowed: a ledger of whole lines"
            )
        if first := before.opened(self._lock["sha256"]):
            raise SettingsError(
                f"{OPTION_SEALED}: the sealed items were opened under this lock at "
                f"{first['time']} by run {first['run_id'][:12]} ({', '.join(first['models'])}); "
                "allowed: closed, or a new lock with sealed items that nobody has seen"
            )

    def _check_looks(self, before: Ledger) -> None:
        """Refuse a look beyond those that a gate has planned under this lock."""
        if self._lock is None:
            return
        used = before.attempts(self._lock["sha256"])
        for gate in self._gates.load():
            if gate.looks is not None and used >= gate.looks:
                raise SettingsError(
                    f"gate {gate.called!r}: looks = {gate.looks}, and the ledger "
                    f"has {used} attempts under this lock; allowed: a new lock, of items that "
                    "nobody has looked at"
                )

    def check_end(self, book: RecordBook) -> None:
        """Hold the run against its lock once more, and keep what is not as it was fixed."""
        self._state(book, changed=self._changed(book))

    def _state(self, book: RecordBook, changed: list[str] | None = None) -> None:
        if self._lock is None:
            return
        book.attempt = {
            "lock": {
                "path": str(self._run.settings.lock),
                "sha256": self._lock["sha256"],
                "made": self._lock["made"],
            }
        }
        if changed:
            book.attempt["lock"]["changed"] = changed
        if self._place is not None:
            book.attempt["ledger"] = self._place

    def _changed(self, book: RecordBook) -> list[str]:
        path = self._run.settings.lock
        if self._lock is None or path is None:
            return []
        try:
            found = list(other_items(self._run, book.contents))
            if read_lock(path, named=f"{LOCK}: {path}")["sha256"] != self._lock["sha256"]:
                found.append(f"{path} was replaced by another lock while the run went on")
            if differing := self._differing(self._lock):
                found.append(f"what is fixed changed while the run went on: {'; '.join(differing)}")
        except SafescaleError as error:
            return [str(error)]
        return found

    def finish(self, conclusion: Conclusion) -> str:
        """Put the end of the attempt into the ledger; returns why that could not be done."""
        path = self._run.settings.ledger
        if self._begun is None or path is None:
            return ""
        try:
            finish_attempt(path, self._begun, conclusion, run_verdict_line(conclusion))
        except SafescaleError as error:
            return str(error)
        return ""
