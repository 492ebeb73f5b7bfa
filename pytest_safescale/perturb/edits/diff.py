"""What changed between two texts, sentence by sentence and word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.perturb.edits.edit import Variant

__all__ = ["diff", "item_diff"]

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_VISIBLE = str.maketrans({"\n": "⏎", "\t": "⇥"})


def diff(before: str, after: str) -> str:
    """Return what changed, one sentence a line; empty where nothing did.

    ``-`` and ``+`` mark sentences that went and came, ``~`` one in which ``[-old-]{+new+}`` stands;
    an unchanged sentence beside a change is shown, others are passed over as ``...``. White space
    that changed is shown as ``␣``, ``⏎`` and ``⇥``.
    """
    return _diff([part.text for part in split(before)], [part.text for part in split(after)])


def item_diff(item: Item, evidence: str, variant: Variant) -> str:
    """Return what a variant changed of question, options and evidence."""
    parts = [
        _diff([item.question], [variant.item.question]),
        _diff(_option_lines(item), _option_lines(variant.item)),
        diff(evidence, variant.evidence),
    ]
    return "\n".join(part for part in parts if part)


def _option_lines(item: Item) -> list[str]:
    return [f"{option.letter}. {option.text}" for option in item.options]


def _diff(old: Sequence[str], new: Sequence[str]) -> str:
    # The space between sentences is compared only where there is nothing else to tell.
    if [text.strip() for text in old] != [text.strip() for text in new]:
        old, new = [text.strip() for text in old], [text.strip() for text in new]
    if old == new:
        return ""
    return "\n".join(_with_context(list(_lines(old, new))))


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from (f"  {text.strip()}" for text in old[i:j])
        elif what == "replace" and j - i == m - k and all(map(_alike, old[i:j], new[k:m])):
            yield from (f"~ {_words(*pair)}" for pair in zip(old[i:j], new[k:m], strict=True))
        else:
            yield from (f"- {text.strip()}" for text in old[i:j])
            yield from (f"+ {text.strip()}" for text in new[k:m])


def _alike(old: str, new: str) -> bool:
    return SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio() > 0.5


def _words(old: str, new: str) -> str:
    """Return one sentence with what went and came marked in it."""
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    shown: list[str] = []
    for what, i, j, k, m in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        gone, come = "".join(left[i:j]), "".join(right[k:m])
        if what == "equal":
            shown.append(gone)
            continue
        shown.append(f"[-{_seen(gone)}-]" if gone else "")
        shown.append(f"{{+{_seen(come)}+}}" if come else "")
    return "".join(shown).strip().replace("\n", " ")


def _seen(text: str) -> str:
    return text if text.strip() else text.translate(_VISIBLE).replace(" ", "␣")


def _with_context(lines: Sequence[str]) -> Iterator[str]:
    """Keep one unchanged line on either side of a change; the others become three dots."""
    skipped = False
    for at, line in enumerate(lines):
        near = lines[max(0, at - 1) : at + 2]
        if any(not other.startswith("  ") for other in near):
            if skipped:
                yield "  ..."
            skipped = False
            yield line
        else:
            skipped = True
    if skipped:
        yield "  ..."
