"""Tries a bundle on its golden frames, in a process of its own: a hang or a crash ends only this.

Flow: directory -> load_models, golden frames -> one line of JSON -> bundles process

Idle priority and one thread, so the sale never waits for it. Judges nothing: self_test.py does.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from edge.errors import EdgeError
from edge.perception.models import load_models
from edge.perception.open_backend import BackendOptions
from edge.processes.golden_run import run_golden
from edge.processes.worker import resident_mib
from sync.bundle import open_bundle
from sync.errors import SyncError

IDLE_NICE = 19
PASS_LIMIT_S = 120.0  # at idle priority a pass waits for everybody; bundles_process ends a hang


def main() -> int:
    """Entry of `python -m edge.processes.golden_child`; 0 where an answer was printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--providers", default="cpu", help="short names, comma separated")
    arguments = parser.parse_args()
    os.nice(IDLE_NICE)
    sys.stdout.write(json.dumps(_answer(arguments.directory, arguments.providers)) + "\n")
    return 0


def _answer(directory: Path, providers: str) -> dict[str, object]:
    started = time.monotonic()
    try:
        bundle = open_bundle(directory)
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


if __name__ == "__main__":
    sys.exit(main())
