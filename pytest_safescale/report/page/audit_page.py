"""The page of an audit: its score card, the worst items, and each finding beside its passages."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.report.auditor_lines import auditor_lines
from pytest_safescale.report.page.shell import page_parts, render_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["audit_page", "marked"]

_SHOWN = 100
"""Findings of a class on the page; all of them stand in audit.csv."""
_WORST = 10
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_LONGEST = 1_000
"""Characters of a passage's words that are compared and shown."""


class Piece(NamedTuple):
    """A run of words, and whether the other text has it too."""

    text: str
    differs: bool


def audit_page(content: Mapping[str, Any]) -> str:
    """Return the page of what audit.json holds; every word from outside is escaped."""
    by_class = {
        name: [one for one in content["findings"] if one["finding"] == name]
        for name in content["counts"]
    }
    standing = [one for one in content["findings"] if not _denied(one)]
    # With an auditor the card counts by judge.
    by_judge = content["by_judge"].values() if content["auditor"] else ()
    judges = list(dict.fromkeys(judge for counts in by_judge for judge in counts))
    gates = content["gates"]
    failed = [gate for gate in gates if gate["outcome"] == "failed"]
    return render_page(
        "audit.html.j2",
        page=page_parts(),
        audit=content,
        state="blocked" if failed else "passed" if gates else "open",
        verdict=_verdict(len(failed), len(gates), len(standing)),
        auditor=auditor_lines(content["auditor"]) if content["auditor"] else [],
        judges=judges,
        sections=[
            {
                "name": name,
                "count": len(found),
                "by_judge": [content["by_judge"][name].get(judge, 0) for judge in judges],
                "findings": [_shown(one) for one in sorted(found, key=_denied)[:_SHOWN]],
                "more": max(0, len(found) - _SHOWN),
            }
            for name, found in by_class.items()
        ],
        worst=_worst(standing),
    )


def _denied(finding: Mapping[str, Any]) -> bool:
    return bool(finding["judgement"] == "denied")


def _verdict(failed: int, gates: int, findings: int) -> str:
    if failed:
        hold = "does not hold" if failed == 1 else "do not hold"
        return f"{failed} of {gates} gates {hold}"
    told = "1 finding" if findings == 1 else f"{findings} findings"
    return f"All {gates} gates hold" if gates else f"{told}, and no gate"


def _worst(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the items with most findings, and how many of each class they have."""
    items = Counter(one["item"] for one in findings if one["item"] is not None)
    return [
        {
            "item": item,
            "count": count,
            "classes": Counter(one["finding"] for one in findings if one["item"] == item),
        }
        for item, count in items.most_common(_WORST)
    ]


def _shown(finding: Mapping[str, Any]) -> dict[str, Any]:
    place, other = finding["place"], finding["other"]
    words = [one["words"][:_LONGEST] if one else "" for one in (place, other)]
    both = marked(*words) if place and other else ([Piece(words[0], False)], [])
    columns = [
        {"place": one, "pieces": pieces}
        for one, pieces in zip((place, other), both, strict=True)
        if one
    ]
    return {**finding, "columns": columns}


def marked(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Return two texts in pieces, those marked that the other text does not have."""
    a, b = _TOKEN.findall(left), _TOKEN.findall(right)
    steps = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    mine = list(_pieces((a[i:j], what) for what, i, j, _, _ in steps))
    theirs = list(_pieces((b[k:m], what) for what, _, _, k, m in steps))
    return mine, theirs


def _pieces(parts: Iterator[tuple[list[str], str]]) -> Iterator[Piece]:
    for tokens, what in parts:
        if tokens:
            yield Piece("".join(tokens), what != "equal")
