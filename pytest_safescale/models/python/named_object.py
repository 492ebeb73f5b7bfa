"""An object of the user's code, by the module and the path in it that a table names."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["named_object"]


def named_object(module: str, path: str, root: Path) -> Any:
    """Return what a module has at a dotted path; modules are found from ``root`` on.

    ``root`` stays in front of ``sys.path``, as pytest has it: what the user's code imports later is
    found as well. Raises whatever the import of the user's code raises.
    """
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found
