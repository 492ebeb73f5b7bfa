"""Robustness: every case under every relation, each with a bounded number of edited versions.

Run it with ``pytest --safescale-suite evidence_robustness --safescale-model SPEC``, or copy it and
add assertions of your own. ``--safescale-relations``, ``--safescale-variants`` and
``--safescale-shrink-calls`` say what is tried and what it may take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_safescale import SafescaleRobustness


def test_edits_do_no_harm(safescale_robustness: SafescaleRobustness) -> None:
    """A counterexample is a finding; findings named in --safescale-strict fail."""
    safescale_robustness.judge()
