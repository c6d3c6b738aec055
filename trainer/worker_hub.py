"""How a worker speaks to the hub: HTTPS with a token, patient with a link that breaks.

Flow: job leased, kept, logged, finished ; artefacts, data sets, bundles <-> this machine's disk

What is fetched is resumed where it stopped and hashed before it counts (sync/blob_download.py).
A hub that says no is not asked again; one that cannot be reached is, with growing pauses.
"""

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sync.blob_download import HubBlobs, RetryPolicy
from sync.blob_store import BlobStore, file_digest
from sync.bundle import MANIFEST_NAME, BundleManifest, open_bundle
from sync.errors import TransportError
from sync.http_pool import HttpSettings, HubHttp
from trainer.dataset.manifest import DatasetManifest, read_manifest
from trainer.errors import DegradedError
from trainer.steps.dataset_folder import MANIFEST_NAME as DATASET_MANIFEST
from trainer.steps.dataset_folder import picture_path

PART_BYTES = 4 * 1024 * 1024  # what the hub takes at once
MAX_REPLY_BYTES = 64 * 1024 * 1024
DEADLINE_S = 120.0
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0)  # a hub that restarts is back by then
LINK_STATUS = frozenset({429, 500, 502, 503, 504})


class HubRefusal(DegradedError):  # noqa: N818 - what it is called everywhere else here
    """The hub said no; `status` and `code` say how."""

    code = "worker.refused"

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        message = str(told.get("message") or told.get("detail") or "no reason given")
        super().__init__(f"{status}: {message[:500]}", hint=str(told.get("hint", "")))
        self.status, self.said = status, str(told.get("code", ""))

    @property
    def is_lease_lost(self) -> bool:
        """The job is not ours any more."""
        return self.said in ("job.lease_lost", "not_found") or self.status == 404


class WorkerHub:
    """One worker's connection and its store of fetched blobs."""

    def __init__(
        self, hub: str, token: str, ca_file: Path | None, folder: Path, *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._hub, self._sleep = hub.rstrip("/"), sleep
        settings = HttpSettings(ca_file=ca_file, user_agent="tillsight-worker", gap_timeout_s=60.0)
        bearer = {"Authorization": f"Bearer {token}"}
        self._settings, self._bearer = settings, bearer
        self._threads = threading.local()  # the heartbeat never waits for an upload's connection
        self.store = BlobStore(folder / "blobs")
        self._folder = folder

    @property
    def _http(self) -> HubHttp:
        """This thread's connection."""
        if not hasattr(self._threads, "http"):
            self._threads.http = HubHttp(self._settings, lambda method, path, body: self._bearer)
        found: HubHttp = self._threads.http
        return found

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, tries: int = 8
    ) -> Any:
        """JSON of one request below /api/v1.

        Raises:
            HubRefusal: the hub said no.
            TransportError: it could not be reached, `tries` times.
        """
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        raw, _ = self._request(method, f"/api/v1{path}", data, headers, tries)
        return json.loads(raw) if raw else None

    def fetch_bytes(self, path: str) -> bytes:
        """A document below /api/v1."""
        return self._request("GET", f"/api/v1{path}", b"", {}, len(PAUSES_S))[0]

    def fetch_artifact(self, sha256: str) -> Path:
        """An artefact in the store of this machine.

        Raises:
            HubRefusal: there is none, or it may not be read.
        """
        _, headers = self._request("HEAD", f"/api/v1/artifacts/{sha256}", b"", {}, len(PAUSES_S))
        if headers.get("upload-complete") != "?1":
            raise HubRefusal(404, {"message": f"no artefact {sha256[:12]}", "code": "not_found"})
        return self._fetch_blob(sha256, int(headers["upload-offset"]))

    def upload(self, path: Path, sha256: str) -> None:
        """Make a file an artefact; goes on where an earlier attempt stopped.

        Raises:
            HubRefusal: it may not be written.
        """
        address = f"/api/v1/artifacts/{sha256}"
        _, headers = self._request("HEAD", address, b"", {}, len(PAUSES_S))
        total = path.stat().st_size
        if headers.get("upload-complete") == "?1":
            return
        offset = min(int(headers["upload-offset"]), total)
        with path.open("rb") as stream:
            stream.seek(offset)
            while True:
                part = stream.read(PART_BYTES)
                place = {"Upload-Offset": str(offset), "Upload-Length": str(total)}
                self._request("PUT", address, part, place, len(PAUSES_S))
                offset += len(part)
                if offset >= total:
                    return

    def upload_bytes(self, data: bytes) -> str:
        """Make bytes an artefact; their sha256."""
        sha256 = self.store.put(data)
        self.upload(self.store.path(sha256), sha256)
        return sha256

    def upload_file(self, path: Path) -> str:
        """Make a file an artefact; its sha256."""
        sha256 = file_digest(path)
        self.upload(path, sha256)
        return sha256

    def send_bundle(self, folder: Path) -> str:
        """Make a bundle's files and its manifest artefacts; its id.

        Raises:
            BundleError: it is not whole.
            HubRefusal: it may not be written.
        """
        bundle = open_bundle(folder)
        for entry in bundle.manifest.files:
            self.upload(folder / entry.path, entry.sha256)
        return self.upload_bytes(bundle.manifest.canonical())

    def fetch_bundle(self, bundle_id: str) -> Path:
        """A bundle's folder on this machine, verified; its manifest is an artefact by its id."""
        folder = self._folder / "bundles" / bundle_id
        if (folder / MANIFEST_NAME).is_file():
            open_bundle(folder)
            return folder
        raw = self.fetch_artifact(bundle_id).read_bytes()
        manifest = BundleManifest.model_validate_json(raw)
        scratch = folder.with_name(f".new-{bundle_id}")
        shutil.rmtree(scratch, ignore_errors=True)
        for entry in manifest.files:
            target = scratch / entry.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._fetch_blob(entry.sha256, entry.size), target)
        (scratch / MANIFEST_NAME).write_bytes(raw)
        open_bundle(scratch)
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
        return folder

    def fetch_dataset(self, version_id: str, tell: Callable[[int, int], None]) -> Path:
        """A data set's folder on this machine; pictures that are here are not fetched again.

        Raises:
            HubRefusal: no such version, or a picture of it is gone.
        """
        folder = self._folder / "datasets" / version_id
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        raw = self.fetch_artifact(version_id).read_bytes()  # in parts, goes on where it stopped
        manifest = read_manifest(raw, version_id=version_id)
        pictures = _pictures(manifest)
        for number, picture in enumerate(pictures):
            target = picture_path(folder, picture)
            if not _is(target, picture):
                data = self.fetch_bytes(f"/datasets/{version_id}/pictures/{picture}")
                if hashlib.sha256(data).hexdigest() != picture:
                    raise HubRefusal(422, {"message": f"picture {picture[:12]} is another"})
                target.write_bytes(data)
            tell(number + 1, len(pictures))
        (folder / DATASET_MANIFEST).write_bytes(raw)
        return folder

    def _fetch_blob(self, sha256: str, size: int) -> Path:
        retry = RetryPolicy(max_failures=len(PAUSES_S), base_s=0.2, cap_s=15.0)
        blobs = HubBlobs(
            self._http, f"{self._hub}/api/v1/artifacts", self.store, retry=retry, sleep=self._sleep
        )
        return blobs.fetch(sha256, size)

    def _request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], tries: int
    ) -> tuple[bytes, Mapping[str, str]]:
        for pause_s in (*PAUSES_S[: max(0, tries - 1)], None):
            try:
                return self._once(method, path, body, headers)
            except TransportError:
                if pause_s is None:
                    raise
                self._sleep(pause_s)
        raise AssertionError("unreachable")

    def _once(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[bytes, Mapping[str, str]]:
        address = self._hub + path
        with self._http.request(
            method, address, deadline_s=DEADLINE_S, body=body, headers=headers
        ) as reply:
            if reply.status in LINK_STATUS:
                reply.raise_for_status()
            said = {name.lower(): value for name, value in reply.headers.items()}
            raw = b"" if method == "HEAD" else reply.read(MAX_REPLY_BYTES)
            if 200 <= reply.status < 300:
                return raw, said
        try:
            told = json.loads(raw)
        except ValueError:
            told = {}
        raise HubRefusal(reply.status, told if isinstance(told, dict) else {})


def _pictures(manifest: DatasetManifest) -> list[str]:
    return sorted({item.picture for item in manifest.items})


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
