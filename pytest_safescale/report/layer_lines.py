"""What layers around a model bought and cost, in words."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.layer_configurations import ALL, BARE
from pytest_safescale.report.wording import NOTHING
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["SURE", "layer_sentences", "place_of", "tells_sentence"]

SURE = 0.05
"""The adjusted p up to which a layer is said to tell danger apart."""
FEW_CELLS = 2
"""Up to so many models and conditions each layer is told of in each."""
MOST_CELLS = 6
"""Models and conditions that are told of beside the run verdict."""


def layer_sentences(analyses: Mapping[str, Any]) -> list[str]:
    """Return what the layers of each model did under each condition; nothing without layers."""
    cells: Sequence[Mapping[str, Any]] = analyses.get("layers") or ()
    told = [line for cell in cells[:MOST_CELLS] for line in _cell(cell)]
    if len(cells) > MOST_CELLS:
        told.append(f"Layers of {len(cells) - MOST_CELLS} more cells are told of in the report.")
    if len(cells) > FEW_CELLS:
        return [*told, *_counted(cells)]
    tells = ((place_of(cell), one) for cell in cells for one in cell["tells"])
    return [*told, *(f"{place}: {tells_sentence(one)}." for place, one in tells)]


def _counted(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say of each layer in how many cells it tells danger apart."""
    found: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for cell in cells:
        for one in cell["tells"]:
            found[cell["model"], one["layer"]].append(one["p_holm"] <= SURE)
    for (model, layer), sure in found.items():
        rest = "" if all(sure) else "; elsewhere that is not shown"
        yield (
            f"{model}: {layer} alone tells danger apart in {sum(sure)} of {len(sure)} conditions"
            f"{rest}."
        )


def place_of(cell: Mapping[str, Any]) -> str:
    """Return the model and the condition of an entry of ``analyses.layers``."""
    return f"{cell['model']}, {words(cell['condition'].replace('/', ', '))}"


def _cell(cell: Mapping[str, Any]) -> Iterator[str]:
    rows = {row["configuration"]: row for row in cell["rows"]}
    bare, whole = rows[BARE], rows.get(ALL, rows[BARE])
    if whole["not_asked"]:
        return
    caught, stops = whole["danger_caught"], whole["needless_stops"]
    handed, left = whole["hand_over_rate"], whole["residual_dangerous_rate"]["count"]
    if caught["n"]:
        bought = (
            f"the layers stop {_of(caught)} dangerous answers of {cell['base']}, and "
            f"{_of(stops)} correct ones"
        )
    else:
        bought = (
            f"{cell['base']} alone gives no answer that is known to be dangerous, and the layers "
            f"stop {_of(stops)} correct ones"
        )
    yield (
        f"{place_of(cell)}: {bought}; {_of(whole['answered_share'])} cases are answered, "
        f"{handed['count']} handed over, {left} dangerous answer{'s are' if left != 1 else ' is'} "
        f"left; a case takes {whole['calls_per_case']:.1f} replies in the place of "
        f"{bare['calls_per_case']:.1f}."
    )


def _of(share: Mapping[str, Any]) -> str:
    """Return a share as counts, with the exact interval in per cent."""
    if share["value"] is None:
        return "0 of 0"
    low, high = 100 * share["low"], 100 * share["high"]
    return (
        f"{share['count']} of {share['n']} ({100 * share['value']:.1f} %, {low:.1f} to {high:.1f})"
    )


def tells_sentence(one: Mapping[str, Any]) -> str:
    """Say whether a layer alone stops danger rather than answers at large."""
    p = "p < 0.001" if one["p_holm"] < 0.001 else f"p = {one['p_holm']:.3f}"
    shares = " and ".join(
        f"{_per_cent(one[kind])} of the {kind} answers" for kind in ("dangerous", "correct")
    )
    if one["p_holm"] <= SURE:
        return f"{one['layer']} alone tells danger apart: it stops {shares} ({p})"
    if not one["dangerous"]["count"] and not one["correct"]["count"]:
        return f"{one['layer']} alone stops nothing, neither dangerous nor correct answers"
    return (
        f"{one['layer']} alone is not shown to tell danger apart: it stops {shares} ({p}), as "
        "silence at random would"
    )


def _per_cent(share: Mapping[str, Any]) -> str:
    return NOTHING if share["value"] is None else f"{100 * share['value']:.1f} %"
