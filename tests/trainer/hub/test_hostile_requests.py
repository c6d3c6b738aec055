"""Every endpoint of people against values that nobody means: refused, never an error of ours."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes.people_hub import PeopleHub, people_hub
from trainer.store.api_tokens import Role

HOSTILE_TEXT = ("", "\x00", "../../etc/passwd", "' OR 1=1 --", "=cmd|'/c calc'!A1", "x" * 5000,
                "\u202e\ud7ff\U0001f95b")  # fmt: skip
HOSTILE_NUMBERS = (-1, 0, 2**31, 2**63, 10**40, 1.5)
WHOLE_BODIES: tuple[Any, ...] = (None, [], {}, "text", 7, [[[[]]]], {"\x00": {"\x00": []}})
ASKED = ("Request", "Patch", "TriggerPlan", "RolloutPlan", "PlannedRing")
BYTES = (b"", b"\x00" * 64, b"{", b"\xff\xd8\xff\xe0" + b"\x00" * 20, b"sku_id\n\x00\n")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleHub]:
    with people_hub(tmp_path_factory.mktemp("hub")) as opened:
        opened.ok(Role.ADMIN, "POST", "/skus", {"sku_id": "a", "names": {"en": "A"}})
        opened.ok(Role.ADMIN, "POST", "/stores", {"store_id": "a", "name": "A"})
        yield opened


@pytest.fixture(scope="module")
def document(hub: PeopleHub) -> dict[str, Any]:
    return hub.document()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/") and (method, path) != ("delete", "/api/v1/session")
    ]


def values_for(schema: dict[str, Any], document: dict[str, Any], turn: int, depth: int = 0) -> Any:
    """Something of the right form with hostile content; another for each turn."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return values_for(document["components"]["schemas"][name], document, turn, depth + 1)
    choice = schema.get("anyOf") or schema.get("oneOf")
    if choice:
        return values_for(choice[turn % len(choice)], document, turn, depth + 1)
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [""])[0])
    kind = schema.get("type")
    if kind == "object" and depth < 8:
        inside = schema.get("properties", {})
        return {name: values_for(s, document, turn + i, depth + 1)
                for i, (name, s) in enumerate(inside.items())}  # fmt: skip
    if kind == "array" and depth < 8:
        item = schema.get("items") or (schema.get("prefixItems") or [{}])[0]
        return [values_for(item, document, turn, depth + 1)] * (turn % 3)
    if kind in ("integer", "number"):
        return HOSTILE_NUMBERS[turn % len(HOSTILE_NUMBERS)]
    return HOSTILE_TEXT[turn % len(HOSTILE_TEXT)] if kind == "string" else None


def send(hub: PeopleHub, method: str, path: str, **arguments: Any) -> int:
    headers = {"Authorization": f"Bearer {hub.tokens[Role.ADMIN]}"}
    return hub.client.request(method, path, headers=headers, **arguments).status_code


def filled(path: str, value: str) -> str:
    parts = [quote(value, safe="") if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


def test_hostile_names_in_the_path_and_the_query_are_refused(
    hub: PeopleHub, document: dict[str, Any]
) -> None:
    for method, path, operation in operations(document):
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        for text in ("\x00", "..", "%", "a'b", "x" * 300, "\U0001f95b"):
            asked = dict.fromkeys(names, text)
            assert send(hub, method, filled(path, text), params=asked) < 500, (method, path, text)


def test_hostile_bodies_are_refused(hub: PeopleHub, document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        schema = content["application/json"]["schema"]
        bodies = [*WHOLE_BODIES, *(values_for(schema, document, turn) for turn in range(8))]
        for body in bodies:
            assert send(hub, method, filled(path, "a"), json=body) < 500, (method, path, body)


def test_hostile_files_are_refused(hub: PeopleHub, document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if content and "application/json" not in content:
            for data in BYTES:
                status = send(hub, method, filled(path, "a"), content=data)
                assert status < 500, (method, path, data)


def unbounded(schema: Any, where: str) -> Iterator[str]:
    """Places of whole numbers that may be as large as anybody likes."""
    if isinstance(schema, list):
        schema = {str(n): inside for n, inside in enumerate(schema)}
    if isinstance(schema, dict):
        bounds = {"maximum", "exclusiveMaximum", "enum", "const"}
        if schema.get("type") == "integer" and not bounds & set(schema):
            yield where
        for name, inside in schema.items():
            yield from unbounded(inside, f"{where}.{name}")


def test_every_number_that_a_row_takes_has_bounds(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    asked = [name for name in schemas if name.endswith(ASKED)]
    found = [place for name in asked for place in unbounded(schemas[name], name)]
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            found += unbounded(parameter["schema"], f"{method} {path} {parameter['name']}")
    assert not found
