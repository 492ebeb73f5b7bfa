"""``safescale init``: the files of a first project, which work as they are written."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.init_questions import Question, answered
from pytest_safescale.cli.output import Output
from pytest_safescale.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from pytest_safescale.dataset.item import Dataset
    from pytest_safescale.dataset.shape import Shape

__all__ = ["HELP", "add_options", "run"]

HELP = "write configuration, gates, a test and a CI workflow that work"
_PIPELINES = ("github", "gitlab", "none")
_LOCAL = re.compile(r"://(localhost|127\.|\[::1\]|0\.0\.0\.0)", re.IGNORECASE)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what is asked on a terminal, as options, and ``--yes``."""
    command.add_argument(
        "--dataset", metavar="REF", help="your items: a file, hf:owner/name, or sample (default)"
    )
    command.add_argument("--shape", metavar="NAME", help="its published shape, such as medqa")
    command.add_argument("--corpus", metavar="FILE", help="passages for retrieval, a .jsonl file")
    command.add_argument(
        "--specialty", metavar="TEXT", help="what the questions are about, as prompts name it"
    )
    command.add_argument(
        "--conditions", metavar="LIST", help="comma list; default: the six, as far as data allow"
    )
    command.add_argument(
        "--endpoint", metavar="URL", help="of an OpenAI-compatible server, mostly ending in /v1"
    )
    command.add_argument(
        "--model",
        metavar="NAME",
        help="the model's name at the endpoint; without one lexical (default), simulated[:PROFILE] "
        "or python:package.module:callable",
    )
    command.add_argument(
        "--api-key-env",
        metavar="VARIABLE",
        help="the environment variable that holds the key; default SAFESCALE_API_KEY",
    )
    command.add_argument("--ci", choices=_PIPELINES, help="whose workflow to write; default github")
    command.add_argument(
        "--yes", action="store_true", help="ask nothing: options, and defaults for the rest"
    )


QUESTIONS = (
    Question("dataset", "Your items (a file, hf:owner/name, or sample)", "sample"),
    Question(
        "specialty",
        "What they are about, such as emergency medicine (empty: not said)",
        "",
        unless=lambda given: given["dataset"] == "sample",
    ),
    Question("endpoint", "Endpoint of an OpenAI-compatible server (empty: none)", ""),
    Question(
        "model",
        "The model's name there, or: lexical, simulated, python:package.module:callable",
        "lexical",
    ),
    Question(
        "api_key_env",
        "The environment variable that holds its key",
        "SAFESCALE_API_KEY",
        unless=lambda given: not given["endpoint"],
    ),
    Question("ci", "CI workflow (github, gitlab, none)", "github"),
)


def run(given: argparse.Namespace) -> Output:
    """Write the files, all or none; returns their names and the next command.

    Raises UsageError for what cannot be used, and where one of the files is there already.
    """
    from pytest_safescale.cli.init_files import files_of, names_of

    folder = Path.cwd()
    _require_room(folder, names_of(given.ci if given.ci is not None else "none"))
    asks = not given.yes and sys.stdin.isatty() and sys.stdout.isatty()
    answers = answered(vars(given), QUESTIONS if asks else (), defaults=QUESTIONS)
    if answers["ci"] not in _PIPELINES:
        raise SettingsError(f"--ci: found {answers['ci']!r}; allowed: {', '.join(_PIPELINES)}")
    _require_room(folder, names_of(answers["ci"]))
    dataset, shape = _dataset(answers, given, folder)
    files = files_of(
        answers, dataset, shape, corpus=given.corpus or "", conditions=given.conditions or ""
    )
    _write(folder, files)
    lines = [f"written: {name}" for name in files]
    if shape is not None and not given.shape:
        lines.append("the headings of your file are mapped in safescale.toml: check them")
    if _LOCAL.search(answers["endpoint"]) and answers["ci"] != "none":
        lines.append(f"a CI job cannot reach {answers['endpoint']}: change base_url for it")
    return Output([*lines, "next: safescale doctor"])


def _require_room(folder: Path, names: Iterable[str]) -> None:
    """Raise SettingsError where a file would be overwritten, or runs are configured already."""
    from pytest_safescale.settings.configuration import find_configuration

    if there := [name for name in names if (folder / name).exists()]:
        raise SettingsError(
            f"init: found {', '.join(there)} in {folder}, and overwrites nothing; allowed: an "
            "empty place, or --ci none where only the workflow is there"
        )
    configured = find_configuration(folder).path
    if configured is not None and configured.parent == folder.resolve():
        raise SettingsError(f"init: {configured} configures runs already; allowed: another folder")


def _dataset(
    answers: Mapping[str, str], given: argparse.Namespace, folder: Path
) -> tuple[Dataset, Shape | None]:
    """Return the items, and the shape under which they are read; raises UsageError."""
    from pytest_safescale.dataset.load import SAMPLE, load_dataset
    from pytest_safescale.dataset.shape import Shape

    if answers["dataset"] == SAMPLE and (answers["specialty"] or given.shape):
        raise SettingsError(
            "init: found --specialty or --shape beside the sample, which is radiology in our own "
            "words; allowed: beside --dataset with data of your own"
        )
    shape = _preset(given.shape)
    try:
        return load_dataset(
            answers["dataset"], shape=shape, corpus=given.corpus, root=folder
        ), shape
    except DatasetError as refused:
        if not refused.shape or shape is not None:
            raise
        proposed = Shape.model_validate(refused.shape)
        try:
            return load_dataset(
                answers["dataset"], shape=proposed, corpus=given.corpus, root=folder
            ), proposed
        except DatasetError:
            raise refused from None


def _preset(name: str | None) -> Shape | None:
    from pytest_safescale.settings.resolve import resolve_settings

    return resolve_settings({"shape": name}).shape if name else None


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write new files; raises SettingsError, and takes away what it wrote, where one cannot be."""
    done: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                done.append(path)
                file.write(text)
    except OSError as error:
        for path in done:
            path.unlink(missing_ok=True)
        raise SettingsError(f"init: {path} cannot be written: {error.strerror}") from error
