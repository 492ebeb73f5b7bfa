"""The source files of a Python application: its modules, and what they import of its own."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["application_sources", "hash_of_sources"]

_INSTALLED = ("site-packages", "dist-packages")


def hash_of_sources(modules: Iterable[str], root: Path, *, version: str = "") -> str:
    """Return a hash of the files of these modules and of those they import, and of a version."""
    digest = hashlib.sha256()
    for path in application_sources(modules, root):
        digest.update(path.read_bytes())
    digest.update(version.encode("utf-8", "replace"))
    return digest.hexdigest()[:16]


def application_sources(modules: Iterable[str], root: Path) -> list[Path]:
    """Return the files of these modules and of those they import, wherever in their code.

    Followed are modules under ``root`` and in the packages of the modules themselves, so that the
    list is the same in every process; installed libraries and files that are no Python are not.
    """
    waiting = list(dict.fromkeys(modules))
    packages = {name.partition(".")[0] for name in waiting}
    seen: set[str] = set()
    files: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        path = _file(name)
        if path is None or not _is_own(path, name.partition(".")[0] in packages, root):
            continue
        files[name] = path
        # The packages above a module run before it.
        waiting += [*_imported(path, name), name.rpartition(".")[0]]
    return [files[name] for name in sorted(files)]


def _file(module: str) -> Path | None:
    loaded = getattr(sys.modules.get(module), "__file__", None)
    if loaded is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, AttributeError, TypeError, ValueError):
            return None  # a name of a module, and no module
        loaded = spec.origin if spec is not None else None
    path = Path(loaded) if loaded else None
    return path if path is not None and path.suffix == ".py" and path.is_file() else None


def _is_own(path: Path, of_package: bool, root: Path) -> bool:
    if of_package:
        return True
    installed = any(part in _INSTALLED for part in path.parts)
    return not installed and path.resolve().is_relative_to(root.resolve())


def _imported(path: Path, module: str) -> Iterator[str]:
    """Give the names that a file imports, also within functions; a name may be no module."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    kept = parts[: len(parts) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])
