"""From options and configuration to a session that is ready to ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.custom_metrics import checked_metrics
from pytest_safescale.errors import SafescaleError
from pytest_safescale.plugin import (
    RECORDING_KEY,
    internals,
    options,
    output,
    suites,
    worker_messages,
)
from pytest_safescale.plugin.addopts import require_addopts
from pytest_safescale.plugin.earlier_run import take_away_refused
from pytest_safescale.plugin.hook_results import things_of
from pytest_safescale.plugin.registration import register
from pytest_safescale.plugin.session import SafescaleSession
from pytest_safescale.runs.models_of_run import has_certified_layers
from pytest_safescale.runs.run import check_budget, prepare_run
from pytest_safescale.settings.configuration import absolute_paths, find_configuration
from pytest_safescale.settings.resolve import resolve_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_safescale.runs.run import Run
    from pytest_safescale.settings.configuration import Configuration
    from pytest_safescale.settings.schema import Settings

__all__ = ["switch_on"]


def switch_on(config: pytest.Config) -> SafescaleSession:
    """Prepare the run and register what follows it; unusable input ends with exit code 4."""
    try:
        return _switched_on(config)
    except Exception as error:
        if not internals.is_worker(config):
            take_away_refused(config.option, worker_messages.folders(config), str(error))
        if isinstance(error, SafescaleError):
            raise output.refusal(f"safescale: {error}") from error
        raise


def _switched_on(config: pytest.Config) -> SafescaleSession:
    configuration = find_configuration(*worker_messages.folders(config))
    require_addopts(config)
    settings = _settings(config, configuration)
    suites.select(config, settings.suite)
    run = _narrowed(_prepare(config, settings, configuration.folder), configuration)
    check_budget(run)
    if has_certified_layers(run.models):
        # It loads array libraries, which few runs need before their end.
        from pytest_safescale.runs.certified_layers import check_certified_layers

        check_certified_layers(run)
    session = SafescaleSession(config, run, configuration.path)
    if session.run.settings.wants_robustness:
        session.robustness()  # a relation that is not known ends the run here
    if not internals.is_worker(config):
        from pytest_safescale.plugin.recording import Recording

        # Its gates may be unusable: nothing is registered before they are read.
        config.stash[RECORDING_KEY] = Recording(session)
        register(config, config.stash[RECORDING_KEY], "safescale-recording")
    register(config, session, "safescale-session")
    session.sigterm.install()
    return session


def _settings(config: pytest.Config, configuration: Configuration) -> Settings:
    start = config.invocation_params.dir
    given = absolute_paths(options.given_options(config.option), start)
    settings = resolve_settings(given, configuration.values)
    update: dict[str, Any] = {"store": start / settings.store, "report": start / settings.report}
    if "suite" not in given and internals.called_with_paths(config):
        update["suite"] = ()  # a configuration's suites are for calls without paths, as testpaths
    return settings.model_copy(update=update)


def _narrowed(run: Run, configuration: Configuration) -> Run:
    """Return the run, and say where an option excludes what is configured."""
    configured = resolve_settings({}, configuration.values)
    asked = {*run.settings.conditions, *(condition.name for condition in run.conditions)}
    profiles = {profile.name for profile in run.profiles}
    excluded = {
        "conditions": [name for name in configured.conditions if name not in asked],
        "prompts": [name for name in configured.profiles if name not in profiles],
    }
    told = [
        f"configured {kind} were excluded (--safescale-{kind}): {', '.join(names)}"
        for kind, names in excluded.items()
        if names
    ]
    return replace(run, narrowed="; ".join(filter(None, [run.narrowed, *told])))


def _prepare(config: pytest.Config, settings: Settings, folder: Path) -> Run:
    hook = config.hook
    added = hook.pytest_safescale_conditions(config=config)
    measured = hook.pytest_safescale_metrics(config=config)
    return prepare_run(
        settings,
        root=folder,
        make_model=lambda spec: hook.pytest_safescale_make_model(config=config, spec=spec),
        extra_conditions=things_of("pytest_safescale_conditions", added, "Condition"),
        metrics=checked_metrics(things_of("pytest_safescale_metrics", measured, "CaseMetric")),
    )
