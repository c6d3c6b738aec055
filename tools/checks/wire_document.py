"""The OpenAPI document of the wire between boxes and hub, made from the table of endpoints.

Flow: sync.protocol.ENDPOINTS -> OpenAPI 3.1 -> `python -m tools.checks.wire_document`

What people use has its own document at the running hub (`/openapi.json`). Both list the endpoints
of boxes; this one also says what a body holds and how a request is signed.
"""

import json
import re
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from sync.device_identity import (
    BOX_HEADER,
    COUNTER_HEADER,
    DATE_HEADER,
    EPOCH_HEADER,
    SIGNATURE_HEADER,
    SIGNATURE_VERSION,
)
from sync.protocol import ENDPOINTS, PROTOCOL_VERSION, Endpoint, ErrorReply

SIGNED = (BOX_HEADER, EPOCH_HEADER, COUNTER_HEADER, DATE_HEADER, SIGNATURE_HEADER)
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def wire_document() -> dict[str, Any]:
    """The whole document."""
    messages = {m for e in ENDPOINTS.values() for m in (e.request, e.reply) if m} | {ErrorReply}
    ordered = sorted(messages, key=lambda message: message.__name__)
    _, schemas = models_json_schema(
        [(message, "validation") for message in ordered],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for name, endpoint in ENDPOINTS.items():
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(name, endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tillsight: boxes and hub",
            "version": PROTOCOL_VERSION,
            "description": _SIGNING,
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "parameters": {name: _header(name) for name in SIGNED},
        },
    }


def _operation(name: str, endpoint: Endpoint) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
        for part in re.findall(r"{(\w+)", endpoint.path)
    ]
    if endpoint.authentication in ("box", "self_signed"):
        parameters += [{"$ref": f"#/components/parameters/{header}"} for header in SIGNED]
    operation: dict[str, Any] = {
        "operationId": name,
        "parameters": parameters,
        "x-authentication": endpoint.authentication,
        "x-max-bytes": endpoint.max_bytes,
        "responses": {"2XX": _reply(endpoint), "default": _content("a refusal", ErrorReply)},
    }
    if endpoint.request is not None:
        operation["requestBody"] = {**_content("", endpoint.request), "required": True}
        del operation["requestBody"]["description"]
    elif endpoint.max_bytes:
        operation["requestBody"] = {"content": BYTES, "required": True}
    return operation


def _reply(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.reply is not None:
        return _content("done", endpoint.reply)
    is_blob = endpoint.method == "GET" and endpoint.authentication == "box"
    return {"description": "done", **({"content": BYTES} if is_blob else {})}


def _content(description: str, message: type) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{message.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}


_SIGNING = (
    f"{SIGNATURE_HEADER} is the Ed25519 signature, hex, of these lines joined by a newline: "
    f"{SIGNATURE_VERSION}, method, path with query, sha256 of the body (hex), {BOX_HEADER}, "
    f"{EPOCH_HEADER}, {COUNTER_HEADER}, {DATE_HEADER}. The counter grows within an epoch. Unknown "
    "fields are kept."
)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(wire_document(), indent=1) + "\n")
