"""Tries a bundle on its golden frames, in a process of its own: a hang or a crash ends only this.

Flow: directory -> load_models, golden frames -> one line of JSON -> bundles process

Idle priority and one thread, so the sale never waits for it. Judges nothing: self_test.py does.
"""

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

from edge.errors import EdgeError
from edge.perception.models import load_models
from edge.perception.open_backend import BackendOptions
from edge.processes.golden_run import run_golden
from edge.processes.worker import resident_mib
from sync.bundle import Bundle, open_bundle
from sync.errors import SyncError

IDLE_NICE = 19
MAX_HEAP_BYTES = 4 << 30  # a hog ends here, not the box
BASE_MIB, MEMORY_FACTOR = 150, 6  # Python, runtime; weights are held about six times while loading
PASS_LIMIT_S = 120.0  # at idle priority a pass waits for everybody; bundles_process ends a hang


def main() -> int:
    """Entry of `python -m edge.processes.golden_child`; 0 where an answer was printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--providers", default="cpu", help="short names, comma separated")
    arguments = parser.parse_args()
    os.nice(IDLE_NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_HEAP_BYTES, MAX_HEAP_BYTES))
    sys.stdout.write(json.dumps(try_bundle(arguments.directory, arguments.providers)) + "\n")
    return 0


def try_bundle(directory: Path, providers: str = "cpu") -> dict[str, object]:
    """What the golden frames say here: `is_passed` and a line for people."""
    started = time.monotonic()
    try:
        bundle = open_bundle(directory)
        if problem := memory_problem(bundle, available_mib()):
            return {"is_passed": False, "summary": problem}
        options = BackendOptions(providers=tuple(providers.split(",")), timeout_s=PASS_LIMIT_S)
        models = load_models(bundle, options)
        load_s = time.monotonic() - started
        result = run_golden(bundle, models)
    except (EdgeError, SyncError) as err:
        return {"is_passed": False, "summary": f"{err.code}: {err}"}
    per_frame_ms = (time.monotonic() - started - load_s) * 1000 / max(result.num_frames, 1)
    summary = (
        f"{result.summary()}; loaded in {load_s:.1f} s, {per_frame_ms:.0f} ms per frame, "
        f"{resident_mib():.0f} MiB on {models.provider}"
    )
    return {"is_passed": result.is_passed, "summary": summary}


def memory_problem(bundle: Bundle, free_mib: float) -> str:
    """Why the bundle does not fit into memory beside the one that serves; empty where it does."""
    needed_mib = BASE_MIB + MEMORY_FACTOR * sum(f.size for f in bundle.manifest.files) / 2**20
    if needed_mib <= free_mib:
        return ""
    return f"bundle.memory: needs about {needed_mib:.0f} MiB, {free_mib:.0f} are free"


def available_mib() -> float:
    """Memory that can be had without swapping."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(float(li.split()[1]) / 1024 for li in lines if li.startswith("MemAvailable"))


if __name__ == "__main__":
    sys.exit(main())
