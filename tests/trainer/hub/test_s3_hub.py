"""A hub whose blobs lie in a real S3 server: a case, an artefact with ranges, a sweep, a backup."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.case_sender import BOX_A, CaseSender
from tests.fakes.people_hub import PeopleHub, people_hub
from tests.fakes.s3_server import ACCESS, SECRET
from trainer.config import HubConfigError, load_hub_config
from trainer.hub.serve import open_blobs
from trainer.s3_bucket import Bucket, BucketError
from trainer.store import s3_blobs
from trainer.store.api_tokens import Role
from trainer.store.blobs import UploadDigestError
from trainer.store.s3_blobs import S3Blobs

DATA = os.urandom(300_000)
NAME = hashlib.sha256(DATA).hexdigest()


def settings(endpoint: str, folder: Path, prefix: str = "hub") -> str:
    secret = folder / "s3.toml"
    secret.write_text(f'access_key_id = "{ACCESS}"\nsecret_access_key = "{SECRET}"\n')
    secret.chmod(0o600)
    return (
        f'blobs_url = "s3://tillsight/{prefix}"\nblobs_endpoint = "{endpoint}"\n'
        f'blobs_credentials_file = "{secret}"\nblobs_cache_mib = 1\n'
    )


@pytest.fixture
def hub(s3_endpoint: str, tmp_path: Path) -> Iterator[PeopleHub]:
    with people_hub(tmp_path, extra=settings(s3_endpoint, tmp_path)) as opened:
        yield opened


@pytest.fixture
def blobs(s3_endpoint: str, tmp_path: Path) -> S3Blobs:
    bucket = Bucket("s3://tillsight/alone", s3_endpoint, "us-east-1", ACCESS, SECRET)
    return S3Blobs(tmp_path / "blobs", bucket, cache_mib=1)


def forget_cache(folder: Path) -> None:
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        path.unlink()


def test_a_case_and_an_artefact_go_through_the_bucket(hub: PeopleHub, tmp_path: Path) -> None:
    jpeg = CaseSender(hub).send("case-0002", (BOX_A, (("milk", 610),)))
    headers = {"Authorization": f"Bearer {hub.tokens[Role.TRAINER]}",
               "Upload-Length": str(len(DATA))}  # fmt: skip
    path = f"/api/v1/artifacts/{NAME}"
    for begin in (0, 200_000):
        part = DATA[begin : begin + 200_000]
        reply = hub.client.put(path, content=part, headers={**headers, "Upload-Offset": str(begin)})
        assert reply.is_success, reply.text
    forget_cache(tmp_path / "hub" / "updates" / "blobs")
    ranged = hub.client.get(path, headers={**headers, "Range": "bytes=150000-150099"})
    assert (ranged.status_code, ranged.content) == (206, DATA[150_000:150_100])
    shown = hub.ok(Role.REVIEWER, "GET", "/cases/case-0002")["pictures"][0]["url"]
    picture = hub.call(Role.REVIEWER, "GET", shown.removeprefix("/api/v1"))
    assert picture.content == jpeg
    report = hub.ok(Role.OPERATOR, "POST", "/blobs-sweep")
    assert (report["num_blobs"], report["num_doomed"]) == (2, 0)


def test_a_part_survives_a_restart_and_a_wrong_whole_is_dropped(blobs: S3Blobs) -> None:
    assert blobs.append(NAME, 0, DATA[:1000], total=len(DATA)).offset == 1000
    assert not blobs.has(NAME)
    assert blobs.progress(NAME).offset == 1000
    wrong = DATA[1000:-1] + b"?"
    with pytest.raises(UploadDigestError):
        blobs.append(NAME, 1000, wrong, total=len(DATA))
    assert (blobs.has(NAME), blobs.progress(NAME).offset) == (False, 0)


def test_what_is_read_is_kept_below_the_limit_but_not_what_was_just_read(
    blobs: S3Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [blobs.put(os.urandom(400_000)) for _ in range(4)]
    kept = list((tmp_path / "blobs").glob("[0-9a-f][0-9a-f]/*"))
    assert len(kept) == 4
    monkeypatch.setattr(s3_blobs, "KEEP_S", -1.0)
    forget_cache(tmp_path / "blobs")
    assert [hashlib.sha256(blobs.path(n).read_bytes()).hexdigest() for n in names[:1]] == names[:1]
    for name in names:
        blobs.path(name)
    assert len(list((tmp_path / "blobs").glob("[0-9a-f][0-9a-f]/*"))) == 2
    assert set(names) <= set(blobs.names())
    blobs.forget(names[0])
    assert not blobs.has(names[0])
    assert blobs.remove_if_old(names[1], 3600) is False
    assert blobs.remove_if_old(names[1], 0) is True
    with pytest.raises(FileNotFoundError):
        blobs.path(names[1])


def test_a_bucket_that_is_away_is_an_error_with_a_hint_and_no_secret(tmp_path: Path) -> None:
    bucket = Bucket("s3://tillsight", "http://127.0.0.1:9", "us-east-1", ACCESS, SECRET)
    away = S3Blobs(tmp_path / "blobs", bucket, cache_mib=1)
    with pytest.raises(BucketError) as told:
        away.has(NAME)
    assert SECRET not in f"{told.value} {told.value.hint} {bucket}"


def test_credentials_that_others_may_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text(
        f'schema = 1\nstate_dir = "{tmp_path}"\n' + settings("http://127.0.0.1:9", tmp_path)
    )
    (tmp_path / "s3.toml").chmod(0o644)
    with pytest.raises(HubConfigError, match="others may read"):
        open_blobs(load_hub_config(path))
