"""What the processes of one pytest session tell each other, where xdist has several.

The controlling process tells its workers in their input. Xdist takes a worker's word only at the
end, so after its collection a worker writes it into a file that the controlling process reads
before it hands out the first test.
"""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.plugin import hookspecs, output
from pytest_safescale.plugin.internals import places_of_tests, worker_input
from pytest_safescale.plugin.options import RUN_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.runs.look_ahead import Share

__all__ = [
    "Word",
    "check",
    "folders",
    "run_id",
    "share",
    "shares_searches",
    "started",
    "tell_controller",
    "tell_worker",
    "word_of",
]

RUN_KEY = pytest.StashKey[str]()
STARTED_KEY = pytest.StashKey[float]()
FOLDERS_KEY = pytest.StashKey[list[Path]]()
"""As they are before a suite's folder is added to the places of tests."""
TOLD = "safescale"
"""The key of a worker's input."""
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("pytest_safescale_"))


@dataclass(frozen=True, kw_only=True)
class Word:
    """What a worker says once it has collected tests that want cases."""

    problem: str = ""
    """Why it cannot ask what they want; empty where it can."""
    hooks: Mapping[str, list[str]]
    """The conftest files that implement a hook of ours, by its name."""


def check(word: Word, config: pytest.Config) -> None:
    """Raise UsageError where a worker cannot ask what its tests want, or knows more hooks.

    The controlling process collects no test, so it reads no conftest.py far below the folders that
    pytest is given.
    """
    if word.problem:
        raise output.refusal(word.problem)
    ours = hooks(config)
    unread = [
        f"{name} in {place}"
        for name, places in word.hooks.items()
        for place in places
        if place not in ours[name]
    ]
    if unread:
        raise output.refusal(
            f"safescale: found {', '.join(unread)}, which the process that judges the gates does "
            "not read; allowed: the conftest.py of the folder pytest is started in, or of a folder "
            "it is given"
        )


def hooks(config: pytest.Config) -> dict[str, list[str]]:
    """Return which conftest files implement each hook of ours."""
    return {name: _conftests(getattr(config.hook, name).get_hookimpls()) for name in HOOKS}


def _conftests(implementations: Iterable[Any]) -> list[str]:
    # Plugins are loaded in every process, and may go by a number of that process alone.
    names = (str(found.plugin_name) for found in implementations)
    return [name for name in names if Path(name).name == "conftest.py"]


def run_id(config: pytest.Config) -> str:
    """Return the name of the run, the same in all its processes."""
    if RUN_KEY not in config.stash:
        given = _run_input(config).get("run") or config.getoption(RUN_ID, None)
        config.stash[RUN_KEY] = given or uuid.uuid4().hex
    return config.stash[RUN_KEY]


def started(config: pytest.Config) -> float:
    """Return when the run began, in seconds since 1970, the same in all its processes."""
    if STARTED_KEY not in config.stash:
        config.stash[STARTED_KEY] = _run_input(config).get("started") or time.time()
    return config.stash[STARTED_KEY]


def folders(config: pytest.Config) -> list[Path]:
    """Return the folders a configuration may be meant to hold for, that of the call first.

    Pytest settles its root before it knows our options, and takes the value of one that names an
    existing path for the place of tests. So its root never stands in for the folder of the call.
    """
    if FOLDERS_KEY not in config.stash:
        told = [Path(folder) for folder in _run_input(config).get("folders", ())]
        config.stash[FOLDERS_KEY] = told or _folders(config)
    return config.stash[FOLDERS_KEY]


def _folders(config: pytest.Config) -> list[Path]:
    here = config.invocation_params.dir
    places = (*places_of_tests(config), config.inipath)
    files = [path for path in places if path is not None and _exists(path)]
    above = (path if path.is_dir() else path.parent for path in files)
    return list(dict.fromkeys([here, config.rootpath, *above]))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a word that is too long for a path: pytest says so itself
        return False


def share(config: pytest.Config) -> Share:
    """Return the number of this worker and how many there are; one outside a worker."""
    from pytest_safescale.runs.look_ahead import Share  # not where no run is switched on

    told = worker_input(config)
    if told is None:
        return Share()
    workers = int(told["workercount"])
    # A worker that replaces a crashed one has a higher number; it takes over that one's share.
    worker = int(str(told["workerid"]).removeprefix("gw")) % workers
    return Share(worker=worker, workers=workers)


def shares_searches(config: pytest.Config) -> bool:
    """Say whether this is a worker that is handed the searches that it draws."""
    return bool(_run_input(config).get("shares"))


def tell_worker(node: Any, *, shares: bool) -> None:
    """Tell an xdist worker which run it belongs to, and whether it is handed what it draws."""
    node.workerinput[TOLD] = {
        "run": run_id(node.config),
        "started": started(node.config),
        "folders": [str(folder) for folder in folders(node.config)],
        "shares": shares,
    }


def tell_controller(config: pytest.Config, problem: str = "") -> None:
    """Tell the controlling process that tests of this worker want cases, and what is amiss."""
    path = _file(run_id(config), (worker_input(config) or {})["workerid"])
    word = Word(problem=problem, hooks=hooks(config))
    path.write_text(json.dumps(asdict(word)), encoding="utf-8")


def word_of(node: Any) -> Word | None:
    """Return what a worker has said; ``None`` where its tests want no case."""
    path = _file(run_id(node.config), node.workerinput["workerid"])
    if not path.is_file():
        return None
    word = Word(**json.loads(path.read_text(encoding="utf-8")))
    path.unlink()
    return word


def _file(run: str, worker: str) -> Path:
    return Path(tempfile.gettempdir()) / f"safescale-{run}-{worker}.json"


def _run_input(config: pytest.Config) -> dict[str, Any]:
    """Return what the controlling process tells this worker of the run; empty elsewhere."""
    found: dict[str, Any] = (worker_input(config) or {}).get(TOLD, {})
    return found
