"""Writes a JSON Schema for each view of the page from openapi.yaml to docs/reference/schemas: `schemas.py [--check]`.

Needs PyYAML. With --check nothing is written, and a file that differs is an error.
"""

import json
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/reference/schemas"
# File, path of the API description.
VIEWS = {
    "budgets": "/v1/budgets", "dashboard": "/v1/dashboard", "decision": "/v1/decisions/{id}", "decisions": "/v1/decisions",
    "keys": "/v1/keys", "quality": "/v1/quality", "runs": "/v1/runs", "whatif": "/v1/whatif",
}
PREFIX = "#/components/schemas/"


def used(schema, schemas, found):
    """The names of all schemas that a schema refers to."""
    if isinstance(schema, list):
        for element in schema:
            used(element, schemas, found)
    elif isinstance(schema, dict):
        name = schema.get("$ref", "")
        if name.startswith(PREFIX) and name[len(PREFIX):] not in found:
            found.add(name[len(PREFIX):])
            used(schemas[name[len(PREFIX):]], schemas, found)
        for value in schema.values():
            used(value, schemas, found)
    return found


def document(description, path):
    operation = description["paths"][path]["get"]
    answer = operation["responses"]["200"]
    if "$ref" in answer:
        answer = description["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = answer["content"]["application/json"]["schema"]
    schemas = description["components"]["schemas"]
    names = sorted(used(schema, schemas, set()))
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"GET {path}",
        "description": operation["summary"], **schema, "$defs": {name: schemas[name] for name in names}}
    return json.dumps(whole, indent=2).replace(PREFIX, "#/$defs/") + "\n"


def main():
    description = yaml.safe_load((ROOT / "Sources/Server/Pages/openapi.yaml").read_text())
    FOLDER.mkdir(exist_ok=True)
    stale = []
    for name, path in VIEWS.items():
        text, file = document(description, path), FOLDER / f"{name}.json"
        if "--check" not in sys.argv:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            stale.append(str(file.relative_to(ROOT)))
    if stale:
        sys.exit(f"FAILED: not as openapi.yaml has it: {', '.join(stale)}: run {Path(__file__).name}")


if __name__ == "__main__":
    main()
