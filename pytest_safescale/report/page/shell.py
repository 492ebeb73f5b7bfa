"""What every page shares: the templates, a strict policy and text that stays text."""

from __future__ import annotations

import base64
import hashlib
import sys
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pytest_safescale.analysis.metrics import SELF_CONSISTENCY, SINGLE
from pytest_safescale.report import rate_words, wording
from pytest_safescale.report.page.method_references import reference
from pytest_safescale.report.page.worst_sentences import question_words
from pytest_safescale.report.plain_words import in_words
from pytest_safescale.text.escaping import isolated, plain, shorten
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2.bccache import Bucket

__all__ = ["CompiledTemplates", "page_parts", "render_page"]

_STYLES = ("base", "first", "charts", "cases", "narrow", "print")
"""Files of ``templates/styles/``, a later one after what it may change."""


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps compiled templates as Python keeps compiled modules, and where it may write them.

    What is kept is of one source and one Python, as Jinja checks it.
    """

    def __init__(self, folder: Path) -> None:
        """``folder`` need not be there, nor be one that can be written to."""
        super().__init__(str(folder), f"%s.{sys.implementation.cache_tag}.template")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take over what is kept; nothing where it cannot be read."""
        with suppress(OSError, EOFError, UnpicklingError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, unless Python is told to write no bytecode."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(parents=True, exist_ok=True)
                super().dump_bytecode(bucket)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pytest_safescale.report.page"),
        autoescape=True,
        bytecode_cache=CompiledTemplates(Path(cache_from_source(__file__)).parent),
        finalize=_isolated,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        exact=_exact,
        difference_span=rate_words.difference_span,
        figure_words=rate_words.figure_words,
        in_words=in_words,
        mode=_mode,
        p=_p_value,
        points=rate_words.points,
        question_words=question_words,
        reach_words=rate_words.reach_words,
        shorten=shorten,
        words=words,
    )
    environment.globals.update(reference=reference)
    return environment


def _isolated(value: Any) -> Any:
    """Return a value as the page shows it; what is markup already stays."""
    return isolated(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _exact(value: str) -> Markup:
    """Return a value for an attribute that the script compares: nothing is added to it."""
    return escape(plain(value))


def _mode(regime: str) -> str:
    """Return which answers a decoding mode takes, in words."""
    return {SINGLE: "single", SELF_CONSISTENCY: "majority of samples"}.get(regime, words(regime))


def _p_value(value: float | None) -> str:
    if value is None:
        return wording.NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def render_page(template: str, **content: Any) -> str:
    """Render a template of this folder: all but Markup is escaped, unseen characters are seen."""
    return _environment().get_template(template).render(**content)


def page_parts(*, scripts: Sequence[str] = (), forms: bool = False) -> dict[str, Markup]:
    """Return style, script and the policy that allows these two and nothing else.

    ``forms`` of a page lead back to where it came from.
    """
    style = "\n".join(_source(f"styles/{name}.css") for name in _STYLES)
    code = "\n".join(map(_source, scripts))
    policy = [
        "default-src 'none'",
        f"style-src '{_hash(style)}'",
        f"script-src '{_hash(code)}'" if scripts else "script-src 'none'",
        "img-src data:",
        "base-uri 'none'",
        f"form-action '{'self' if forms else 'none'}'",
    ]
    return {
        "style": Markup(style),  # noqa: S704 - a file of this package
        "script": Markup(code),  # noqa: S704 - a file of this package
        "policy": Markup("; ".join(policy)),  # noqa: S704 - made of constants and hashes
    }


def _source(name: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
