"""Recall and precision of the audit's rules on planted corpora, and time and memory of a large one.

Plants faults of every class in copies of the sample: contradictions of eight kinds, facts told for
other patients, states and modalities, dangers supported, facts removed, old and replaced versions,
repeated passages, and passages of bad form. Beside them stand likenesses that are no faults, and
passages on made-up subjects up to the size asked for. A large corpus is audited with 1,000 items in
a process of its own, from reading the file to the written folder.

Run: ``python -m benchmarks.audit_findings [SIZE ...]`` in a checkout; the default is 2000 100000.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pytest_safescale.audit.coverage import covered
from pytest_safescale.audit.item_passages import ItemPassages, look_at_items
from pytest_safescale.audit.read_corpus import CorpusText
from pytest_safescale.dataset.corpus import CorpusPassage
from pytest_safescale.packaged import data_folder
from tests.audit.planted import (
    EDITS,
    Planted,
    background,
    contradictions,
    of_form_and_age,
    sample,
    sample_passages,
)
from tests.audit.planted_items import facts, for_others, wrong_supports
from tests.audit.planted_wordings import REWORDED, instructions, versions
from tests.audit.told_by import TOLD_BY

SIZES = (2_000, 100_000)
EACH, LIMITS, ITEMS, SECONDS, GIGABYTES = 25, 60, 1_000, 600, 2.0
COUNTED_BY_KIND = ("contradiction", "applicability", "hygiene", "age")
BOUNDS = {"contradiction": 0.9, "applicability": 0.9, "wrong_support": 0.8}
"""Precision that a class has at least; its recall is 0.7 at least."""


def planted_corpus(size: int, seed: int = 1) -> Planted:
    """Return a corpus of this many passages with faults of every class."""
    draw = random.Random(seed)
    whole = contradictions(EACH, draw, {**REWORDED, **EDITS})
    parts = (
        facts(12, draw),
        for_others(LIMITS, draw),
        wrong_supports(draw),
        of_form_and_age(EACH, draw),
        instructions(draw),
        versions(EACH, draw),
    )
    for part in parts:
        whole.passages += part.passages
        whole.truths |= part.truths
    whole.passages += background(size - len(whole.passages), draw)
    return whole


def removed(size: int, seed: int = 2) -> tuple[int, int, int, int]:
    """Return of how many items facts are removed and kept, and how many of each nothing serves.

    A removed fact is told by none of the passages that tell it, nor by what is made of them.
    """
    ids = sorted(TOLD_BY)
    gone = set(random.Random(seed).sample(ids, len(ids) // 2))
    telling = {id_ for item in gone for id_ in TOLD_BY[item]}
    kept = {item for item in ids if not telling.issuperset(TOLD_BY[item])} - gone
    rest = [one for one in sample_passages() if one.id not in telling]
    every = frozenset(id_ for told in TOLD_BY.values() for id_ in told)
    made_up = background(size - len(rest), random.Random(seed), but=every)
    passages = rest + [
        CorpusPassage(id=one["id"], title=one["title"], text=one["text"], line=line, fields={})
        for line, one in enumerate(made_up, start=len(rest) + 1)
    ]
    unserved: set[str] = set()
    corpus = CorpusText(passages)

    def look(one: ItemPassages) -> None:
        if covered(one).passage is None:
            unserved.add(one.item.id)

    look_at_items(corpus, sample().items, look, lambda _: None)
    return len(gone), len(kept), len(gone & unserved), len(kept & unserved)


def many_items(path: Path) -> Path:
    """Write the sample's items again and again under other ids, up to 1,000."""
    items = json.loads((data_folder("fixtures") / "sample" / "items.json").read_text("utf-8"))
    copies = [
        {**item, "question_id": f"{item['question_id']}" + (f"~{n}" if n else "")}
        for n in range(-(-ITEMS // len(items)))
        for item in items
    ]
    path.write_text(json.dumps(copies[:ITEMS]), "utf-8")
    return path


def audited(planted: Planted, folder: Path) -> tuple[list[dict[str, Any]], float, float]:
    """Return the findings, the seconds and the gigabytes of one audit in its own process."""
    corpus = planted.write(folder / "corpus.jsonl")
    (folder / "safescale.toml").write_text("[audit]\nmax_age_years = 10\n", "utf-8")
    items = many_items(folder / "items.json")
    command = [sys.executable, "-m", "benchmarks.audit_findings", "--command", "audit"]
    command += [str(corpus), "--dataset", str(items), "--out", str(folder / "audit")]
    root = Path(__file__).parent.parent
    start = time.perf_counter()
    subprocess.run(
        command, check=True, cwd=folder, stdout=subprocess.DEVNULL, env={"PYTHONPATH": str(root)}
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    content = json.loads((folder / "audit" / "audit.json").read_text("utf-8"))
    return content["findings"], seconds, peak


def rows(planted: Planted, findings: list[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Return for each class, and kind of a contradiction, what is planted, found and right."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for one in findings:
        if one["item"] is not None and "~" in one["item"]:
            continue  # a copy of an item says what the item says
        places = [place["passage"] for place in (one["place"], one["other"]) if place]
        key = tuple(sorted(places)) if one["finding"] == "contradiction" else _single(one, places)
        found.setdefault(one["finding"], set()).add(key)
    truths: dict[str, set[tuple[str, ...]]] = {}
    for name, kind, first, second in sorted(planted.truths):
        truths.setdefault(name, set()).add((first, second))
        if name in COUNTED_BY_KIND:
            truths.setdefault(f"{name}, {kind}", set()).add((first, second))
    table = []
    for name, truth in sorted(truths.items()):
        right = truth & found.get(name.partition(",")[0], set())
        table.append((name, len(truth), len(found.get(name, ())), len(right)))
    return table


def _single(one: dict[str, Any], places: list[str]) -> tuple[str, ...]:
    return (places[0] if places else "", one["item"] or "")


def main() -> None:
    """Print the table of each size; exits 1 where a bound does not hold."""
    broken = False
    for size in map(int, sys.argv[1:]) if len(sys.argv) > 1 else SIZES:
        planted = planted_corpus(size)
        with tempfile.TemporaryDirectory() as folder:
            findings, seconds, peak = audited(planted, Path(folder))
        print(f"{size:,} passages, {ITEMS:,} items: {seconds:.0f} s, {peak:.2f} GiB")
        print(f"{'class':<32}{'planted':>8}{'found':>8}{'recall':>8}{'precision':>10}")
        for name, truths, found, right in rows(planted, findings):
            precision = f"{right / found:.2f}" if found else "-"
            told = found or "-"
            print(f"{name:<32}{truths:>8}{told:>8}{right / truths:>8.2f}{precision:>10}")
            if name in BOUNDS:
                broken |= right < 0.7 * truths or right < BOUNDS[name] * found
        gone, kept, right, wrong = removed(size)
        print(
            f"coverage: {right} of {gone} removed facts are unsupported, and {wrong} of {kept} kept"
        )
        broken |= seconds > SECONDS or peak > GIGABYTES
    sys.exit(broken)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--command"]:
        from pytest_safescale.cli.command import main as command

        sys.exit(command(sys.argv[2:]))
    main()
