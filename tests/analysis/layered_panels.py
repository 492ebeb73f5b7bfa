"""Small panels of a model with layers beside its base, written as they are worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.layer_facts import (
    BARE,
    BARE_UNREAD,
    CAPACITY,
    EFFORTS,
    ORDER,
    OUTCOME,
    OUTCOMES,
)
from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder
from tests.analysis.panels import item

if TYPE_CHECKING:
    from collections.abc import Sequence

CONDITION = "clean_evidence"
_MARKS = {"=": "answered", "a": "abstained", "h": "handed_over", "-": "none"}


def layered_panel(
    cases: Sequence[tuple[str, str]], *, capacity: float = 1.0, order: Sequence[int] = ()
) -> Panel:
    """Cases as the base's letter (``-`` abstained, ``?`` unreadable) and what layers did.

    ``=`` gives the letter, ``a`` abstains, ``h`` hands over, ``!`` a layer's call failed, a letter
    is given instead. ``order`` is where each stands in the data set.
    """
    builder = PanelBuilder()
    for place, (bare, then) in enumerate(cases):
        name = f"{place + 1:02}"
        builder.add_item(item(name))
        letter = None if bare in "-?" else bare
        plain = CaseAnswers(
            model="candidate",
            condition=CONDITION,
            item_id=name,
            letter=letter,
            unread=bare == "?",
        )
        builder.add(plain)
        guarded = plain._replace(model="guarded")
        if then == "!":
            builder.add(guarded._replace(error=True, letter=None, unread=False))
            continue
        stops = then in "ah"
        given = letter if then in "=-" else None if stops else then
        builder.add(
            guarded._replace(
                letter=given,
                unread=bare == "?" and not stops,
                layers={
                    OUTCOME: OUTCOMES[_MARKS.get(then, "answered")],
                    BARE: 0.0 if letter is None else ord(letter) - ord("A") + 1.0,
                    BARE_UNREAD: float(bare == "?"),
                    ORDER: float(order[place] if order else place),
                    CAPACITY: capacity,
                    **dict.fromkeys(EFFORTS, place + 1.0),
                },
            )
        )
    return builder.build()
