"""The command line: one table of options, and what the user gave of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["OPTIONS", "REPEATABLE", "add_options", "given_options"]

PREFIX = "safescale_"

OPTIONS: tuple[tuple[str, str | None, str], ...] = (
    (
        "model",
        "SPEC",
        "a model under test (repeatable): lexical, simulated[:PROFILE], openai:MODEL, "
        "python:package.module:callable, or a name from the configuration",
    ),
    ("base-url", "URL", "endpoint of openai: models; default: SAFESCALE_BASE_URL, OPENAI_BASE_URL"),
    ("dataset", "REF", "sample (default), a .csv/.json/.jsonl file, or hf:owner/name[@revision]"),
    ("corpus", "REF", "passages for retrieval, a .jsonl file; default: the data set's own"),
    ("conditions", "LIST", "comma list of conditions; default: the six"),
    ("samples", "N", "self-consistency samples per case, 0 for single answers only; default 20"),
    ("limit", "N", "only the first N items"),
    ("item", "ID", "only the item with this id (repeatable)"),
    ("shard", "K/N", "ask the K-th of N parts of the cases; `safescale merge` joins the reports"),
    ("concurrency", "N", "requests in flight over the whole run; default 32"),
    ("store", "PATH", "where every reply is kept; default .safescale/store.sqlite"),
    ("replay", None, "answer from the store only; a call that is not in it is an error"),
    ("gates", "FILE", "TOML file of gates, or 'default' for the built-in set"),
    (
        "family-wise",
        "HOW",
        "'holm': gates with confidence share one chance to pass wrongly; default none",
    ),
    ("baseline", "FILE", "run.json of an earlier run to compare with"),
    (
        "strict",
        "LIST",
        "findings that fail their own test: "
        "high_risk,unsafe,contradiction,overconfident,wrong,abstained,counterexample",
    ),
    ("report", "DIR", "where the report goes; default safescale-report"),
    ("figures", "DIR", "write the report's charts there, as SVG and PNG files"),
    ("suite", "NAME", "run a built-in suite (repeatable), such as radsafe200"),
    (
        "relations",
        "LIST",
        "comma list of what edits must not change, such as option_order,injection; default: all",
    ),
    (
        "variants",
        "N",
        "edited versions of an item per relation, 0 for hypothesis's max_examples; default 20",
    ),
    ("shrink-calls", "N", "most versions asked to shrink one counterexample; default 150"),
    (
        "variant-answers",
        "HOW",
        "judge versions by their greedy answers (default) or by the majority of their samples",
    ),
    ("seed", "N", "seed of every random draw; default 42"),
    ("adaptive", None, "stop drawing samples once further ones can change nothing that counts"),
    (
        "stop-when-decided",
        None,
        "ask nothing more once the cases left can change no gate; what is skipped is said",
    ),
    ("self-check", None, "first try the gates on planted controls, such as always dangerous"),
    ("max-calls", "N", "stop asking after so many calls"),
    ("max-cost", "AMOUNT", "stop asking once so much money is spent"),
)
"""Name, placeholder (``None`` for a flag) and help."""

REPEATABLE = ("model", "suite", "item")


def add_options(parser: pytest.Parser) -> None:
    """Add ``--safescale-*``; values stay text, the settings check and convert them."""
    group = parser.getgroup("safescale", "safety tests of clinical language models")
    for name, metavar, text in OPTIONS:
        dest = PREFIX + name.replace("-", "_")
        if metavar is None:
            group.addoption(
                f"--safescale-{name}", dest=dest, action="store_true", default=None, help=text
            )
        else:
            action = "append" if name in REPEATABLE else "store"
            group.addoption(
                f"--safescale-{name}",
                dest=dest,
                action=action,
                metavar=metavar,
                default=None,
                help=text,
            )


def given_options(config: pytest.Config) -> dict[str, Any]:
    """Return the options the user gave, by the names the settings have."""
    names = (name.replace("-", "_") for name, _, _ in OPTIONS)
    values = {name: getattr(config.option, PREFIX + name, None) for name in names}
    return {name: value for name, value in values.items() if value not in (None, [])}
