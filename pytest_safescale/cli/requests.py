"""``safescale requests``: a run as files of requests, and what came back taken into its store."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.cli.run_options import add_run_options
from pytest_safescale.cli.store import count_told
from pytest_safescale.errors import DatasetError, SettingsError
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_safescale.runs.request_export import Exported
    from pytest_safescale.runs.request_import import Imported, Trouble
    from pytest_safescale.settings.schema import Settings

__all__ = ["HELP", "add_options", "run"]

HELP = "write what a run needs as batch files, and take in what came back"
_TOLD = 20
"""Lines of each kind of trouble that are told one by one."""
_NOT_ASKED = (
    *("replay", "fresh", "baseline", "anchor", "gates", "lock", "ledger", "strict", "report"),
    *("figures", "batch", "stop-when-decided", "max-calls", "max-cost", "concurrency"),
)
"""Options of a run that change no request; taken, so that a command can be pasted."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add both ways, and the options of a run."""
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    export = actions.add_parser("export", help="write what the run needs and the store lacks")
    export.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="a new file, such as requests.jsonl"
    )
    add_run_options(export, hidden=_NOT_ASKED)
    taking = actions.add_parser("import", help="take results into the store")
    taking.add_argument("results", nargs="+", type=Path, metavar="RESULTS", help="files of results")
    taking.add_argument(
        "--store", "--safescale-store", metavar="PATH", help="the store of the export"
    )


def run(given: argparse.Namespace) -> Output:
    """Do what is asked for.

    An import ends with 1 where something could not be taken in, and raises SafescaleError where
    nothing could be.
    """
    return (_export if given.action == "export" else _import)(given)


def _export(given: argparse.Namespace) -> Output:
    from pytest_safescale.cli.prepared_run import (
        prepared_run,
        settings_given,
        unknown_conditions,
    )
    from pytest_safescale.cli.progress import tell
    from pytest_safescale.runs.request_export import export_requests

    settings, configuration = settings_given(given)
    if not settings.model:
        raise SettingsError("no model is named: give --model SPEC, as for the run")
    if own := unknown_conditions(settings):
        raise SettingsError(
            f"conditions: {', '.join(own)} would come from a conftest, which is not read here; "
            "allowed: built-in conditions"
        )
    planned = prepared_run(settings, configuration.folder)
    found = export_requests(
        planned, given.out, run_id=uuid.uuid4().hex, started=time.time(), tell=tell
    )
    return Output([*_exported(found), *_left_out(settings, found)])


def _exported(found: Exported) -> Iterator[str]:
    if not found.requests:
        yield "nothing is missing: the store has every reply that files can bring"
    else:
        names = [str(path) for path in found.files]
        told = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}, {len(names)} files"
        yield (
            f"round {found.round}: {plural(found.requests, 'request')} for "
            f"{count_told(found.samples)}, written to {told}"
        )
        yield _rounds_left(found)
    if found.again:
        yield (
            f"{plural(found.again, 'of them stands', 'of them stand')} in an earlier file too, "
            "whose results were not taken in"
        )
    waiting = found.cases - found.complete - found.failed
    failed = f", {found.failed:,} came to an error" if found.failed else ""
    yield f"{plural(found.cases, 'case')}: {found.complete:,} complete, {waiting:,} waiting{failed}"


def _rounds_left(found: Exported) -> str:
    least, most = found.least_left, found.most_left
    if most == 0:
        return "no round follows"
    if most is None:
        return f"at least {least} more rounds follow; nothing bounds them"
    if least == most:
        return f"{least} more {'round follows' if least == 1 else 'rounds follow'}"
    return f"at least {least} and at most {most} more rounds follow"


def _left_out(settings: Settings, found: Exported) -> Iterator[str]:
    for name, calls in sorted(found.not_by_file.items()):
        yield f"{name}: {calls:,} calls are missing, which no file can hold; a live run makes them"
    if settings.wants_robustness:
        yield "searches for counterexamples are not in the files: a live run makes them"


def _import(given: argparse.Namespace) -> Output:
    from pytest_safescale.models.environment import secrets_of
    from pytest_safescale.runs.request_import import import_results
    from pytest_safescale.settings.configuration import absolute_paths, find_configuration
    from pytest_safescale.settings.resolve import resolve_settings
    from pytest_safescale.text.redaction import Redactor

    configuration = find_configuration(Path.cwd())
    named = absolute_paths({"store": given.store}, Path.cwd())
    settings = resolve_settings(named, configuration.values)
    if not settings.store.is_file():
        raise SettingsError(f"there is no store {settings.store}: name that of the export, --store")
    found = import_results(
        settings.store,
        given.results,
        run_id=uuid.uuid4().hex,
        redactor=Redactor(secrets_of(settings)),
    )
    problems = [*found.broken, *found.unknown, *found.failed]
    if problems and not found.requests and not found.again and not found.failed:
        raise DatasetError("\n".join(["no result belongs to this store", *_each(problems)]))
    lines = [*_imported(found)]
    for told, some in (
        ("without a result", found.broken),
        ("of no request that was exported from this store", found.unknown),
        ("not answered; the next export asks again", found.failed),
    ):
        if some:
            lines += [f"{plural(len(some), 'line')} {told}:", *_each(some)]
    return Output(lines, exit_code=int(bool(problems)))


def _imported(found: Imported) -> Iterator[str]:
    spent = found.spent
    yield f"{plural(found.requests, 'request')} answered, {count_told(found.replies)} taken in"
    if found.requests:
        estimated = f", {spent.estimated_tokens:,} of them estimated" * (spent.estimated_tokens > 0)
        yield (
            f"{spent.prompt_tokens:,} tokens in and {spent.completion_tokens:,} out{estimated}; "
            f"{spent.money:.2f} in your unit, at the price of a batch"
        )
    if found.again:
        yield f"{plural(found.again, 'result was', 'results were')} there already"
    if found.waiting:
        waiting = plural(found.waiting, "exported request has", "exported requests have")
        yield f"{waiting} no reply yet: export again to ask what is missing"


def _each(troubles: Sequence[Trouble]) -> Iterator[str]:
    for trouble in troubles[:_TOLD]:
        yield f"  {trouble.file}:{trouble.line}: {trouble.why}"
    if len(troubles) > _TOLD:
        yield f"  and {len(troubles) - _TOLD:,} more"
