"""`python -m trainer.steps run NAME --inputs a=DIR b=FILE --params '{}' --out DIR`.

Every step runs alone like this, on any machine that has its inputs; the worker does nothing else.
Exit codes: 0 done, 2 wrong use, 4 the step refused.
"""

import argparse
import logging
import sys
from pathlib import Path

from trainer.errors import TrainerError
from trainer.parent_watch import end_with_parent
from trainer.steps.run_step import place_result, read_parameters, run_step
from trainer.steps.step_cache import StepCache
from trainer.steps.step_key import code_closure, environment_lock
from trainer.steps.step_table import STEPS, step_named
from trainer.steps.step_voice import StepVoice

REFUSED = 4


def main(arguments: list[str] | None = None) -> int:
    """Run a command."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("onnx_ir").setLevel(logging.ERROR)  # a line per renamed tensor
    if options.die_with_parent:
        end_with_parent()
    try:
        return _run(options) if options.command == "run" else _tell(options)
    except TrainerError as err:
        sys.stderr.write(f"{err.code}: {err}\n  {err.hint}\n")
        return REFUSED


def _run(options: argparse.Namespace) -> int:
    inputs = {name: Path(path) for name, _, path in (i.partition("=") for i in options.inputs)}
    cache = StepCache(options.cache or options.out.parent / ".step_cache")
    result = run_step(options.name, inputs, read_parameters(options.params), cache, StepVoice())
    if result.damage:
        sys.stderr.write(f"the cached result was damaged ({result.damage}) and was made again\n")
    place_result(result, options.out)
    return 0


def _tell(options: argparse.Namespace) -> int:
    if options.command == "environment":
        lines = environment_lock()
    elif options.command == "code":
        lines = sorted(code_closure(step_named(options.name).module))
    else:
        lines = [f"{name}: {', '.join(step.inputs)}" for name, step in STEPS.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer.steps", description=__doc__)
    parser.add_argument("--die-with-parent", action="store_true", help="end when stdin closes")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run one step")
    run.add_argument("name", help="of the table")
    run.add_argument("--inputs", nargs="*", default=[], metavar="NAME=PATH")
    run.add_argument("--params", default="{}", help="JSON, or a file with it")
    run.add_argument("--out", type=Path, required=True, help="folder of the result; replaced")
    run.add_argument("--cache", type=Path, help="results of this machine; beside --out by default")
    commands.add_parser("list", help="steps and their inputs")
    code = commands.add_parser("code", help="modules whose source is part of a step's key")
    code.add_argument("name")
    commands.add_parser("environment", help="packages whose versions are part of every key")
    return parser


if __name__ == "__main__":
    sys.exit(main())
