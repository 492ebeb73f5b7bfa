"""``safescale certify``: a threshold on confidence with a guarantee, from earlier runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.out_file import check_place, writing
from pytest_safescale.cli.output import Output
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.results.certificate import CertificateFile

__all__ = ["HELP", "add_options", "run"]

HELP = "a threshold on confidence with a guarantee on danger"
_OUT = Path("certified.json")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the runs, the guarantee, the score, the split, and where the certificate goes."""
    command.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="report folder or run.json"
    )
    command.add_argument(
        "--risk", required=True, metavar="METRIC", help="the danger, such as high_risk_error_rate"
    )
    command.add_argument(
        "--max", required=True, type=float, metavar="R", help="the highest danger allowed"
    )
    command.add_argument(
        "--delta", type=float, default=0.05, metavar="D", help="chance to be wrong; default 0.05"
    )
    command.add_argument(
        "--over",
        choices=("answered", "all"),
        default="answered",
        help="danger of the answered cases (the default), or of all",
    )
    command.add_argument(
        "--score",
        default="agreement",
        metavar="NAME",
        help="what the threshold is on: agreement (the default), entropy, logprob or layer:NAME",
    )
    command.add_argument(
        "--calibration",
        type=float,
        default=0.5,
        metavar="S",
        help="share of the items that calibrate; default 0.5",
    )
    command.add_argument(
        "--seed", type=int, default=42, metavar="N", help="of the split; default 42"
    )
    command.add_argument(
        "--model", action="append", metavar="NAME", help="this model alone (repeatable)"
    )
    command.add_argument("--conditions", metavar="LIST", help="these conditions alone")
    command.add_argument(
        "--out", type=Path, default=_OUT, metavar="FILE", help=f"the certificate; default {_OUT}"
    )


def run(given: argparse.Namespace) -> Output:
    """Write the certificate; returns it in words, and 1 where a cell has no threshold that holds.

    Raises UsageError for options or runs that cannot be used, and writes nothing then.
    """
    from pytest_safescale.analysis.certificates import Demand
    from pytest_safescale.report.certificate_lines import certificate_lines
    from pytest_safescale.results.baseline import read_baseline
    from pytest_safescale.results.certificate import KIND
    from pytest_safescale.runs.certify import COMMAND, Request, certificates_of

    for option in ("max", "delta", "calibration"):
        if not 0.0 < getattr(given, option) < 1.0:
            found = f"--{option}: found {getattr(given, option):g}"
            raise SettingsError(f"{found}; allowed: a fraction such as 0.05, above 0 and below 1")
    request = Request(
        risk=given.risk,
        score=given.score,
        demand=Demand(bound=given.max, delta=given.delta, over=given.over),
        share=given.calibration,
        seed=given.seed,
        models=given.model or (),
        conditions=() if given.conditions is None else given.conditions.split(","),
    )
    check_place(given.out, option="--out", kind=KIND, word="certificate")
    runs = [read_baseline(path, option=COMMAND) for path in given.runs]
    content = certificates_of(runs, request)
    _write(given.out, content)
    lines = [*certificate_lines(content), f"Written: {given.out}"]
    lacking = any(one["threshold"] is None for one in content["certificates"])
    return Output(lines, 1 if lacking else 0)


def _write(path: Path, content: CertificateFile) -> None:
    text = json.dumps(content, indent=1, allow_nan=False)
    with writing(path):
        path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
