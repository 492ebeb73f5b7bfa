"""A certificate file read back, and whether it is about a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from pytest_safescale.analysis.answer_scores import (
    OF_LAYER,
    RISKS,
    SCORES,
    decoding_mode_of,
    is_score,
)
from pytest_safescale.analysis.certificates import ALL, ANSWERED
from pytest_safescale.analysis.metrics import SINGLE
from pytest_safescale.cells import PLAIN, is_repaired, split_condition
from pytest_safescale.errors import DatasetError, SettingsError
from pytest_safescale.gates.certified_thresholds import CertifiedThresholds
from pytest_safescale.results.certificate import (
    BY_CLUSTER,
    KIND,
    SCHEMA_VERSION,
    UNITS,
    CertificateFile,
)
from pytest_safescale.results.checked import read_own_file
from pytest_safescale.results.manifest_facts import changed_values, fact
from pytest_safescale.results.profile_rows import conditions_with_profiles, profile_hashes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_models import ModelRow

__all__ = [
    "ALIKE",
    "REPAIR",
    "GateCertificates",
    "model_identity",
    "read_certificate",
    "require_certified",
]

ALIKE = (
    *("data set", "clusters", "corpus", "ranker"),
    *("prompt", "agent's prompt", "decoding", "rule for labels"),
)
"""What runs must have in common to be certified together, and to be held by the certificate."""
REPAIR = "corpus repair"
"""What runs to be certified together must have in common too; it concerns repaired cells alone."""
_OF_MODEL: Final = ("name", "provider", "model", "revision", "identity", "nature", "shaping")
_OF_SAMPLES: Final = ("samples", "adaptive", "sample_temperature")
"""Parts of the decoding that a single answer does not depend on."""
_FRACTIONS: Final = ("bound", "delta")


def read_certificate(path: Path, *, named: str) -> CertificateFile:
    """Return the content of a certificate file; ``named`` is what the user gave, and the path.

    Raises DatasetError for a file that cannot be read or is no certificate.
    """
    found = read_own_file(
        path,
        CertificateFile,
        named=named,
        kind=KIND,
        version=SCHEMA_VERSION,
        word="certificate",
        writer="safescale certify",
    )
    _check_words(found, named)
    _check_numbers(found, named)
    _check_rows(found, named)
    return found


class GateCertificates:
    """The certificates that gates name, each file read once."""

    def __init__(self) -> None:
        self._contents: dict[str, CertificateFile] = {}

    def read(self, path: str) -> CertifiedThresholds:
        """Return what a gate takes from a certificate; raises DatasetError where there is none."""
        if path not in self._contents:
            self._contents[path] = read_certificate(Path(path), named=f"gate's certified: {path}")
        content = self._contents[path]
        return CertifiedThresholds(
            score=content["score"],
            risk=content["risk"],
            over=content["over"],
            bound=content["bound"],
            by_cluster=content["split"]["by"] == BY_CLUSTER,
            calibration=content["split"]["calibration"],
            seed=content["split"]["seed"],
            thresholds={
                (row["model"], row["condition"]): row["threshold"]
                for row in content["certificates"]
            },
            served={one["name"]: one.get("served", []) for one in content["models"]},
        )

    def require(self, gates: Iterable[Gate], manifest: Manifest) -> None:
        """Raise SettingsError for a gate whose certificate is not about the cells it is about.

        ``manifest`` is as ``require_certified`` takes it, with the run's conditions.
        """
        models = [model["name"] for model in manifest["models"]]
        conditions = conditions_with_profiles(manifest)
        for gate in gates:
            if gate.certified is not None:
                require_certified(
                    self._contents[gate.certified],
                    manifest,
                    gate.cells(models, conditions),
                    named=f"gate {gate.called!r}: {gate.certified}",
                )


def _check_words(content: CertificateFile, named: str) -> None:
    """Refuse names that mean nothing here."""
    words: dict[str, tuple[str, Collection[str]]] = {
        "risk": (content["risk"], RISKS),
        "over": (content["over"], (ANSWERED, ALL)),
        "split.by": (content["split"]["by"], UNITS),
    }
    if not is_score(content["score"]):
        words["score"] = content["score"], (*SCORES, f"{OF_LAYER}NAME")
    for key, (found, known) in words.items():
        if found not in known:
            raise DatasetError(f"{named}, {key}: found {found!r}; allowed: {', '.join(known)}")


def _check_numbers(content: CertificateFile, named: str) -> None:
    """Refuse what is no fraction: a threshold that is no number would let every case answer."""
    stated: dict[str, float | None] = {key: content[key] for key in _FRACTIONS}
    stated["split.calibration"] = content["split"]["calibration"]
    for key, value in stated.items():
        if value is None or not 0.0 < value < 1.0:
            raise DatasetError(f"{named}, {key}: found {value}; allowed: above 0 and below 1")
    for row in content["certificates"]:
        threshold = row["threshold"]
        if threshold is not None and not 0.0 <= threshold <= 1.0:
            raise DatasetError(f"{named}, threshold: found {threshold}; allowed: 0 to 1, or null")


def _check_rows(content: CertificateFile, named: str) -> None:
    """Refuse what certifies nothing, one cell twice, or a threshold that rests on no item."""
    rows = content["certificates"]
    if not rows:
        raise DatasetError(f"{named}, certificates: found none; allowed: at least one")
    cells = [(row["model"], row["condition"]) for row in rows]
    if twice := [cell for cell in cells if cells.count(cell) > 1]:
        raise DatasetError(f"{named}: found {', '.join(twice[0])} twice; allowed: once")
    for row in rows:
        if row["calibration_items"] < 1:
            raise DatasetError(
                f"{named}, calibration_items: found {row['calibration_items']}; allowed: at least 1"
            )


def require_certified(
    certificate: CertificateFile,
    manifest: Manifest,
    cells: Collection[tuple[str, str]],
    *,
    named: str,
) -> None:
    """Raise SettingsError, in one sentence, for a certificate that is not about these cells.

    ``manifest`` is what a run states before its first call: data set, corpus, ranker, prompts,
    decoding, rule for labels and models. ``cells`` are the (model, condition) that it is used for;
    each must be certified, or refused a threshold, there. ``named`` is the option or key, and path.
    """
    if told := "; ".join(_otherwise(certificate, manifest)):
        raise SettingsError(
            f"{named} is not about this run: {told}; allowed: what safescale certify made of runs "
            "like this one"
        )
    known = {(row["model"], row["condition"]) for row in certificate["certificates"]}
    if strangers := [cell for cell in cells if cell not in known]:
        there = "; ".join(", ".join(cell) for cell in sorted(known))
        raise SettingsError(
            f"{named}: found no certificate of {', '.join(strangers[0])}; allowed: {there}"
        )
    if any(is_repaired(split_condition(condition)[0]) for _, condition in cells) and (
        fact(cast("Manifest", certificate), REPAIR) != fact(manifest, REPAIR)
    ):
        raise SettingsError(
            f"{named} is about a corpus that another plan repaired than this run's; allowed: a "
            "certificate of runs with the same plan"
        )
    asked, certified = profile_hashes(manifest), profile_hashes(cast("Manifest", certificate))
    for profile in dict.fromkeys(split_condition(condition)[1] for _, condition in cells):
        if profile in asked and asked[profile] != certified.get(profile) and profile != PLAIN:
            raise SettingsError(
                f"{named} is about other texts of the prompt profile {profile} than this run's; "
                "allowed: a certificate of the same texts"
            )
    ours = _by_name(manifest.get("models", ()))
    theirs = _by_name(certificate["models"])
    for name in dict.fromkeys(model for model, _ in cells):
        if ours.get(name) != theirs.get(name):
            values = changed_values(ours.get(name), theirs.get(name))
            raise SettingsError(
                f"{named} is about another model {name} than this run{values}; allowed: a "
                "certificate of the same model"
            )


def model_identity(stated: ModelRow) -> ModelRow:
    """Return what tells a model from another of its name, as it stands in a file."""
    found: Any = {key: stated[key] for key in _OF_MODEL if key in stated}
    return cast("ModelRow", json.loads(json.dumps(found)))


def _by_name(models: Collection[ModelRow]) -> dict[str, ModelRow]:
    return {one["name"]: model_identity(one) for one in models}


def _otherwise(certificate: CertificateFile, manifest: Manifest) -> Iterator[str]:
    """Say what the runs behind a certificate were asked with, and this one is not."""
    stated = cast("Manifest", certificate)
    for name in ALIKE:
        if name in ("corpus", "ranker") and name not in certificate:
            continue  # older than these keys
        there, here = fact(stated, name), fact(manifest, name)
        if name == "decoding":
            there, here = (_drawn(one, certificate["score"]) for one in (there, here))
        if there != here:
            yield f"it has another {name}{_told(name, stated, manifest, there, here)}"


def _told(name: str, stated: Manifest, manifest: Manifest, there: object, here: object) -> str:
    """Return what both have, in brackets; of a data set the names."""
    if name == "data set":
        names = [one.get("dataset", {}).get("name") for one in (manifest, stated)]
        return changed_values(*names)
    return changed_values(here, there)


def _drawn(decoding: object, score: str) -> object:
    """Return the decoding without what the score does not depend on; seeds are as good as any."""
    if not isinstance(decoding, dict):
        return decoding
    left_out = {"seed", *(_OF_SAMPLES if decoding_mode_of(score) == SINGLE else ())}
    found: Mapping[str, object] = {
        key: value for key, value in decoding.items() if key not in left_out
    }
    return found
