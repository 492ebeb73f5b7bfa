"""The JSON Schemas of run.json and cases.jsonl: made of the typed shapes, shipped as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pytest_safescale.results.case_record import CaseRecord
from pytest_safescale.results.conclusion import SCHEMA_VERSION
from pytest_safescale.results.run_content import RunContent

__all__ = ["SCHEMAS", "made_schema", "schema_path", "schema_text"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SHIPPED = Path(__file__).parent / "schemas"
_SHAPES: dict[str, tuple[Any, str]] = {
    "run": (RunContent, "run.json of pytest-safescale"),
    "cases": (CaseRecord, "A line of cases.jsonl of pytest-safescale"),
}
SCHEMAS = tuple(_SHAPES)
"""What there are schemas of."""


def made_schema(name: str) -> dict[str, Any]:
    """Return the schema as the typed shapes of today make it.

    Keys that it does not name are allowed: files of later versions may have more.
    """
    shape, title = _SHAPES[name]
    made = TypeAdapter(shape).json_schema(mode="validation")
    return {
        "$schema": DIALECT,
        "$id": f"urn:pytest-safescale:{name}:{SCHEMA_VERSION}",
        **made,
        "title": title,
    }


def schema_path(name: str) -> Path:
    """Return the file that comes with the package; its name has the version of the shape."""
    return _SHIPPED / f"{name}-{SCHEMA_VERSION}.schema.json"


def schema_text(schema: dict[str, Any]) -> str:
    """Return a schema as its file holds it."""
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
