"""Runs a captured script again as a run of the hub: `python -m trainer.tracked_script`.

Flow: code folder + entry + values -> track() inside the script belongs to that run
"""

import argparse
import json
import runpy
import sys
from pathlib import Path

from trainer.parent_watch import end_with_parent
from trainer.tracking import Attachment, attach


def main(arguments: list[str] | None = None) -> int:
    """Run the script as `__main__`, with its own arguments."""
    parser = argparse.ArgumentParser(prog="python -m trainer.tracked_script", description=__doc__)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--folder", type=Path, required=True, help="of the run; made")
    parser.add_argument("--values", default="{}", help="parameters that differ, JSON")
    parser.add_argument("--die-with-parent", action="store_true")
    parser.add_argument("entry", type=Path, help="the script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if options.die_with_parent:
        end_with_parent()
    attach(Attachment(options.run_id, options.folder, json.loads(options.values)))
    sys.argv = [str(options.entry), *options.arguments]
    sys.path.insert(0, str(options.entry.resolve().parent))
    runpy.run_path(str(options.entry), run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
