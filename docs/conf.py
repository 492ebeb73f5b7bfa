"""The documentation as a site: Sphinx, as most Python libraries of the field have it."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

import pytest_safescale

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parents[1]
LIVE = ROOT / "build" / "live"
"""Where ``docs/live_report.py`` leaves the report of a run."""

project = "pytest-safescale"
copyright = "the authors of pytest-safescale"  # noqa: A001, Sphinx's name for it
version = release = installed("pytest-safescale")
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "pytest-safescale"
html_copy_source = False
html_show_sphinx = False
html_extra_path = [str(LIVE)] if LIVE.is_dir() else []
exclude_patterns = ["pictures"]
myst_heading_anchors = 4
"""The anchors that hosting sites make of headings: links are the same there and here."""
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"exclude-members": "model_config"}
python_use_unqualified_type_names = True
nitpicky = True
# What stands in other libraries or in modules that may change has no page here.
nitpick_ignore_regex = [("py:.*", r"(?!pytest_safescale\.\w+$).*")]


def setup(app: Sphinx) -> None:
    """Have types lead to the names that users import, and long signatures cut."""
    app.connect("missing-reference", _public_name)
    app.connect("autodoc-process-signature", _short_signature)


def _short_signature(
    _app: Sphinx, _what: str, _name: str, described: object, _options: object, *_: object
) -> tuple[str, None] | None:
    """Leave out the long signature of a model of pydantic: its fields stand below it one by one."""
    is_model = isinstance(described, type) and issubclass(described, BaseModel)
    return ("(...)", None) if is_model else None


def _public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> nodes.reference | None:
    """Resolve a public name that a signature gives bare, or by the module that it stands in."""
    module, _, name = str(node.get("reftarget")).rpartition(".")
    ours = not module or module.partition(".")[0] == "pytest_safescale"
    if not ours or name not in pytest_safescale.__all__:
        return None
    python = env.get_domain("py")
    target = f"pytest_safescale.{name}"
    found = python.resolve_any_xref(env, node["refdoc"], app.builder, target, node, shown)
    return found[0][1] if found else None
