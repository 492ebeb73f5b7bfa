"""The tables of a run: rows that tell run, data, model and profile, whichever table they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.cells import PLAIN
from pytest_safescale.results.columns import Columns, columns_of
from pytest_safescale.results.model_natures import UNKNOWN, model_natures
from pytest_safescale.results.profile_rows import has_profiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_safescale.results.manifest import Manifest

__all__ = ["TellingRows", "WhoseRow", "table_columns"]


class WhoseRow(TypedDict):
    """What every row of every table begins with."""

    run_id: str | None
    dataset: str | None
    """The data set's name: ``sample`` for the one that comes with the package."""
    model: str
    """``*`` for the mean over models, ``ensemble:NAME`` for models that vote."""
    model_family: str
    """Empty where nobody states one, and where models of several are together."""
    nature: str
    """``model``, ``simulated`` or ``a lexical baseline``; of several models each of theirs."""
    condition: str | None
    """``*`` for every condition together."""
    profile: str | None
    """The prompt profile; ``None`` where profiles are together."""


def table_columns(shape: type, first: Sequence[str] = ()) -> Columns:
    """Return the columns of a table whose rows are of this TypedDict, some of its own ``first``."""
    own = columns_of(shape)
    return {**columns_of(WhoseRow), **{name: own[name] for name in first}, **own}


class TellingRows:
    """Makes rows of a run tell whose they are."""

    def __init__(self, manifest: Manifest) -> None:
        self._of_run = {
            "run_id": manifest.get("run_id"),
            "dataset": manifest.get("dataset", {}).get("name"),
        }
        self._natures = model_natures(manifest)
        self._profile = None if has_profiles(manifest) else PLAIN

    def of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row of a file's, with what ``WhoseRow`` has before it."""
        model = row.get("model", MEAN_OVER_MODELS)
        known = self._natures.get(model, UNKNOWN)
        return {
            **self._of_run,
            "model": model,
            "model_family": known.family,
            "nature": known.nature,
            "condition": None,
            "profile": self._profile,
            **row,
        }

    def all_of(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Give each row so."""
        return map(self.of, rows)
