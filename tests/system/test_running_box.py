"""The whole box from outside: the page, the commands, and what edgectl can read."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from edge.processes.box_view import BoxWatch, look_at_box
from edge.processes.kiosk_address import kiosk_url
from tests.system.running_box import RunningBox, Wanted

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBox]:
    box = RunningBox(tmp_path_factory.mktemp("box"))
    box.start()
    box.look_until(lambda s: s.phase == "idle" and not s.is_blind, 60.0)
    yield box
    box.close()


NUM_PROCESSES = 5  # four of the table, and their supervisor


def _get(box: RunningBox, path: str, token: str) -> bytes:
    port = box.config.kiosk.port
    cookie = f"tillsight_kiosk_{port}={token}"
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"cookie": cookie})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def _token(box: RunningBox) -> str:
    return kiosk_url(box.config).partition("?token=")[2]


def test_edgectl_hears_everybody(box: RunningBox) -> None:
    watch = BoxWatch(box.config)
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        view = watch.listen(1.0)
        camera = view.cameras.get(("a", "top"))
        is_live = camera is not None and camera.state == "live"
        if is_live and view.perception and view.baskets and len(view.health) == NUM_PROCESSES:
            break
    watch.close()
    view = watch.view
    assert set(view.health) == {"basket.a", "kiosk", "perception", "capture.a.top", "supervisor"}
    assert view.cameras["a", "top"].state == "live"
    assert view.baskets["a"].phase == "idle"
    assert view.perception is not None
    assert view.perception.bundle_id == "scripted"


def test_the_page_opens_with_the_token_of_this_boot_and_finds_products(box: RunningBox) -> None:
    look_at_box(box.config, 20.0)
    found = json.loads(_get(box, "/api/products?query=cola", _token(box)))
    assert [product["sku_id"] for product in found] == ["cola"]
    status = json.loads(_get(box, "/api/status", _token(box)))
    assert status["cameras"][0]["state"] == "live"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        _get(box, "/api/status", "guessed")


def test_an_item_on_the_counter_is_a_line_within_half_a_second(box: RunningBox) -> None:
    box.put("pasta")
    snapshot = box.look_until(Wanted("pasta"))
    assert 0 < snapshot.last_line_latency_ms < 500


def test_a_killed_page_comes_back_with_the_same_token(box: RunningBox) -> None:
    token, restarts = _token(box), box.restarts()
    box.kill("kiosk")
    box.look_until(lambda s: box.restarts() > restarts)
    look_at_box(box.config, 20.0)
    assert json.loads(_get(box, "/api/status", token))["screens"] == 0


def test_the_box_ends_in_order(box: RunningBox) -> None:
    assert box.stop() == 0
    status = json.loads((box.run_dir / "supervisor.json").read_text())
    assert {p["state"] for p in status["processes"]} == {"done"}
    assert {p["last_exit"] for p in status["processes"]} == {"0"}
    assert not list((box.folder / "ring").glob("*.ring"))
