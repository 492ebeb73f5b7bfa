"""Which batches are under way, and which calls each holds: kept in the store, for whoever is next.

A job is put down before its file is sent, so that a run that is killed at any moment leaves either
a job that was never made, and cost nothing, or one that the next run finds and waits for.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.calls.database import Database

__all__ = ["BatchJobs", "Job", "JobNews", "Line", "job_news"]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS batch_jobs (job TEXT PRIMARY KEY, batch TEXT, run TEXT NOT NULL, "
    "money REAL NOT NULL, created_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS batch_calls (call BLOB NOT NULL, custom_id TEXT NOT NULL, "
    "job TEXT NOT NULL, PRIMARY KEY (call, custom_id, job)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS batch_calls_of_job ON batch_calls (job)",
)


class Line(NamedTuple):
    """A request that a batch holds, or may hold."""

    call: bytes
    custom_id: str
    job: str
    """Our own name of the batch, by which its endpoint finds it."""


class Job(NamedTuple):
    """A job as another store takes it over."""

    job: str
    batch: str | None
    """The endpoint's name of its batch; ``None`` until that was told."""
    run: str
    money: float
    created_at: float
    lines: frozenset[Line]


class JobNews(NamedTuple):
    """What has become of a store's jobs since it was looked at."""

    jobs: tuple[Job, ...] = ()
    """Those that are new, or whose batch has got its name."""
    gone: tuple[Line, ...] = ()
    """Requests that have come, or will not."""


def job_news(before: Mapping[str, Job], now: Mapping[str, Job]) -> JobNews:
    """Return what has become of jobs, by their names."""
    jobs = (job for name, job in now.items() if name not in before or before[name][:2] != job[:2])
    nothing: frozenset[Line] = frozenset()
    left = {name: job.lines for name, job in now.items()}
    gone = (line for name, job in before.items() for line in job.lines - left.get(name, nothing))
    return JobNews(tuple(jobs), tuple(gone))


class BatchJobs:
    """The jobs in one store."""

    def __init__(self, db: Database, run: str, not_before: float) -> None:
        """Jobs of other runs that were made before ``not_before`` do not count."""
        self._db = db
        self._run = run
        self._not_before = not_before

    def prepare(self) -> None:
        """Make the tables where they are not there yet."""
        with self._db.writing():
            for statement in _TABLES:
                self._db.rows(statement)

    def every(self) -> dict[str, Job]:
        """Return all jobs with their requests, by their names."""
        if not self._db.rows("SELECT 1 FROM sqlite_master WHERE name = 'batch_calls'"):
            return {}
        lines: defaultdict[str, list[Line]] = defaultdict(list)
        for row in self._db.rows("SELECT call, custom_id, job FROM batch_calls"):
            lines[row[2]].append(Line(*row))
        rows = self._db.rows("SELECT job, batch, run, money, created_at FROM batch_jobs")
        return {
            job: Job(job, batch, run, money, created_at, frozenset(lines[job]))
            for job, batch, run, money, created_at in rows
        }

    def take_in(self, news: JobNews) -> None:
        """Take over another store's jobs, within a transaction of the caller's."""
        if not (news.jobs or news.gone):
            return
        for statement in _TABLES:
            self._db.rows(statement)
        self._db.write(
            "INSERT INTO batch_jobs VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (job) DO UPDATE SET batch = coalesce(excluded.batch, batch)",
            [job[:5] for job in news.jobs],
        )
        self._db.write(
            "INSERT OR IGNORE INTO batch_calls VALUES (?, ?, ?)",
            [line for job in news.jobs for line in job.lines],
        )
        self.drop(news.gone)

    def put(self, job: str, lines: Iterable[Line], *, money: float, at: float) -> None:
        """Put a job down with its requests.

        ``money`` is the most that they may cost, ``at`` in seconds since 1970.
        """
        with self._db.writing():
            self._db.write(
                "INSERT INTO batch_jobs VALUES (?, NULL, ?, ?, ?)", [(job, self._run, money, at)]
            )
            self._db.write("INSERT INTO batch_calls VALUES (?, ?, ?)", lines)

    def made(self, job: str, batch: str) -> None:
        """Note the endpoint's name of a job's batch."""
        with self._db.writing():
            self._db.write("UPDATE batch_jobs SET batch = ? WHERE job = ?", [(batch, job)])

    def batch_of(self, job: str) -> str | None:
        """Return the endpoint's name of a job's batch; ``None`` where its answer never came."""
        rows = self._db.rows("SELECT batch FROM batch_jobs WHERE job = ?", (job,))
        return rows[0][0] if rows else None

    def lines(self, calls: Sequence[bytes]) -> list[list[Line]]:
        """Return the requests that jobs hold for each of these calls, of the newest job first."""
        select = (
            "SELECT call, custom_id, job, created_at FROM batch_calls JOIN batch_jobs USING (job) "
            "WHERE (run = ? OR created_at >= ?) AND"
        )
        found: dict[bytes, list[Line]] = {call: [] for call in calls}
        rows = self._db.rows_of(select, list(found), self._run, self._not_before)
        for call, custom_id, job, _ in sorted(rows, key=lambda row: -row[3]):
            found[call].append(Line(call, custom_id, job))
        return [found[call] for call in calls]

    def drop(self, lines: Iterable[Line]) -> None:
        """Forget requests that have come, within a transaction of the caller's.

        A job that holds none any more goes with them.
        """
        gone = list(lines)
        self._db.write("DELETE FROM batch_calls WHERE call = ? AND custom_id = ? AND job = ?", gone)
        self._drop_empty({line.job for line in gone})

    def drop_now(self, lines: Iterable[Line]) -> None:
        """Forget requests that will not come, or were of no use."""
        with self._db.writing():
            self.drop(lines)

    def drop_job(self, job: str) -> None:
        """Forget a job with all its requests: it was never made, or nothing came of it."""
        with self._db.writing():
            self._db.write("DELETE FROM batch_calls WHERE job = ?", [(job,)])
            self._drop_empty([job])

    def _drop_empty(self, jobs: Iterable[str]) -> None:
        self._db.write(
            "DELETE FROM batch_jobs WHERE job = ? AND job NOT IN (SELECT job FROM batch_calls)",
            [(job,) for job in jobs],
        )

    def money_at_most(self) -> float:
        """Return the most that jobs of this run may cost whose replies have not all been kept."""
        ((money,),) = self._db.rows(
            "SELECT coalesce(sum(money), 0) FROM batch_jobs WHERE run = ?", (self._run,)
        )
        return float(money)

    def under_way(self) -> int:
        """Return how many jobs are."""
        ((count,),) = self._db.rows("SELECT count(*) FROM batch_jobs")
        return int(count)
