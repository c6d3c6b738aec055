"""Workers on a Ray cluster: as many as asked, placed by Ray, each with its own node's disk.

Flow: plan -> one Ray task per worker -> Worker.run() on some node -> why each ended

An extra: `pip install tillsight[ray]`, on the nodes too. Ray only finds room: it chooses the node
and the devices, starts a lost worker again, and an autoscaler adds nodes for those that wait. Jobs,
leases, data and results go between hub and worker as everywhere; a job of a lost node runs again
when its lease ends. No disk is shared, and only text and numbers are given to a task.
"""

import dataclasses
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import DegradedError
from trainer.worker import Worker, WorkerOptions
from trainer.worker_hub import WorkerHub

CA_NAME = "hub.crt"


class RayMissingError(DegradedError):
    """Ray is not here, or its cluster is not."""

    code = "worker.ray"


@dataclass(frozen=True, slots=True)
class RayPlan:
    """How much room the workers get.

    Attributes:
        address: of a cluster ("auto": the one this machine is of); empty starts one here.
        num_cpus, num_gpus: of each worker; Ray keeps so many for it.
        max_restarts: of a worker whose node or process was lost.
    """

    address: str = "auto"
    num_workers: int = 1
    num_cpus: int = 1
    num_gpus: int = 0
    max_restarts: int = 3


@dataclass(frozen=True, slots=True)
class HubAddress:
    """What a worker needs to reach the hub, as text that can go to another machine."""

    url: str
    token: str
    certificate: str = ""


def run_on_ray(hub: HubAddress, folder: Path, options: WorkerOptions, plan: RayPlan) -> list[str]:
    """Start the workers and wait until all have left; why each did.

    Args:
        folder: of each worker, on the node it runs on; its name is added.

    Raises:
        RayMissingError: Ray is not installed, or there is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody else
    try:
        import ray
    except ImportError as err:
        raise RayMissingError("Ray is not installed", hint="install tillsight[ray]") from err
    try:
        if plan.address:
            ray.init(address=plan.address, log_to_driver=False)
        else:
            ray.init(
                num_cpus=plan.num_workers * plan.num_cpus, include_dashboard=False,
                log_to_driver=False,
            )  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError) as err:
        raise RayMissingError(
            f"no Ray cluster at {plan.address or 'this machine'}: {err}", hint="ray start --head"
        ) from err
    try:
        task = ray.remote(_work).options(
            num_cpus=plan.num_cpus, num_gpus=plan.num_gpus, max_retries=plan.max_restarts,
        )  # fmt: skip
        told = dataclasses.asdict(options)
        given = dataclasses.asdict(hub)
        waiting = [
            task.remote(given, str(folder / f"{options.name}-{n}"),
                        {**told, "name": f"{options.name}-{n}"})
            for n in range(plan.num_workers)
        ]  # fmt: skip
        return [str(line) for line in ray.get(waiting)]
    finally:
        ray.shutdown()


def _work(hub: Mapping[str, str], folder: str, options: Mapping[str, Any]) -> str:
    """On a node: one worker from its first lease to its end."""
    import ray

    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    ca_file = None
    if hub["certificate"]:
        ca_file = place / CA_NAME
        ca_file.write_text(hub["certificate"])
    gpus = tuple(int(number) for number in ray.get_gpu_ids())
    chosen = WorkerOptions(**{
        **options, "kinds": tuple(options["kinds"]), "gpus": gpus,
        "name": f"{options['name']}@{socket.gethostname()}",
    })  # fmt: skip
    worker = Worker(WorkerHub(hub["url"], hub["token"], ca_file, place), place, chosen)
    return f"{chosen.name}: {worker.run()}"
