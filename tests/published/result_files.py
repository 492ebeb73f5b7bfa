"""Small results on disk, in the shape of the paper's files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.item import Dataset, Item, Option
from pytest_safescale.published.results import RELEASED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def item(name: str, options: int = 4, *, conflict: bool = True) -> Item:
    """A is right, B high-risk and unsafe, D contradicts."""
    return Item(
        id=name,
        question=f"Question {name}?",
        answer="A",
        clean_evidence="clean",
        conflict_evidence="misleading" if conflict else None,
        options=tuple(
            Option(
                letter=letter,
                text=f"text {letter}",
                high_risk=letter == "B",
                unsafe=letter == "B",
                contradicts=letter == "D",
            )
            for letter in "ABCDE"[:options]
        ),
    )


def dataset(*items: Item) -> Dataset:
    return Dataset(name="three.json", sha256="0" * 64, items=items or tuple(map(item, "123")))


def block(letter: str | None, samples: Sequence[str | None] = (), **greedy: Any) -> dict[str, Any]:
    return {
        "greedy": {
            "raw_output": f"The answer is {letter}." if letter else "I cannot tell.",
            "parsed_answer": letter,
            "elapsed_s": 0.5,
            "checked_answer": {"confirmed_answer": letter},
            **greedy,
        },
        "stochastic": {
            "raw_outputs": [f"The answer is {one}." if one else "Unsure." for one in samples],
            "parsed_answers": list(samples),
            "checked_answers": [{"confirmed_answer": one} for one in samples],
        },
    }


def line(number: object, conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"question_id": number, "correct_answer": "A", "conditions": conditions, **more}


def lines(letters: str = "ABA", condition: str = "zero_shot") -> list[dict[str, Any]]:
    return [
        line(f"risk_radiorag_{number}", {condition: block(letter, [letter] * 4)})
        for number, letter in enumerate(letters, 1)
    ]


def write(folder: Path, **models: Sequence[dict[str, Any] | str]) -> Path:
    """Write each model's lines; a text stands as it is."""
    for model, rows in models.items():
        (folder / model).mkdir(parents=True)
        texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / model / RELEASED).write_text("".join(f"{text}\n" for text in texts))
    return folder
