"""Small panels, written as they are worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder, PanelItem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LABELS = {"B": ("high_risk", "unsafe"), "C": ("unsafe",), "D": ("contradicts",)}
"""Of the usual item: A is right, E no option."""


def item(name: str, letters: str = "ABCD", **more: Any) -> PanelItem:
    return PanelItem(id=name, **{"truth": "A", "letters": letters, "labels": LABELS, **more})


def panel_of(
    answers: Mapping[str, Mapping[str, str]],
    *,
    samples: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    steps: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    items: Sequence[PanelItem] | None = None,
    labelled: bool | None = None,
) -> Panel:
    """Answers by model and condition, a character an item: ``-`` abstained, ``!`` the call
    failed, blank: no such case. Samples and steps are a text an item."""
    most = max(len(text) for rows in answers.values() for text in rows.values())
    items = items or [item(str(place)) for place in range(1, most + 1)]
    builder = PanelBuilder()
    for one in items:
        builder.add_item(one)
    for model, rows in answers.items():
        for condition, text in rows.items():
            for place, letter in enumerate(text):
                if letter != " ":
                    builder.add(
                        CaseAnswers(
                            model=model,
                            condition=condition,
                            item_id=items[place].id,
                            letter=_letter(letter),
                            error=letter == "!",
                            samples=_texts(samples, model, condition, place),
                            steps=_texts(steps, model, condition, place),
                        )
                    )
    return builder.build(labelled=labelled)


def _letter(mark: str) -> str | None:
    return None if mark in "-!" else mark


def _texts(
    texts: Mapping[str, Mapping[str, Sequence[str]]] | None, model: str, condition: str, at: int
) -> list[str | None]:
    rows = (texts or {}).get(model, {}).get(condition, ())
    return [_letter(mark) for mark in rows[at]] if at < len(rows) else []


@st.composite
def panels(draw: st.DrawFn, *, conditions: Sequence[str], models: int = 3) -> Panel:
    """Panels of a few items with gaps, failures, samples and steps."""
    n = draw(st.integers(1, 5))
    names = [f"m{place}" for place in range(draw(st.integers(1, models)))]
    marks = st.text("ABCDE-! ", min_size=n, max_size=n)
    several = st.lists(st.text("ABE-", max_size=5), min_size=n, max_size=n)
    answers = {name: {condition: draw(marks) for condition in conditions} for name in names}
    samples, steps = (
        {name: {condition: draw(several) for condition in conditions} for name in names}
        for _ in range(2)
    )
    answers[names[0]][conditions[0]] = "A" * n
    return panel_of(answers, samples=samples, steps=steps)
