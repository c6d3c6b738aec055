"""Writes the golden files anew: `python -m tests.sync.golden.regenerate --yes`, never by itself.

A changed file here means that boxes in shops and the hub may no longer understand each other. Add
fields, with defaults; never rename, remove or retype one within a major version.
"""

import json
import sys
from pathlib import Path

from tests.sync.golden.wire_samples import SAMPLES, gallery_segment, signed_headers
from tools.checks.wire_document import wire_document

FOLDER = Path(__file__).parent / "wire"


def main() -> int:
    """Write every file, if it was really meant."""
    if sys.argv[1:] != ["--yes"]:
        sys.stderr.write("this replaces what pins the wire; run it with --yes if that is meant\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    for name, sample in SAMPLES.items():
        text = json.dumps(sample.model_dump(mode="json"), indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n")
    (FOLDER / "signed_headers.json").write_text(json.dumps(signed_headers(), indent=1) + "\n")
    (FOLDER / "gallery_segment.npz").write_bytes(gallery_segment().to_bytes())
    (FOLDER / "openapi.json").write_text(json.dumps(wire_document(), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
