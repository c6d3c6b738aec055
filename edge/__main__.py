"""`python -m edge --config F`: read the configuration, start the supervisor.

Exit codes: 0 stopped in order, 1 could not start, 2 the configuration is wrong.
"""

import argparse
import logging
import sys
import threading
from pathlib import Path

from edge.config_file import read_config
from edge.errors import ConfigError
from edge.processes.supervisor import Supervisor, SupervisorError, plan_children
from edge.processes.worker import (
    EXIT_CONFIG,
    EXIT_FAILED,
    EXIT_OK,
    catch_signals,
    print_config_error,
    set_up_logging,
)

DEFAULT_CONFIG = Path("/etc/tillsight/edge.toml")

logger = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Run the box until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m edge", description="Run the box.")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the box's TOML file")
    parser.add_argument("--check", action="store_true", help="only read the configuration")
    arguments = parser.parse_args(argv)
    try:
        config = read_config(arguments.config)
    except ConfigError as err:
        print_config_error(err)
        return EXIT_CONFIG
    if arguments.check:
        return EXIT_OK
    set_up_logging(config.log_level, "supervisor")
    stopping = threading.Event()
    catch_signals(stopping)
    plans = plan_children(config, arguments.config.absolute())
    try:
        supervisor = Supervisor(plans, config.paths.run_dir, config.supervisor)
    except SupervisorError as err:
        logger.error("box not started: %s; hint: %s", err, err.hint)  # noqa: TRY400
        return EXIT_FAILED
    supervisor.run(stopping)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
