"""Writes the TypeScript twin of the hub's HTTP interface.

Flow: create_hub_app().openapi() -> trainer/hub/web/src/api_types.ts

Only what people call; the boxes' half has sync/protocol.py. `--check` compares; a test does too.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trainer.config import HubConfig
from trainer.hub.hub_app import create_hub_app
from trainer.hub.serve import open_services

TARGET = Path("trainer/hub/web/src/api_types.ts")
HEADER = """// What people's half of the hub takes and answers. Generated from OpenAPI by
// `python -m tools.checks.api_types`; do not edit.
"""
PLAIN = {
    "string": "string", "integer": "number", "number": "number", "boolean": "boolean",
    "null": "null",
}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
Schema = dict[str, Any]


def api_types() -> str:
    """The whole file."""
    document = openapi_document()
    paths = {p: item for p, item in document["paths"].items() if not _is_for_boxes(item)}
    routes = [_route(path, method, item[method]) for path, method, item in _operations(paths)]
    schemas = document.get("components", {}).get("schemas", {})
    used = _reachable(" ".join(routes), schemas)
    twins = [_declare(name, schemas[name]) for name in sorted(used)]
    table = "export interface Routes {\n" + "".join(routes) + "}\n"
    return "\n".join([HEADER, *twins, table])


def openapi_document() -> Schema:
    """The document of a hub over an empty database."""
    with TemporaryDirectory() as folder:
        config = HubConfig.model_validate({"schema": 1, "state_dir": folder})
        services = open_services(config)
        document: Schema = create_hub_app(services).openapi()
        services.engine.dispose()
    return document


def _is_for_boxes(item: Schema) -> bool:
    return any("edge" in item[method].get("tags", ()) for method in METHODS if method in item)


def _operations(paths: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path in sorted(paths):
        for method in METHODS:
            if method in paths[path]:
                yield path, method, paths[path]


def _route(path: str, method: str, operation: Schema) -> str:
    parts = {
        "path": _parameters(operation, "path"),
        "query": _parameters(operation, "query"),
        "body": _body(operation),
        "reply": _reply(operation),
    }
    rows = "".join(f"    {name}: {text};\n" for name, text in parts.items())
    return f'  "{method.upper()} {path}": {{\n{rows}  }};\n'


def _parameters(operation: Schema, place: str) -> str:
    found = [p for p in operation.get("parameters", ()) if p["in"] == place]
    if not found:
        return "undefined"
    rows = [
        f"{_key(p['name'])}{'' if p.get('required') else '?'}: {_type(p['schema'])}" for p in found
    ]
    return "{ " + "; ".join(rows) + " }"


def _body(operation: Schema) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        return _type(content[JSON]["schema"])
    if "multipart/form-data" in content:
        return "FormData"
    return "Blob" if content else "undefined"


def _reply(operation: Schema) -> str:
    for status, answer in sorted(operation["responses"].items()):
        if status.startswith("2"):
            content = answer.get("content", {})
            return _type(content[JSON]["schema"]) if JSON in content else "undefined"
    return "undefined"


def _declare(name: str, schema: Schema) -> str:
    safe = _name(name)
    note = f"/** {schema['description'].splitlines()[0]} */\n" if schema.get("description") else ""
    if schema.get("type") == "object" and "properties" in schema:
        required = set(schema.get("required", ()))
        rows = [
            f"  readonly {_key(key)}{'' if key in required else '?'}: {_type(value)};"
            for key, value in schema["properties"].items()
        ]
        return f"{note}export interface {safe} {{\n" + "\n".join(rows) + "\n}\n"
    return f"{note}export type {safe} = {_type(schema)};\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"].rsplit("/", 1)[1])
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(part) for part in schema[several]))
    if len(schema.get("allOf", ())) == 1:
        return _type(schema["allOf"][0])
    return _by_kind(schema)


def _by_kind(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array" and "prefixItems" in schema:
        return "readonly [" + ", ".join(_type(part) for part in schema["prefixItems"]) + "]"
    if kind == "array":
        return f"readonly ({_type(schema.get('items', {}))})[]"
    if kind == "object":
        patterns = [*schema.get("patternProperties", {}).values()]
        inner = patterns[0] if patterns else schema.get("additionalProperties")
        return f"Readonly<Record<string, {_type(inner) if isinstance(inner, dict) else 'unknown'}>>"
    return PLAIN.get(str(kind), "unknown")


def _reachable(text: str, schemas: Schema) -> set[str]:
    """Schemas that a text of types names, and those that they name."""
    names = {_name(name): name for name in schemas}
    found: set[str] = set()
    waiting = [text]
    while waiting:
        for word in re.findall(r"\w+", waiting.pop()):
            if word in names and names[word] not in found:
                found.add(names[word])
                waiting.append(_declare(word, schemas[names[word]]))
    return found


def _name(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _key(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> int:
    """`python -m tools.checks.api_types [--check]`."""
    parser = argparse.ArgumentParser(description="Write the TypeScript twin of the hub's API.")
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    arguments = parser.parse_args()
    target = Path(__file__).resolve().parent.parent.parent / TARGET
    if arguments.check:
        is_current = target.read_text() == api_types()
        print(f"{TARGET}: {'current' if is_current else 'stale: python -m tools.checks.api_types'}")
        return 0 if is_current else 1
    target.write_text(api_types())
    print(f"{TARGET}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
