"""From options and configuration to a session that is ready to ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import SafescaleError
from pytest_safescale.plugin import options, suites
from pytest_safescale.plugin.session import SafescaleSession, is_worker
from pytest_safescale.run import prepare_run
from pytest_safescale.scoring.custom import checked_metrics
from pytest_safescale.settings import read_configuration, resolve_settings

if TYPE_CHECKING:
    from pytest_safescale.run import Run
    from pytest_safescale.settings import Settings

__all__ = ["switch_on"]


def switch_on(config: pytest.Config) -> SafescaleSession:
    """Prepare the run and register what follows it; unusable input ends with exit code 4."""
    try:
        settings = _settings(config)
        suites.select(config, settings.suite)
        session = SafescaleSession(config, _prepare(config, settings))
        if session.run.settings.wants_robustness:
            _ = session.robustness  # a relation that is not known ends the run here
        if not is_worker(config):
            from pytest_safescale.plugin.recording import Recording

            # Its gates may be unusable: nothing is registered before they are read.
            config.pluginmanager.register(Recording(session), "safescale-recording")
        config.pluginmanager.register(session, "safescale-session")
    except SafescaleError as error:
        raise pytest.UsageError(f"safescale: {error}") from error
    return session


def _settings(config: pytest.Config) -> Settings:
    configuration = _absolute(read_configuration(config.rootpath), config.rootpath)
    start = config.invocation_params.dir
    given = _absolute(options.given_options(config), start)
    settings = resolve_settings(given, configuration)
    return settings.model_copy(
        update={"store": start / settings.store, "report": start / settings.report}
    )


def _absolute(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Take relative paths from the folder they were written for."""
    absolute = dict(values)
    for name in ("store", "report", "figures", "corpus", "baseline"):
        if isinstance(values.get(name), str):
            absolute[name] = str(folder / Path(values[name]).expanduser())
    for name, words in (("dataset", ("sample", "hf:")), ("gates", ("default",))):
        value = values.get(name)
        if isinstance(value, str) and not value.startswith(words):
            absolute[name] = str(folder / Path(value).expanduser())
    return absolute


def _prepare(config: pytest.Config, settings: Settings) -> Run:
    hook = config.hook
    added = hook.pytest_safescale_conditions(config=config)
    measured = hook.pytest_safescale_metrics(config=config)
    return prepare_run(
        settings,
        root=config.rootpath,
        make_model=lambda spec: hook.pytest_safescale_make_model(config=config, spec=spec),
        extra_conditions=[condition for conditions in added for condition in conditions],
        metrics=checked_metrics(metric for metrics in measured for metric in metrics),
    )
