"""What a run needs and its store lacks, written as files of requests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_safescale.calls.exported_requests import ExportedRequest
from pytest_safescale.calls.exporting_caller import ExportingCaller
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.usage import prompt_estimate
from pytest_safescale.errors import SettingsError
from pytest_safescale.models.openai.http_address import EMBEDDINGS_PATH
from pytest_safescale.runs.call_limits import call_limits
from pytest_safescale.runs.request_files import RequestFiles
from pytest_safescale.runs.rounds import rounds_of, searches_by_vectors
from pytest_safescale.runs.run import case_runner
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_safescale.models.model import Model, Request
    from pytest_safescale.models.openai.batch_lines import RequestLine
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = ["Exported", "export_requests"]

_AT_ONCE = 2000
"""Requests that are noted in one transaction."""
_TOLD_EACH = 5000
"""Cases after which progress is told."""


@dataclass(kw_only=True)
class Exported:
    """What an export wrote, and how far the run is."""

    files: list[Path] = field(default_factory=list)
    requests: int = 0
    samples: int = 0
    """Replies that they ask for."""
    again: int = 0
    """Requests that stand in an earlier export too, whose results were not taken in."""
    cases: int = 0
    complete: int = 0
    """Cases that wait for nothing."""
    failed: int = 0
    """Cases that came to an error with the replies that are there."""
    round: int = 0
    """The highest round of a request that was written, from 1."""
    least_left: int = 0
    """Rounds that follow at least, once the replies to this one are there."""
    most_left: int | None = 0
    """The same at most; ``None`` where nothing bounds them."""
    not_by_file: dict[str, int] = field(default_factory=dict)
    """Calls that no file can hold, by model."""


def export_requests(
    run: Run, out: Path, *, run_id: str, started: float, tell: Callable[[str], None]
) -> Exported:
    """Write the requests that the run's cases wait for now; a paid call is never made.

    ``started`` is when this began, in seconds since 1970. Raises UsageError and StoreError.
    """
    _require_files(run)
    files = RequestFiles(out)
    settings = run.settings
    not_before = settings.stored_before_which(started)
    with Store(settings.store, run=run_id, not_before=not_before) as store:
        _require_no_batch(store)
        export = _Export(run, store, files, tell)
        try:
            asyncio.run(export.all_cases())
            export.note()
        except BaseException:
            files.discard()
            raise
        export.found.files = files.finish()
    return export.found


def _require_files(run: Run) -> None:
    """Refuse what cannot be asked by files."""
    for model in run.asked:
        if "answer_format" in model.info.shaping:
            raise SettingsError(
                f"{model.info.name}: answer_format is probed before anything is asked, which files "
                "of requests cannot do; allowed: --safescale-batch, a live run, or no answer_format"
            )
    if run.settings.fresh:
        raise SettingsError(
            "--fresh: each export would ask for everything again; allowed: --max-age"
        )


def _require_no_batch(store: Store) -> None:
    """Refuse to ask for what batches under way bring: it would be paid twice."""
    store.batches.prepare()
    if count := store.batches.under_way():
        raise SettingsError(
            f"{store.path}: {plural(count, 'batch', 'batches')} of --safescale-batch under way; "
            "allowed: once a run with --safescale-batch and this store has taken in what comes"
        )


class _Export:
    def __init__(
        self, run: Run, store: Store, files: RequestFiles, tell: Callable[[str], None]
    ) -> None:
        self.found = Exported(cases=len(run.cases))
        self._run = run
        self._store = store
        self._files = files
        self._tell = tell
        self._to_note: list[ExportedRequest] = []
        limits = call_limits(run.settings, in_flight=run.settings.concurrency)
        self._caller = ExportingCaller(store, limits, self._write)
        self._reached = (0, 0)

    async def all_cases(self) -> None:
        """Put every case to its model, as far as the store has replies."""
        runner = case_runner(self._run, self._caller)
        for number, case in enumerate(self._run.cases, 1):
            if self._caller.lacks_corpus and searches_by_vectors(self._run, case):
                self._waits(case, 1)
                continue
            self._caller.begin_case()
            result = await runner.run(case)
            await self._caller.end_case()
            if self._caller.waits_at:
                # Where an earlier case has brought the passages' vectors, that was a round too.
                known = searches_by_vectors(self._run, case) and not self._caller.asked_corpus
                self._waits(case, self._caller.waits_at + known)
            elif result.error is not None or result.samples_error is not None:
                self.found.failed += 1
            else:
                self.found.complete += 1
            if number % _TOLD_EACH == 0:
                self._tell(f"{number:,} of {len(self._run.cases):,} cases looked at")
        self.found.not_by_file = dict(self._caller.not_by_file)
        least, self.found.round = self._reached
        self.found.least_left = max(0, least - self.found.round)

    def _waits(self, case: Case, depth: int) -> None:
        least, most = rounds_of(self._run, case)
        self._reached = (max(self._reached[0], least), max(self._reached[1], depth))
        if self.found.most_left is not None:
            left = None if most is None else max(self.found.most_left, most - depth)
            self.found.most_left = left

    def _write(self, model: Model, request: Request, line: RequestLine) -> None:
        self._files.add(line)
        self.found.requests += 1
        self.found.samples += len(request.samples)
        self._to_note.append(
            ExportedRequest(
                custom_id=line.custom_id,
                info=model.info,
                texts=len(request.messages) if line.url.endswith(EMBEDDINGS_PATH) else 0,
                tools=bool(request.tools),
                logprobs=request.logprobs,
                temperature=request.temperature,
                prompt_tokens=prompt_estimate(request.messages),
            )
        )
        if len(self._to_note) >= _AT_ONCE:
            self.note()

    def note(self) -> None:
        """Note in the store what was written, before a file has its name."""
        exported = self._store.exported
        self.found.again += len(exported.find(one.custom_id for one in self._to_note))
        if self._to_note:
            exported.put(self._to_note)
        self._to_note.clear()
