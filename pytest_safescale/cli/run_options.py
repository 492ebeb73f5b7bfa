"""Options of a run on a command's line, with and without ``safescale-`` before the name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection

__all__ = ["ASKING", "add_run_options"]

ASKING = (
    "base-url",
    "concurrency",
    "store",
    "replay",
    "max-age",
    "fresh",
    "max-calls",
    "max-cost",
)
"""Options that say how a model is asked."""


def add_run_options(
    command: argparse.ArgumentParser,
    names: Collection[str] | None = None,
    *,
    hidden: Collection[str] = (),
) -> None:
    """Add these options of a run, or all; ``hidden`` ones are taken and not shown."""
    from argparse import SUPPRESS

    from pytest_safescale.settings.options import OPTIONS, REPEATABLE

    for name, metavar, text in OPTIONS:
        if names is not None and name not in names:
            continue
        more: dict[str, Any] = {"help": SUPPRESS if name in hidden else text}
        more |= {"action": "store_true"} if metavar is None else {"metavar": metavar}
        if name in REPEATABLE:
            more["action"] = "append"
        command.add_argument(f"--{name}", f"--safescale-{name}", **more)
