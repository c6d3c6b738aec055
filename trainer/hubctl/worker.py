"""hubctl worker: run a worker on this machine; see that the workers live."""

import logging
import socket
from pathlib import Path
from typing import Annotated

import typer

from trainer.hubctl.hub_session import (
    DEFAULT_CA,
    DEFAULT_HUB,
    DEFAULT_TOKEN,
    CaOption,
    HubCall,
    HubOption,
    TokenFileOption,
    with_hub,
)
from trainer.ray_workers import HubAddress, RayPlan, run_on_ray
from trainer.worker import Worker, WorkerOptions, leaving_on_signals
from trainer.worker_hub import WorkerHub
from trainer.worker_jobs import KINDS

app = typer.Typer(no_args_is_help=True, help="Machines that do the jobs.")

DEFAULT_STATE = Path("/var/lib/tillsight/worker")


@app.command("run")
def run(
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    state: Annotated[
        Path, typer.Option(help="Folder of this worker: cache, data.")
    ] = DEFAULT_STATE,
    name: Annotated[str, typer.Option(help="As the hub shows it; the host's by default.")] = "",
    kinds: Annotated[str, typer.Option(help="Kinds of jobs, comma separated; all of them.")] = "",
    gpus: Annotated[str, typer.Option(help="Its device numbers, comma separated.")] = "",
    lease_s: Annotated[
        int, typer.Option(min=5, max=600, help="Silence after which a job runs elsewhere.")
    ] = 30,
    poll_s: Annotated[float, typer.Option(min=0.05, help="Between looks at an empty queue.")] = 2.0,
    idle_s: Annotated[float, typer.Option(min=0, help="Leave after so long without a job.")] = 0.0,
    max_jobs: Annotated[int, typer.Option(min=0, help="Leave after so many; 0 never.")] = 0,
    max_hours: Annotated[float, typer.Option(min=0, help="Leave after so long at work.")] = 0.0,
    threads: Annotated[int, typer.Option(min=1, help="Of each child.")] = 1,
    index: Annotated[str, typer.Option(help="Where packages of jobs are installed from.")] = "",
) -> None:
    """Lease jobs and do them, until told to leave."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    trusted = ca or (DEFAULT_CA if DEFAULT_CA.is_file() else None)
    speaker = WorkerHub(hub, token_file.read_text().strip(), trusted, state)
    options = WorkerOptions(
        name=name or socket.gethostname(),
        kinds=tuple(kinds.split(",")) if kinds else KINDS,
        gpus=tuple(int(number) for number in gpus.split(",") if number),
        lease_s=lease_s, poll_s=poll_s, idle_s=idle_s, max_jobs=max_jobs,
        max_work_s=max_hours * 3600, threads=threads, index=index,
    )  # fmt: skip
    worker = Worker(speaker, state, options)
    with leaving_on_signals(worker):
        typer.echo(f"worker {options.name} ends: {worker.run()}")


@app.command("ray")
def ray(
    num: Annotated[int, typer.Option(min=1, help="How many workers.")] = 1,
    address: Annotated[
        str, typer.Option(help="Of the cluster; `local` starts one on this machine.")
    ] = "auto",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    state: Annotated[
        Path, typer.Option(help="Folder of each worker, on its node.")
    ] = DEFAULT_STATE,
    name: Annotated[str, typer.Option(help="As the hub shows it, with a number.")] = "ray",
    kinds: Annotated[str, typer.Option(help="Kinds of jobs, comma separated; all of them.")] = "",
    cpus: Annotated[int, typer.Option(min=1, help="That Ray keeps for each.")] = 1,
    gpus: Annotated[int, typer.Option(min=0, help="That Ray keeps for each.")] = 0,
    idle_s: Annotated[float, typer.Option(min=0, help="Leave after so long without a job.")] = 60.0,
    max_hours: Annotated[float, typer.Option(min=0, help="Leave after so long at work.")] = 0.0,
) -> None:
    """Workers on a Ray cluster (extra `ray`), until all have left."""
    trusted = ca or (DEFAULT_CA if DEFAULT_CA.is_file() else None)
    options = WorkerOptions(
        name, kinds=tuple(kinds.split(",")) if kinds else KINDS, idle_s=idle_s,
        max_work_s=max_hours * 3600, threads=cpus,
    )  # fmt: skip
    place = HubAddress(hub, token_file.read_text().strip(), trusted.read_text() if trusted else "")
    plan = RayPlan("" if address == "local" else address, num, cpus, gpus)
    for line in run_on_ray(place, state, options, plan):
        typer.echo(f"worker {line}")


@app.command("send-bundle")
def send_bundle(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    state: Annotated[Path, typer.Option(help="Folder for what is under way.")] = DEFAULT_STATE,
) -> None:
    """Make a bundle's files and manifest artefacts, so that workers and the gate can fetch it."""
    trusted = ca or (DEFAULT_CA if DEFAULT_CA.is_file() else None)
    speaker = WorkerHub(hub, token_file.read_text().strip(), trusted, state)
    typer.echo(speaker.send_bundle(bundle))


@app.command("check")
@with_hub
def check(session: HubCall) -> None:
    """Enqueue a tiny job that any worker can do; `hubctl job` shows who did it."""
    reply = session.api("POST", "/jobs", {"kind": "worker.check"})
    session.say(reply, f"job {reply['job_id']} waits")
