"""A hub process with people, boxes, catalogue, cases, a judged model; hands for its dashboard."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sync.bundle import open_bundle
from tests.fakes.golden_cases import BUNDLE, golden_scenes, send_golden_case, upload_sealed
from tests.fakes.hub_process import HubProcess, hub_process
from tests.fakes.people_hub import PASSWORD
from tests.fakes.signing_hub import make_repository, open_repository

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
NUM_CASES = 21
STORE = {
    "store_id": "s1",
    "name": "Main street",
    "currency": "EUR",
    "channel": "s1",
    "tax_rates": {"standard": 1900, "reduced": 700},
}
TROUBLE: dict[str, Any] = {
    "verdict": "degraded",
    "reasons": ["camera.lost"],
    "bundles": {"active": "3f9c2a7d51b84e0f"},
    "facts": {"p95_ms": 63.9, "free_disk_mib": 18_230.0},
    "cameras": [
        {"camera": "cam0", "state": "live", "reason": "", "quality": 0.9, "fps": 14.8},
        {"camera": "cam1", "state": "lost", "reason": "camera.lost", "quality": 0.0, "fps": 0.0},
    ],
}


@contextmanager
def furnished_hub(folder: Path) -> Iterator[HubProcess]:
    """Three boxes (one in trouble, one waiting to be let in), one store, 70 SKUs."""
    with hub_process(folder, assign_factory_bundle(folder)) as running:
        running.ok("POST", "/api/v1/stores", STORE)
        running.add_person("ada", "admin", display_name="Ada")
        running.add_person("rita", "reviewer", display_name="Rita")
        running.add_box("main-1", ring="early", store_id="s1")
        running.add_box("main-2", ring="wide")
        running.check_in("main-1", bundles=TROUBLE["bundles"], cameras=TROUBLE["cameras"][:1])
        picture = (BUNDLE / "golden/scenes_val-00001_cam0.jpg").read_bytes()
        seen = upload_sealed(running.boxes["main-2"], picture, running.sealing_key)
        running.check_in("main-2", **TROUBLE, last_picture={"cam0": seen})
        running.add_box("harbour-1", with_code=False)
        fill_catalogue(running)
        add_judged_model(running)
        for seq in range(1, NUM_CASES + 1):
            scene = list(golden_scenes())[seq % 3]
            send_golden_case(running.boxes["main-1"], seq, scene, running.sealing_key)
        yield running


def assign_factory_bundle(folder: Path) -> str:
    """A signed repository, its ring on the factory bundle; lines of hub.toml that name its keys."""
    make_repository(folder)
    signing = open_repository(folder)
    bundle_id = signing.add_bundle(open_bundle(BUNDLE))
    signing.assign_ring("main", bundle_id, channel="s1")
    signing.publish()
    keys, secret = folder / "keys", folder / "passphrase"
    return f'catalogue_keys = "{keys}"\ncatalogue_passphrase_file = "{secret}"\n'


def add_judged_model(running: HubProcess) -> None:
    """The factory bundle as a candidate that lost one basket of 200 and won two."""
    manifest = open_bundle(BUNDLE).manifest.model_dump(mode="json")
    body = {"manifest": manifest, "lineage": {"run": "metric-7"}, "note": "more rendered crops"}
    bundle_id = running.ok("POST", "/api/v1/models", body)["bundle_id"]
    replays = {
        "champion": replay("ab" * 32, wrong=(3, 5)),
        "candidate": replay(bundle_id, wrong=(7,)),
        "policy": "demo",
    }
    running.ok("POST", f"/api/v1/models/{bundle_id}/gate", replays)


def replay(bundle_id: str, wrong: tuple[int, ...]) -> dict[str, Any]:
    baskets = [
        {
            "name": f"store-{i % 8}/basket-{i}",
            "predicted": {"tea_mint_20" if i in wrong else "milk_whole_1l": 1},
            "best_guess": {"milk_whole_1l": 1},
            "truth": {"milk_whole_1l": 1},
        }
        for i in range(200)
    ]
    return {"bundle_id": bundle_id, "edge_version": "0.1.0", "provider": "cpu", "baskets": baskets}


def fill_catalogue(running: HubProcess) -> None:
    address = "/api/v1/skus-import?format=json&preview=false"
    data = (BUNDLE / "catalog.json").read_bytes()
    assert running.admin.post(address, content=data).is_success
    for sku in json.loads(data)["skus"][:12]:
        picture = (BUNDLE / sku["picture"]).read_bytes()
        running.admin.put(f"/api/v1/skus/{sku['sku_id']}/picture", content=picture)


def shoot(page: Any, folder: Path, name: str) -> None:
    page.screenshot(path=str(folder / f"dashboard-{name}.png"))


def sign_in(page: Any, hub: HubProcess, name: str, path: str = "/") -> None:
    page.goto(hub.address + path)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator(".shell").wait_for()


def serious_faults(page: Any) -> list[str]:
    """What axe calls serious or critical, and content that is wider than the screen."""
    page.evaluate(AXE.read_text())  # evaluated by the debugger: the page's policy stays as it is
    found = page.evaluate(
        """async () => {
          const { violations } = await axe.run(document, { resultTypes: ['violations'] });
          const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
          const isWide = document.documentElement.scrollWidth > window.innerWidth;
          const words = serious.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' '));
          return [...(isWide ? ['too wide'] : []), ...words];
        }"""
    )
    return [str(fault) for fault in found]
