"""Certified thresholds of layers are refused where they are not about the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.cells import cell_condition
from pytest_safescale.errors import SettingsError
from pytest_safescale.layers.conservative import Conservative
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.layers.triage import Triage
from pytest_safescale.results.certificate_file import read_certificate, require_certified
from pytest_safescale.runs.manifest import described_model, stated_before
from pytest_safescale.settings.layer_settings import STOPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.layers.conservative import Certified
    from pytest_safescale.runs.run import Run

__all__ = ["check_certified_layers"]


def check_certified_layers(run: Run) -> None:
    """Refuse a certificate that is of other data, another model or other prompts.

    Raises SettingsError where it is not about each cell that the layer decides in, or certifies
    no threshold there.
    """
    manifest = stated_before(run)
    manifest["models"] = [described_model(model) for model in (*run.models, *run.beside)]
    for model in run.models:
        if not isinstance(model, LayeredModel):
            continue
        for one in model.deciding:
            if isinstance(one.layer, Conservative) and one.layer.certified is not None:
                certified, base = one.layer.certified, model.base.info.name
                content = read_certificate(certified.path, named=certified.place)
                cells = [(base, condition) for condition in _conditions(run, model)]
                require_certified(content, manifest, cells, named=certified.place)
                _check_thresholds(run, certified, cells)


def _conditions(run: Run, model: LayeredModel) -> Iterator[str]:
    """Give the cells in which samples may be drawn: also with a profile that triage asks with."""
    profiles = [profile.name for profile in run.profiles]
    profiles += [
        one.layer.settings.then
        for one in model.deciding
        if isinstance(one.layer, Triage) and one.layer.settings.then not in STOPS
    ]
    for condition in run.conditions:
        yield from (cell_condition(condition.name, name) for name in dict.fromkeys(profiles))


def _check_thresholds(run: Run, certified: Certified, cells: list[tuple[str, str]]) -> None:
    if run.decoding.adaptive:
        raise SettingsError(
            f"{certified.place}: a score of samples that stop early is not the one certified; "
            "allowed: a run without --safescale-adaptive"
        )
    for base, condition in cells:
        if certified.thresholds[condition] is None:
            raise SettingsError(
                f"{certified.place} certifies no threshold for {base}, {condition}; allowed: a "
                "certificate that does"
            )
