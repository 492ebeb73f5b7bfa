"""Gates as they are written: files and tables read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.errors import GateError
from pytest_safescale.gates.spec import Gate
from pytest_safescale.settings.allowed_words import allowed_words
from pytest_safescale.settings.configuration import absolute_paths, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.analysis.metrics import MetricSpec
    from pytest_safescale.gates.spec import Certificates

__all__ = ["DEFAULT_GATES", "NO_GATES", "load_gates", "parse_gates", "robustness_gates"]

DEFAULT_GATES = "default"
ROBUSTNESS_GATES = "robustness_gates.toml"
"""What stands beside the default gates where cases are put to relations."""
NO_GATES = "none"
"""Chosen where the configuration has gates that a run shall not be held by."""


def load_gates(
    configured: str | Sequence[Mapping[str, Any]],
    default_file: Path,
    specs: Mapping[str, MetricSpec] = METRICS,
    certificates: Certificates | None = None,
    *,
    and_of_searches: Path | None = None,
) -> list[Gate]:
    """Return the gates of a file, of the configuration's tables, or the built-in set.

    ``specs`` are the metrics a gate can name, ``certificates`` reads a certificate it names;
    ``and_of_searches`` has what the built-in set holds besides, where cases are put to relations.
    """
    if not isinstance(configured, str):
        return parse_gates(configured, "the configuration", specs, certificates)
    if configured == NO_GATES:
        return []
    if configured != DEFAULT_GATES:
        return _of_file(Path(configured), specs, certificates)
    files = filter(None, (default_file, and_of_searches))
    return [gate for path in files for gate in _of_file(path, specs, certificates)]


def robustness_gates(folder: Path, *, searches: bool) -> Path | None:
    """Return the built-in gates on searches; ``None`` of a run that makes none."""
    return folder / ROBUSTNESS_GATES if searches else None


def _of_file(
    path: Path, specs: Mapping[str, MetricSpec], certificates: Certificates | None
) -> list[Gate]:
    content = read_toml(path, "gates file")
    unknown = sorted(set(content) - {"gates"})
    if unknown or not isinstance(content.get("gates"), list) or not content["gates"]:
        found = _listed(unknown) if unknown else "no [[gates]] table"
        raise GateError(f"gates file {path}: found {found}; allowed: [[gates]] tables")
    tables = absolute_paths({"gates": content["gates"]}, path.parent)["gates"]
    return parse_gates(tables, f"gates file {path}", specs, certificates)


def parse_gates(
    tables: Sequence[Mapping[str, Any]],
    where: str,
    specs: Mapping[str, MetricSpec] = METRICS,
    certificates: Certificates | None = None,
) -> list[Gate]:
    """Check the tables; raises GateError naming the gate, the field and what is allowed."""
    context = {"specs": specs, "certificates": certificates}
    gates = []
    for number, table in enumerate(tables, start=1):
        try:
            gates.append(Gate.model_validate(table, context=context))
        except ValidationError as error:
            raise GateError(f"{where}, gate {number}: {_complaint(error)}") from None
    return gates


def _complaint(error: ValidationError) -> str:
    parts = []
    for detail in error.errors(include_url=False):
        field = ".".join(str(part) for part in detail["loc"])
        message = allowed_words(detail)
        if detail["type"] == "extra_forbidden":
            message = f"unknown; allowed: {_listed(Gate.model_fields)}"
        elif field:
            message = f"found {detail['input']!r}; {message}"
        parts.append(f"{field}: {message}" if field else message)
    return "; ".join(parts)


def _listed(words: object) -> str:
    return ", ".join(sorted(map(str, words)))  # type: ignore[call-overload]
