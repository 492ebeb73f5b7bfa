"""Certified thresholds of layers, read from a certificate file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import SettingsError
from pytest_safescale.layers.conservative import SCORES, Certified
from pytest_safescale.results.certificate_file import read_certificate

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["certified_thresholds"]


def certified_thresholds(path: Path, base: str, place: str) -> Certified:
    """Return what a certificate says of a base; ``place`` names key and file for people.

    Raises DatasetError for a file that is no certificate, SettingsError for one on another score.
    """
    content = read_certificate(path, named=place)
    if content["score"] not in SCORES:
        raise SettingsError(
            f"{place}: found a certificate on the score {content['score']!r}; allowed: "
            f"{', '.join(SCORES)}, which samples give"
        )
    return Certified(
        path=path,
        place=place,
        score=content["score"],
        samples=content["decoding"]["samples"],
        thresholds={
            row["condition"]: row["threshold"]
            for row in content["certificates"]
            if row["model"] == base
        },
    )
