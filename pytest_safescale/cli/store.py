"""``safescale store``: what a store of replies holds, trimmed, and several made one."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.errors import SettingsError
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_safescale.calls.merge_stores import TakenIn
    from pytest_safescale.calls.store_contents import Contents, Part

__all__ = ["HELP", "add_options", "count_told", "run", "size_told"]

HELP = "look at a store of replies, trim it, or make several one"
_RUNS = 10
"""Runs that ``info`` tells of, the latest."""
_RULE = "of two different replies to one call the one that was stored later is kept"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what can be done with stores."""
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    info = actions.add_parser("info", help="replies and bytes, by model and run")
    info.add_argument("store", type=Path, help="the file")
    info.add_argument(
        "--check", action="store_true", help="read every reply; exit code 1 where one is damaged"
    )
    prune = actions.add_parser(
        "prune", help="remove replies for good: tells which, and does so with --yes"
    )
    prune.add_argument("store", type=Path, help="the file")
    prune.add_argument(
        "--older-than", metavar="AGE", help="stored longer ago, such as 90d (s, m, h, d, w)"
    )
    prune.add_argument("--model", metavar="NAME", help="of this model, as `info` names it")
    prune.add_argument("--run", metavar="ID", help="that this run made, as `info` names it")
    prune.add_argument("--yes", action="store_true", help="remove them, not only tell")
    merge = actions.add_parser("merge", help="take the replies of all stores into one")
    merge.add_argument("stores", nargs="+", type=Path, metavar="STORE", help="a file; only read")
    merge.add_argument(
        "--into", required=True, type=Path, metavar="STORE", help="a file, new or there already"
    )


def run(given: argparse.Namespace) -> Output:
    """Do what is asked for; raises SafescaleError for files that are no stores."""
    actions = {"info": _info, "prune": _prune, "merge": _merge}
    return actions[given.action](given)


def _info(given: argparse.Namespace) -> Output:
    from pytest_safescale.calls.store_contents import damaged_rows, store_contents

    found = store_contents(given.store)
    lines = [*_whole(given.store, found), *_by_model(found), *_by_run(found)]
    lines += [*_still_to_come(given.store, found), *_rescued(given.store, "the next run takes in")]
    if not given.check:
        return Output(lines)
    damaged = damaged_rows(given.store)
    told = "every reply can be read"
    if damaged:
        told = f"{damaged:,} of the replies cannot be read: their calls are made again"
    return Output([*lines, told], exit_code=int(damaged > 0))


def _whole(path: Path, found: Contents) -> Iterator[str]:
    held = f"{count_told(found.replies)} to {plural(found.calls, 'call')}"
    yield f"{path}: {held}, {size_told(found.bytes)}"
    if found.own_bytes:
        own, ratio = size_told(found.own_bytes), found.bytes / found.own_bytes
        yield f"the replies themselves are {own}; the file is {ratio:.2f} times that"


def _still_to_come(path: Path, found: Contents) -> Iterator[str]:
    """Tell of replies that are paid or under way and not in the store."""
    if found.batches:
        yield (
            f"{path}: {plural(found.batches, 'batch', 'batches')} under way, whose replies a run "
            "with --safescale-batch and this store takes in"
        )
    if found.exported:
        waiting = plural(found.exported, "exported request waits", "exported requests wait")
        yield f"{path}: {waiting} for safescale requests import"


def _rescued(path: Path, what: str) -> Iterator[str]:
    """Tell of replies that a run could not store, which lie beside it, and ``what`` does so."""
    from pytest_safescale.calls.rescue_file import rescued_rows

    if count := sum(1 for _ in rescued_rows(path)):
        yield f"{path}: {count_told(count)} that a run could not store lie beside it, which {what}"


def _by_model(found: Contents) -> Iterator[str]:
    parts: dict[str, list[Part]] = {}
    for part in found.parts:
        parts.setdefault(_name(part), []).append(part)
    for name, some in sorted(parts.items()):
        yield f"model {name}: {_told(some)}, {size_told(sum(part.own_bytes for part in some))}"


def _name(part: Part) -> str:
    return f"{part.model}@{part.base_url}" if part.base_url else part.model


def _by_run(found: Contents) -> Iterator[str]:
    runs: dict[str, list[Part]] = {}
    for part in found.parts:
        runs.setdefault(part.run, []).append(part)
    latest = sorted(runs.items(), key=lambda one: max(part.last for part in one[1]), reverse=True)
    for name, some in latest[:_RUNS]:
        yield f"run {name}: {_told(some)}"
    if len(latest) > _RUNS:
        yield f"and {len(latest) - _RUNS:,} earlier runs"


def _told(parts: Sequence[Part]) -> str:
    """Say how many replies there are and of which days."""
    first, last = (
        datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()
        for seconds in (min(part.first for part in parts), max(part.last for part in parts))
    )
    days = first if first == last else f"{first} to {last}"
    return f"{count_told(sum(part.replies for part in parts))}, {days} (UTC)"


def count_told(replies: int) -> str:
    """Return a number of replies in words."""
    return plural(replies, "reply", "replies")


def size_told(count: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _prune(given: argparse.Namespace) -> Output:
    from pytest_safescale.calls.rescue_file import take_in_rescued
    from pytest_safescale.calls.store import Store
    from pytest_safescale.calls.store_contents import drop, store_contents

    if given.older_than is None and given.model is None and given.run is None:
        raise SettingsError(
            "safescale store prune: nothing says which replies; allowed: --older-than AGE, "
            "--model NAME, --run ID, and several of them for what meets all"
        )
    before = _time_before_which(given.older_than)
    held = store_contents(given.store)
    rescued = [*_rescued(given.store, "--yes takes in first")]
    if rescued and given.yes:  # else the next run would bring back what goes now
        with Store(given.store) as store:
            rescued = take_in_rescued(store)
        held = store_contents(given.store)
    if given.yes or not rescued:
        _require_known(given, held)
    parts, smaller = drop(
        given.store, lambda part: _is_meant(part, given), before=before, really=given.yes
    )
    if not parts:
        return Output([*rescued, "no reply is meant: nothing to remove"])
    told = [*rescued, *(f"{_name(part)}, run {part.run}: {_told([part])}" for part in parts)]
    gone = f"{count_told(sum(part.replies for part in parts))} of {held.replies:,}"
    if not given.yes:
        size = size_told(sum(part.own_bytes for part in parts))
        return Output([*told, f"{gone}, {size}, would go; add --yes to remove them for good"])
    after = store_contents(given.store).bytes
    lines = [*told, f"removed: {gone}; {size_told(held.bytes)} before, {size_told(after)} now"]
    if not smaller:
        lines.append("another process has the store open: their room is there for new replies")
    return Output(lines)


def _time_before_which(age: str | None) -> float | None:
    from pytest_safescale.settings.schema import seconds_of_age

    if age is None:
        return None
    try:
        return time.time() - seconds_of_age(age)
    except ValueError as error:
        raise SettingsError(f"--older-than: found {age!r}; {error}") from None


def _require_known(given: argparse.Namespace, held: Contents) -> None:
    """Refuse a name that the store does not have: a slip would look like a store in order."""
    models = {name for part in held.parts for name in (part.model, _name(part))}
    for option, value, known in (
        ("--model", given.model, models),
        ("--run", given.run, {part.run for part in held.parts}),
    ):
        if value is not None and value not in known:
            some = ", ".join(sorted(known)[:20]) or "none, as the store is empty"
            raise SettingsError(f"{option}: found {value!r}; the store has {some}")


def _is_meant(part: Part, given: argparse.Namespace) -> bool:
    return given.model in (None, part.model, _name(part)) and given.run in (None, part.run)


def _merge(given: argparse.Namespace) -> Output:
    from pytest_safescale.calls.merge_stores import merge_stores
    from pytest_safescale.calls.store_contents import store_contents

    taken = merge_stores(given.stores, given.into)
    lines = [line for one in taken for line in _taken_in(one)]
    if any(one.conflicts for one in taken):
        lines.append(_RULE)
    for path in given.stores:
        lines += _still_to_come(path, store_contents(path))
    return Output([*lines, next(_whole(given.into, store_contents(given.into)))])


def _taken_in(one: TakenIn) -> Iterator[str]:
    conflicts = one.replaced + one.passed_over
    told = [f"{one.new:,} new", f"{one.known:,} there already"]
    if conflicts:
        told.append(
            f"{conflicts:,} in conflict ({one.replaced:,} stored later and kept, "
            f"{one.passed_over:,} not, and left out)"
        )
    if one.damaged:
        told.append(f"{one.damaged:,} damaged and left out")
    yield f"{one.store}: {', '.join(told)}"
    for conflict in one.conflicts:
        there, its = (
            datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")
            for at in conflict.stored_at
        )
        yield (
            f"  conflict: {conflict.model}, call {conflict.call.hex()[:16]}, sample "
            f"{conflict.sample}: stored {there} and, here, {its}"
        )
    if conflicts > len(one.conflicts):
        yield f"  and {conflicts - len(one.conflicts):,} more conflicts"
