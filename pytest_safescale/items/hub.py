"""Data sets from the Hugging Face hub, through its own library (extra ``hf``)."""

from __future__ import annotations

from pathlib import Path

from pytest_safescale.errors import DatasetError
from pytest_safescale.items.files import ENDINGS

__all__ = ["fetch"]


def fetch(name: str) -> Path:
    """Return the local path of the one file of items of ``owner/name[@revision]``."""
    try:
        import huggingface_hub
    except ImportError as error:
        raise DatasetError(
            f"hf:{name} needs an extra: pip install 'pytest-safescale[hf]'"
        ) from error
    repository, _, revision = name.partition("@")
    try:
        files = huggingface_hub.list_repo_files(
            repository, repo_type="dataset", revision=revision or None
        )
    except Exception as error:
        raise DatasetError(
            f"hf:{name} cannot be listed: {type(error).__name__}: {error}"
        ) from error
    candidates = sorted(file for file in files if file.lower().endswith(ENDINGS))
    if len(candidates) != 1:
        found = ", ".join(candidates) or "none"
        raise DatasetError(
            f"hf:{name}: found {found}; allowed: one file ending in {', '.join(ENDINGS)} "
            "(download the one you mean and give its path)"
        )
    try:
        local = huggingface_hub.hf_hub_download(
            repository, candidates[0], repo_type="dataset", revision=revision or None
        )
    except Exception as error:
        raise DatasetError(
            f"hf:{name}: {candidates[0]} cannot be fetched: {type(error).__name__}: {error}"
        ) from error
    return Path(local)
