"""Data sets from the Hugging Face hub, through its own library (extra ``hf``)."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.files import ENDINGS, ending_of
from pytest_safescale.dataset.raw_record import escaped, shown
from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["REFERENCE", "fetch"]

REFERENCE = "hf:owner/name[:config][:split][@revision]"
"""How a data set of the hub is named."""

_REF = re.compile(
    r"hf:(?P<name>[\w.-]+/[\w.-]+)(?P<parts>(?::[\w./ -]+){0,2})(?:@(?P<revision>[\w./-]+))?",
    re.ASCII,
)
_HUBS_OWN = frozenset({"dataset_infos.json"})
"""Files the hub itself writes beside the data."""
_CARD = "README.md"
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
"""Names of splits, by what they mean."""
_WORD = re.compile(r"[^\W_]+")
_MOST_NAMED = 20

Parts = dict[tuple[str, str], list[str]]
"""Files by configuration and split."""


def fetch(ref: str) -> list[Path]:
    """Return the local paths of the files of ``hf:owner/name[:config][:split][@revision]``.

    Raises DatasetError where the extra is not installed, the repository cannot be reached, or what
    is named is none of its parts, or several.
    """
    named = _REF.fullmatch(ref)
    if named is None:
        raise DatasetError(f"found {shown(ref)}; allowed: {REFERENCE}")
    try:
        import huggingface_hub as hub
    except ImportError as error:
        raise DatasetError(f'{ref} needs: pip install "pytest-safescale[hf]"') from error
    place: Mapping[str, Any] = {
        "repo_id": named["name"],
        "revision": named["revision"],
        "repo_type": "dataset",
    }
    words = [part.strip() for part in named["parts"].split(":")[1:]]
    try:
        files = hub.list_repo_files(**place)
        card: Mapping[str, Any] = {}
        if _CARD in files:
            card = hub.metadata_load(Path(hub.hf_hub_download(filename=_CARD, **place))) or {}
        chosen = _chosen(ref, words, files, _declared(card.get("configs"), files))
        return [Path(hub.hf_hub_download(filename=file, **place)) for file in chosen]
    except DatasetError:
        raise
    except Exception as error:
        # The library's errors have no common root, and its HTTP client changes with its version.
        raise DatasetError(f"{ref} cannot be fetched: {type(error).__name__}: {error}") from error


def _chosen(ref: str, words: Sequence[str], files: Sequence[str], declared: Parts) -> list[str]:
    data = [f for f in files if ending_of(f) in ENDINGS and Path(f).name not in _HUBS_OWN]
    if len(words) == 1 and words[0] in data:
        return list(words)
    parts = declared or _by_name(data)
    fitting = [part for part in parts if _is_meant(words, part)]
    if len(fitting) == 1:
        return sorted(parts[fitting[0]])
    if not parts:
        raise DatasetError(
            f"{ref}: found no such file; allowed: one file ending in {', '.join(ENDINGS)}"
        )
    told = ", ".join(escaped(":".join(filter(None, part))) for part in sorted(parts)[:_MOST_NAMED])
    more = f" and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
    found = "several parts" if fitting else "no such part"
    raise DatasetError(f"{ref}: found {found}; allowed: {REFERENCE}, one of {told}{more}")


def _is_meant(words: Sequence[str], part: tuple[str, str]) -> bool:
    """Say whether a part is what the words name: nothing, a configuration, a split, or both."""
    config, split = part
    if len(words) == 2:
        return words[0] == config and _meaning(words[1]) == _meaning(split)
    return not words or words[0] == config or _meaning(words[0]) == _meaning(split)


def _meaning(split: str) -> str:
    return _SPLITS.get(split.casefold(), split)


def _declared(configs: object, files: Sequence[str]) -> Parts:
    """Return the parts that the card of a data set declares."""
    found: Parts = {}
    for config in configs if isinstance(configs, list) else []:
        name = str(config.get("config_name") or "") if isinstance(config, dict) else ""
        for split, pattern in _patterns(config.get("data_files") if name else None):
            matching = [f for f in files if fnmatch(f, pattern) and ending_of(f) in ENDINGS]
            found.setdefault((name, split), []).extend(matching)
    return {part: matching for part, matching in found.items() if matching}


def _patterns(data_files: object) -> Iterator[tuple[str, str]]:
    """Yield split and pattern of each entry, in any of the forms that a card may have."""
    entries = data_files if isinstance(data_files, list) else [data_files]
    for entry in entries:
        if isinstance(entry, str):
            yield "", entry
        elif isinstance(entry, dict):
            pairs = [(entry["split"], entry["path"])] if "path" in entry else list(entry.items())
            for split, paths in pairs:
                for path in paths if isinstance(paths, list) else [paths]:
                    yield str(split), str(path)


def _by_name(files: Sequence[str]) -> Parts:
    """Return the parts by the names of files: ``CONFIG/test-00000-of-00001.parquet``."""
    found: Parts = {}
    for file in files:
        path = PurePosixPath(file)
        folders = [part for part in path.parts[:-1] if part != "data"]
        words = [word for part in (*folders, path.stem) for word in _WORD.findall(part)]
        split = next((word for word in reversed(words) if word.casefold() in _SPLITS), "")
        named = [part for part in folders if part.casefold() not in _SPLITS]
        config = "/".join(named) if split else "/".join([*named, path.name])
        found.setdefault((config, split), []).append(file)
    return found
