"""tools/bench hub-pages: how long the pages of a hub with millions of pictures take.

Flow: rows (hub_pages_rows.py) -> the hub's own endpoints over HTTP, in one process -> milliseconds

Exit code 1 with --strict where a page takes longer than the bar. `--folder` keeps the database.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from fastapi.testclient import TestClient

from tools.benchmarks.hub_pages_rows import BASKET, VERSION, Sizes, fill, picture_of, sku_of
from tools.benchmarks.report import Figure, Report, machine, publish
from trainer.config import load_hub_config
from trainer.hub.hub_app import create_hub_app
from trainer.hub.serve import open_hub_services, open_services
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import writing

BAR_MS = 500.0  # "well under a second"
NUM_ASKS = 5
Ask = Callable[[str, str], Any]
Spent = tuple[float, float]  # milliseconds of the clock, of the CPU: the latter on a busy machine


def pages_of(sizes: Sizes) -> list[tuple[str, str, str]]:
    """What is measured: name, method, path below /api/v1."""
    middle, data = sizes.pictures // 2, f"/datasets/{VERSION}"
    return [
        ("catalogue, first page", "GET", "/skus?limit=50"),
        ("catalogue, search by words", "GET", "/skus?q=family+77&limit=50"),
        ("catalogue, search by part", "GET", "/skus?q=9999&limit=50"),
        ("review, counts of the queue", "GET", "/review/queue"),
        ("review, the next case", "POST", "/cases/next"),
        ("review, people", "GET", "/review/stats"),
        ("cases, all, first page", "GET", "/cases?limit=50"),
        ("cases, new of one store", "GET", "/cases?status=new&store_id=s6&limit=50"),
        ("cases, labelled, in the middle", "GET",
         f"/cases?status=labelled&offset={sizes.cases // 4}&limit=50"),
        ("one case", "GET", f"/cases/case-{sizes.cases // 2:08d}"),
        ("data sets", "GET", "/datasets"),
        ("data set, first page", "GET", f"{data}/items?limit=100"),
        ("data set, in the middle", "GET", f"{data}/items?after={middle}&limit=100"),
        ("data set, one split, in the middle", "GET",
         f"{data}/items?split=test&after={middle}&limit=100"),
        ("data set, one store, in the middle", "GET",
         f"{data}/items?store_id=s6&after={middle}&limit=100"),
        ("data set, one SKU", "GET", f"{data}/items?sku_id={sku_of(77, sizes)}&limit=100"),
        ("why, a line of a receipt", "GET", f"/provenance/baskets/{BASKET}/lines/1"),
        ("why, back from a picture", "GET", f"/provenance/pictures/{picture_of(middle)}"),
        ("audit, newest", "GET", "/audit?limit=100"),
    ]  # fmt: skip


def time_pages(ask: Ask, pages: Sequence[tuple[str, str, str]]) -> dict[str, list[Spent]]:
    """What each page took, each asked several times; the first time counts too."""
    found: dict[str, list[Spent]] = {}
    for name, method, path in pages:
        for _ in range(NUM_ASKS):
            began, busy = time.perf_counter(), time.process_time()
            ask(method, path)
            spent = (time.perf_counter() - began, time.process_time() - busy)
            found.setdefault(name, []).append((1000 * spent[0], 1000 * spent[1]))
    return found


def hub_pages(
    images: Annotated[int, typer.Option(min=1000, help="Pictures of one version.")] = 200_000,
    folder: Annotated[Path | None, typer.Option(help="Keep the hub here; use it again.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 above the bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Milliseconds per page of a hub with so many pictures and 12,600 SKUs, on SQLite."""
    facts, sizes = machine(), Sizes(images)
    with tempfile.TemporaryDirectory() if folder is None else nullcontext(folder) as place:
        fill_s, size_mib, times = _measured(Path(place), sizes)
    figures = [
        _figure(name, [wall for wall, _ in spent], [cpu for _, cpu in spent])
        for name, spent in times.items()
    ]
    figures.append(Figure("database", round(size_mib), "MiB"))
    figures.append(Figure("rows written in", round(fill_s, 1), "s"))
    words = f"{images} pictures, {sizes.cases} cases, {sizes.skus} SKUs, SQLite"
    publish(Report("Pages of the hub", words, facts, figures=figures), as_json=as_json, out=out)
    slowest = max(wall for spent in times.values() for wall, _ in spent)
    if strict and slowest > BAR_MS:
        typer.echo(f"{slowest:.0f} ms is above the bar of {BAR_MS:.0f} ms", err=True)
        raise typer.Exit(1)


def _figure(name: str, wall: list[float], cpu: list[float]) -> Figure:
    words = f"slowest of {NUM_ASKS}: {max(wall):.1f}; CPU {median(cpu):.1f}"
    return Figure(name, round(median(wall), 1), "ms", words)


def _measured(folder: Path, sizes: Sizes) -> tuple[float, float, dict[str, list[Spent]]]:
    """Seconds to write, MiB, and the times."""
    config = folder / "hub.toml"
    config.write_text(f'schema = 1\nstate_dir = "{folder}"\n')
    is_new = not (folder / "hub.db").is_file()
    loaded = load_hub_config(config)
    services = open_services(loaded)
    began = time.perf_counter()
    if is_new:
        fill(services.engine, sizes)
    fill_s = time.perf_counter() - began
    now = datetime.now(UTC)
    with writing(services.engine) as connection:
        name = f"bench-{now.timestamp()}"
        token = create_token(connection, name, Role.ADMIN, now=now, actor="bench")
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_hub_app(services, open_hub_services(loaded, services))) as client:

        def ask(method: str, path: str) -> Any:
            body: dict[str, str] | None = {} if method == "POST" else None
            reply = client.request(method, f"/api/v1{path}", json=body, headers=headers)
            reply.raise_for_status()
            return reply.json()

        times = time_pages(ask, pages_of(sizes))
    size_mib = sum(f.stat().st_size for f in folder.glob("hub.db*")) / 2**20
    services.engine.dispose()
    return fill_s, size_mib, times
