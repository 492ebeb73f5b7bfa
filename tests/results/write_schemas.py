"""Writes the shipped JSON Schemas anew, of the shapes as they are: ``python -m`` this module."""

from __future__ import annotations

from pytest_safescale.results.schemas import SCHEMAS, made_schema, schema_path, schema_text

if __name__ == "__main__":
    for name in SCHEMAS:
        schema_path(name).parent.mkdir(exist_ok=True)
        schema_path(name).write_text(schema_text(made_schema(name)), "utf-8", newline="\n")
        print(schema_path(name))
