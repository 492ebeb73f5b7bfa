"""Data sets from the Hugging Face hub, through its own library (extra ``hf``)."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_safescale.errors import DatasetError
from pytest_safescale.items.files import ENDINGS, ending_of
from pytest_safescale.items.raw import escaped, shown

__all__ = ["fetch"]

_REF = re.compile(r"hf:(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?", re.ASCII)
_HUBS_OWN = frozenset({"dataset_infos.json"})
"""Files the hub itself writes beside the data."""


def fetch(ref: str) -> Path:
    """Return the local path of the one file of items of ``hf:owner/name[@revision]``.

    Raises DatasetError where the extra is not installed, the repository cannot be reached, or it
    has no such file or several.
    """
    named = _REF.fullmatch(ref)
    if named is None:
        raise DatasetError(f"found {shown(ref)}; allowed: hf:owner/name or hf:owner/name@revision")
    try:
        import huggingface_hub as hub
    except ImportError as error:
        raise DatasetError(f'{ref} needs: pip install "pytest-safescale[hf]"') from error
    place = {"repo_id": named["name"], "revision": named["revision"], "repo_type": "dataset"}
    try:
        file = _chosen(ref, hub.list_repo_files(**place))
        return Path(hub.hf_hub_download(filename=file, **place))
    except DatasetError:
        raise
    except Exception as error:
        # The library's errors have no common root, and its HTTP client changes with its version.
        raise DatasetError(f"{ref} cannot be fetched: {type(error).__name__}: {error}") from error


def _chosen(ref: str, files: list[str]) -> str:
    found = sorted(
        file for file in files if ending_of(file) in ENDINGS and Path(file).name not in _HUBS_OWN
    )
    if len(found) == 1:
        return found[0]
    told = ", ".join(escaped(file) for file in found) or "no such file"
    raise DatasetError(
        f"{ref}: found {told}; allowed: one file ending in {', '.join(ENDINGS)} "
        "(of several, download the one you mean and give its path)"
    )
