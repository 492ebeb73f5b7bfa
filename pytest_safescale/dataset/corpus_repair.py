"""A plan of repairs on its corpus: what is dropped, merged, and shown with a label of ours.

The plan is data that an audit wrote and people may have edited. It names passages and words that
stand in them, so that no sentence comes into a corpus by it, and no file is changed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.corpus import read_passages
from pytest_safescale.dataset.files import read_bytes
from pytest_safescale.dataset.item import CorpusRepair, Passage
from pytest_safescale.dataset.raw_record import (
    MISSING,
    escaped,
    is_text,
    shown,
    strict_json,
    unusable,
)
from pytest_safescale.errors import DatasetError, Problem
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.dataset.corpus import CorpusPassage

__all__ = ["ACTIONS", "PLAN_KIND", "read_repair"]

PLAN_KIND = "safescale repair plan"
"""What a plan says that it is."""
ACTIONS = ("drop", "merge", "date", "restrict")
"""What may be done with a passage."""
_NEEDED = {"drop": (), "merge": ("other",), "date": ("words",), "restrict": ("words",)}
"""The keys that each action needs beside the passage."""
_TEXTS = ("passage", "why", "words", "other", "other_words", "by")
_KEYS = ("action", "line", *_TEXTS)
_PARTS = ("kind", "corpus", "actions", "undecided")


def read_repair(path: Path, corpus: Path) -> CorpusRepair:
    """Return what the plan makes of the corpus.

    Raises DatasetError with every problem: a file that is no plan, one of another corpus, an action
    on a passage that is not there, words that the passage does not hold, no passage left.
    """
    name = path.name
    content = read_bytes(path, name)
    plan = _plan(content, name)
    _check_corpus(plan, name, corpus)
    passages = {one.id: one for one in read_passages(corpus)}
    actions = _actions(plan, name)
    problems = [
        problem
        for number, action in enumerate(actions, 1)
        for problem in _problems(action, name, number, passages)
    ]
    if problems:
        raise DatasetError(f"{name} cannot be used: {plural(len(problems), 'problem')}", problems)
    kept = _mended(passages, actions)
    if not kept:
        raise unusable(name, "no passage left", "a plan that leaves at least one", where="actions")
    counts = Counter(action["action"] for action in actions)
    return CorpusRepair(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        actions={action: counts[action] for action in ACTIONS},
        passages=kept,
    )


def _plan(content: bytes, name: str) -> dict[str, Any]:
    allowed = "what safescale audit --repair wrote"
    try:
        plan = strict_json(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise unusable(name, f"no JSON ({error})", allowed) from None
    if not isinstance(plan, dict) or plan.get("kind") != PLAN_KIND:
        kind = plan.get("kind", MISSING) if isinstance(plan, dict) else plan
        raise unusable(name, shown(kind), f"{PLAN_KIND!r}, {allowed}", where="kind")
    for key in plan:
        if key not in _PARTS:
            raise unusable(
                name, shown(plan[key]), f"one of {', '.join(_PARTS)}", where=escaped(key)
            )
    return plan


def _check_corpus(plan: Mapping[str, Any], name: str, corpus: Path) -> None:
    stated = plan.get("corpus")
    found = stated.get("sha256", MISSING) if isinstance(stated, dict) else MISSING
    here = hashlib.sha256(read_bytes(corpus, corpus.name)).hexdigest()
    if found != here:
        allowed = f"{here}, that of {escaped(corpus.name)}: a plan is for the corpus it was made of"
        raise DatasetError(
            f"{name} cannot be used:",
            [_problem(name, "corpus", "sha256", found, allowed)],
        )


def _actions(plan: Mapping[str, Any], name: str) -> list[Any]:
    actions = plan.get("actions", MISSING)
    if not isinstance(actions, list):
        raise unusable(name, shown(actions), "a list of actions", where="actions")
    return actions


def _problems(
    action: Any, name: str, number: int, passages: Mapping[str, CorpusPassage]
) -> Iterator[Problem]:
    """Give what is wrong with one action, the first of what rests on the other."""
    where = f"action {number}"
    if not isinstance(action, dict):
        yield _problem(name, where, "", action, "an object")
        return
    for key in action:
        if key not in _KEYS:
            yield _problem(name, where, escaped(key), action[key], f"one of {', '.join(_KEYS)}")
    kind, passage = action.get("action", MISSING), action.get("passage", MISSING)
    if kind not in ACTIONS:
        yield _problem(name, where, "action", kind, f"one of {', '.join(ACTIONS)}")
        return
    needed = ("passage", *_NEEDED[kind])
    wrong = [
        key for key in _TEXTS if (key in action or key in needed) and not is_text(action.get(key))
    ]
    for key in wrong:
        yield _problem(name, where, key, action.get(key, MISSING), "a text")
    if wrong:
        return
    if passage not in passages:
        yield _problem(name, where, "passage", passage, "the id of a passage of the corpus")
        return
    yield from _on_passage(action, name, where, passages)


def _on_passage(
    action: Mapping[str, Any], name: str, where: str, passages: Mapping[str, CorpusPassage]
) -> Iterator[Problem]:
    """Give what an action says and its passages do not."""
    here, other = passages[action["passage"]], action.get("other")
    if "line" in action and action["line"] != here.line:
        allowed = f"{here.line}, where passage {escaped(here.id)} stands"
        yield _problem(name, where, "line", action["line"], allowed)
    if other is not None and (other not in passages or other == here.id):
        yield _problem(name, where, "other", other, "the id of another passage of the corpus")
        return
    told = {"words": (here, _NEEDED[action["action"]])}
    if other is not None:
        told["other_words"] = (passages[other], ())
    for key, (passage, needed) in told.items():
        if key not in action or (key == "words" and key not in needed):
            continue
        if not _holds(passage, action[key]):
            yield _problem(name, where, key, action[key], f"words of passage {escaped(passage.id)}")


def _holds(passage: CorpusPassage, words: str) -> bool:
    """Say whether a passage, or a field of it, holds these words, however they are spaced."""
    wanted = _one_line(words)
    texts = (passage.title, passage.text, *(str(value) for value in passage.fields.values()))
    return bool(wanted) and any(wanted in _one_line(text) for text in texts)


def _mended(
    passages: Mapping[str, CorpusPassage], actions: Sequence[Mapping[str, Any]]
) -> tuple[Passage, ...]:
    gone = {one["passage"] for one in actions if one["action"] == "drop"}
    gone |= _merged([one for one in actions if one["action"] == "merge"], gone)
    labels = _labels(passages, actions)
    return tuple(
        Passage(id=one.id, title=one.title, text=one.text, label=labels.get(one.id, ""))
        for one in passages.values()
        if one.id not in gone
    )


def _merged(actions: Sequence[Mapping[str, Any]], dropped: set[str]) -> set[str]:
    """Return the passages that another one stands for; where that is dropped, they stay."""
    stands: dict[str, str] = {}
    for action in actions:
        passage, other = action["passage"], action["other"]
        while other in stands:
            other = stands[other]
        if other != passage and other not in dropped and passage not in stands:
            stands[passage] = other
    return set(stands)


def _labels(
    passages: Mapping[str, CorpusPassage], actions: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Return the line that is shown with a passage, by its id: each thing said once."""
    parts: dict[str, dict[str, None]] = {}
    for action in actions:
        if action["action"] in ("date", "restrict"):
            parts.setdefault(action["passage"], {})[_label(passages, action)] = None
    return {passage: "; ".join(told) for passage, told in parts.items()}


def _label(passages: Mapping[str, CorpusPassage], action: Mapping[str, Any]) -> str:
    words = _one_line(action["words"])
    if action["action"] == "restrict":
        return f"Applies to: {words}"
    if "other" not in action:
        return f"Date: {words}"
    newer = passages[action["other"]]
    by = _one_line(action.get("other_words") or newer.title or newer.id)
    return f"Version: {words}, superseded by: {by}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _problem(name: str, where: str, field: str, found: object, allowed: str) -> Problem:
    return Problem(file=name, where=where, field=field, found=shown(found), allowed=allowed)
