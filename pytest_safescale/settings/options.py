"""The one table of options: those of a run, on pytest's command line and on ``safescale plan``."""

from __future__ import annotations

__all__ = ["OPTIONS", "REPEATABLE"]

OPTIONS: tuple[tuple[str, str | None, str], ...] = (
    (
        "model",
        "SPEC",
        "a model under test (repeatable): lexical, simulated[:PROFILE], openai:MODEL, "
        "python:package.module:callable, or a name from the configuration",
    ),
    ("base-url", "URL", "endpoint of openai: models; default: SAFESCALE_BASE_URL, OPENAI_BASE_URL"),
    (
        "dataset",
        "REF",
        "sample (default), a file (.csv, .tsv, .json, .jsonl, .parquet), "
        "or hf:owner/name[:config][:split][@revision]",
    ),
    (
        "shape",
        "NAME",
        "the published shape of the data set: medqa, medmcqa, mmlu, mmlu_pro, pubmedqa, "
        "medxpertqa, radsafe200",
    ),
    (
        "labels",
        "RULE",
        "how raters' votes make labels: majority (default), any or all",
    ),
    ("corpus", "REF", "passages for retrieval, a .jsonl file; default: the data set's own"),
    (
        "corpus-repair",
        "PLAN",
        "what `safescale audit --repair` wrote: conditions that retrieve are asked over the "
        "repaired corpus too, as standard_rag_repaired beside standard_rag",
    ),
    ("conditions", "LIST", "comma list of conditions; default: the six"),
    (
        "prompts",
        "LIST",
        "comma list of prompt profiles, such as plain,uncertain,verify; default: plain "
        "(in the configuration: the key profiles)",
    ),
    ("samples", "N", "self-consistency samples per case, 0 for single answers only; default 20"),
    ("limit", "N", "only the first N items"),
    ("item", "ID", "only the item with this id (repeatable)"),
    ("shard", "K/N", "ask the K-th of N parts of the cases; `safescale merge` joins the reports"),
    (
        "shard-by",
        "WHAT",
        "'models': as many shards for each model, each with that model alone; default 'items'",
    ),
    ("concurrency", "N", "requests in flight over the whole run; default 32"),
    ("store", "PATH", "where every reply is kept; default .safescale/store.sqlite"),
    ("replay", None, "answer from the store only; a call that is not in it is an error"),
    (
        "batch",
        None,
        "ask openai: models by their endpoint's batch API: at its price, and in rounds that take "
        "minutes to hours",
    ),
    ("max-age", "AGE", "ask again for stored replies that are older, such as 7d (s, m, h, d, w)"),
    ("fresh", None, "ask again for every reply that was stored before this run"),
    ("gates", "FILE", "TOML file of gates, 'default' for the built-in set, 'none' for none"),
    (
        "family-wise",
        "HOW",
        "'holm': gates with confidence share one chance to pass wrongly, as the default set does; "
        "'none': each has its own, as gates of one's own do",
    ),
    ("baseline", "FILE", "run.json of an earlier run to compare with"),
    ("anchor", "FILE", "run.json of a run that stays, such as the first release, to tell drift"),
    ("lock", "FILE", "what `safescale lock` fixed: a run that differs from it is refused"),
    ("ledger", "FILE", "where each attempt under the lock is put down, and the earlier are read"),
    (
        "sealed",
        "HOW",
        "'open': ask about the sealed items too, once under a lock with a ledger; default closed",
    ),
    (
        "strict",
        "LIST",
        "findings that fail their own test: "
        "high_risk,unsafe,contradiction,overconfident,wrong,unreadable,abstained,counterexample",
    ),
    ("report", "DIR", "where the report goes; default safescale-report"),
    ("cases", "FORMAT", "'parquet': write the cases as cases.parquet too; default jsonl"),
    ("figures", "DIR", "write the report's charts there: SVG files, and PNG with the extra png"),
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
    (
        "reader",
        "MODEL",
        "a second model that reads what the rules cannot; its readings are counted and checked",
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
    (
        "rate-share",
        "SHARE",
        "the part of the models' limits a minute that this run may use, such as 0.25; default 1",
    ),
    ("otel", None, "a span of each call for OpenTelemetry, sent as the variables OTEL_* say"),
)
"""Name, placeholder (``None`` for a flag) and help."""
REPEATABLE = ("model", "suite", "item")
"""Options that may be given several times."""
