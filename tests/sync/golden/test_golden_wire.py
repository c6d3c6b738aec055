"""The wire does not change unnoticed: bytes of every message, read and written as ever."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from sync.bundle import read_manifest
from sync.device_identity import verify_request
from sync.gallery import load_gallery
from sync.protocol import ENDPOINTS, WireMessage
from sync.update_documents import Document
from tests.sync.golden.wire_samples import (
    AT,
    SAMPLES,
    device_key,
    gallery_segment,
    sha,
    signed_headers,
)
from tools.checks.wire_document import wire_document

FOLDER = Path(__file__).parent / "wire"
NAMES = sorted(SAMPLES)
BUNDLE_ID = "319b6186f5bc787ff6eb98d50b2ab9c1e770eb9ea356772668467fb0f04bb2cc"
SEGMENT_DIGEST = "66e04c3a09792816fcb0a0afca85596ab119d0ec2db6b5856087a20d57ab397d"


def read(name: str) -> BaseModel:
    return type(SAMPLES[name]).model_validate_json((FOLDER / f"{name}.json").read_bytes())


def parts(message: BaseModel) -> Iterator[BaseModel]:
    """The message and every message inside it."""
    yield message
    for value in message.__dict__.values():
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, BaseModel):
                yield from parts(inner)


def with_the_future(value: Any) -> Any:
    """As JSON, with a field of a newer version in every message."""
    if isinstance(value, BaseModel):
        fields = {name: with_the_future(inner) for name, inner in value.__dict__.items()}
        return {**fields, "from_the_future": {"kept": [1, 2]}}
    if isinstance(value, tuple):
        return [with_the_future(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


@pytest.mark.parametrize("name", NAMES)
def test_golden_bytes_mean_what_they_meant(name: str) -> None:
    assert read(name) == SAMPLES[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_golden_field_is_known_by_its_name(name: str) -> None:
    assert [part for part in parts(read(name)) if part.model_extra] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_written_as_it_was(name: str) -> None:
    written = read(name).model_dump(mode="json", exclude_unset=True)
    assert written == json.loads((FOLDER / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_fields_of_the_future_are_kept_at_every_depth(name: str) -> None:
    future = json.dumps(with_the_future(read(name)), default=str)
    message = type(SAMPLES[name]).model_validate_json(future)
    assert all(part.model_extra == {"from_the_future": {"kept": [1, 2]}} for part in parts(message))
    again = json.loads(message.model_dump_json())
    assert again["from_the_future"] == {"kept": [1, 2]}


def test_every_message_of_the_table_has_a_golden_file() -> None:
    named = {m for e in ENDPOINTS.values() for m in (e.request, e.reply) if m}
    wanted = named | set(WireMessage.__subclasses__()) | set(Document.__subclasses__())
    assert not {kind.__name__ for kind in wanted} - {type(s).__name__ for s in SAMPLES.values()}


def test_a_manifest_keeps_its_bundle_id() -> None:
    """A new field with a default would change it, and bundles in the field would be refused."""
    assert read_manifest(FOLDER / "bundle_manifest.json").bundle_id() == BUNDLE_ID


def test_a_gallery_segment_reads_as_it_was_written() -> None:
    segment, expected = load_gallery(FOLDER / "gallery_segment.npz"), gallery_segment()
    assert (segment.embedder_id, segment.sku_ids) == (expected.embedder_id, expected.sku_ids)
    assert np.array_equal(segment.vectors, expected.vectors)
    assert np.array_equal(segment.starts, expected.starts)
    assert segment.digest() == SEGMENT_DIGEST
    with np.load(FOLDER / "gallery_segment.npz") as arrays:
        kinds = {name: arrays[name].dtype.kind for name in arrays.files}
    assert kinds == {
        "format": "i",
        "embedder_id": "U",
        "sku_ids": "U",
        "vectors": "f",
        "starts": "i",
    }


def test_a_request_is_signed_as_ever() -> None:
    headers = json.loads((FOLDER / "signed_headers.json").read_bytes())
    assert headers == signed_headers()
    claims = verify_request(
        headers, device_key().public_key, method="POST", path="/v1/check-in?x=1",
        body_sha256=sha('{"nonce": "n"}'), now=AT,
    )  # fmt: skip
    assert (claims.box_id, claims.counter, claims.sent_at.tzinfo) == ("box-7", 42, UTC)


def test_the_published_document_is_the_table() -> None:
    assert json.loads((FOLDER / "openapi.json").read_bytes()) == wire_document()
