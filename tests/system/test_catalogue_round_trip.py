"""Prices and new SKUs from the centre: real commands, a real hub, the real uplink and lane.

Only the borders between the box's processes are missing here; those are crossed by
`python -m tools.checks.catalogue_round`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from edge.messages.basket_messages import Phase
from edge.messages.command_messages import AddLine, CancelBasket, Command, Finish, UplinkAction
from edge.processes import hub_link
from edge.processes.basket_process import LaneKeeper
from edge.processes.hub_link import BoxFacts, HubLink
from edge.processes.local_orders import carry_out_here
from edge.processes.shelf_maker import ShelfMaker
from sync.bundle import (
    MANIFEST_NAME,
    BundleManifest,
    Preprocess,
    describe_file,
    read_manifest,
)
from sync.catalog import Catalog, Sku
from sync.download_turn import FIRST_BYTES, DownloadTurn
from sync.gallery import Gallery, unit_rows
from sync.price_list import Price, PriceList
from sync.update_documents import PriceListEntry
from tests.fakes.running_hub import running_hub
from tests.fakes.small_shop import LONG_AGO, demo_gtin, small_prices
from tests.system.running_box import LANE, make_bundle
from tests.system.test_bundle_round_trip import Centre, Counter
from trainer.release.key_files import KeyRing
from trainer.release.signing import Signing
from trainer.release.usb_export import export_updates

BASE = Gallery(
    "e" * 16, ("milk",), unit_rows(np.ones((1, 16), np.float32)), np.zeros(1, dtype=np.int64)
)
SEGMENT = replace(
    BASE, sku_ids=("oat_milk",), vectors=unit_rows(np.arange(16, dtype=np.float32)[None])
)
JPEG = b"\xff\xd8 a picture of oat milk"


class Shop(Centre):
    """A centre that publishes prices and new SKUs."""

    def publish_prices(self, version: int, *changes: Price, **options: str) -> None:
        path = self.folder / f"prices-{version}.json"
        path.write_text(prices_with(version, changes).model_dump_json())
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.hubctl("prices", "publish", str(path), *words, *self._keys())

    def publish_oat_milk(self) -> str:
        """A new SKU with its rows, its name, its picture and its price."""
        (self.folder / "segment.npz").write_bytes(SEGMENT.to_bytes())
        (self.folder / "oat.jpg").write_bytes(JPEG)
        sku = Sku(
            sku_id="oat_milk", gtin=demo_gtin(77), names={"en": "Oat milk"}, picture="oat.jpg"
        )
        (self.folder / "skus.json").write_text(Catalog(skus=(sku,)).model_dump_json())
        listed = prices_with(2, (price("oat_milk", 229),))
        (self.folder / "prices.json").write_text(listed.model_dump_json())
        base = self.folder / "base"
        base.mkdir()
        write_base_bundle(base)
        told = self.hubctl(
            "catalogue", "publish", str(self.folder / "segment.npz"), "--base", str(base),
            "--skus", str(self.folder / "skus.json"), "--prices", str(self.folder / "prices.json"),
            *self._keys(),
        )  # fmt: skip
        return str(told["sha256"])

    def release_large(self, version: str, size: int) -> str:
        """Publish and assign a bundle with a file of so many bytes that do not compress."""
        place = self.folder / f"bundle-{version}"
        make_bundle(place, version=version)
        (place / "golden.bin").write_bytes(np.random.default_rng(1).bytes(size))
        manifest = read_manifest(place / MANIFEST_NAME)
        added = describe_file(place, place / "golden.bin", "golden")
        whole = manifest.model_copy(update={"files": (*manifest.files, added)})
        (place / MANIFEST_NAME).write_text(whole.model_dump_json())
        told = self.hubctl("bundle", "publish", str(place), *self._keys())
        bundle_id = str(told["bundle_id"])
        self.hubctl("bundle", "vouch", bundle_id, "--note", "a test", *self._keys())
        self.hubctl("assign", "pilot", bundle_id, *self._keys())
        return bundle_id

    def export(self, stick: Path) -> None:
        export_updates(self.repo, stick, bundle_ids=frozenset(self.released()))

    def released(self) -> list[str]:
        names = Signing(self.repo, KeyRing([], str), datetime.now(UTC)).bundles()
        return list(names)

    def listed_prices(self) -> list[PriceListEntry]:
        index = Signing(self.repo, KeyRing([], str), datetime.now(UTC)).index("main")
        assert index is not None
        return list(index.prices)

    def revert(self, sha256: str) -> None:
        self.hubctl("catalogue", "revert", sha256[:10], *self._keys())


def price(sku_id: str, amount_minor: int, **more: object) -> Price:
    return Price.model_validate(
        {"sku_id": sku_id, "amount_minor": amount_minor, "valid_from": LONG_AGO, **more}
    )


def prices_with(version: int, changes: Sequence[Price]) -> PriceList:
    listed = small_prices()
    changed = {change.sku_id for change in changes}
    kept = tuple(entry for entry in listed.entries if entry.sku_id not in changed)
    return listed.model_copy(update={"version": version, "entries": (*kept, *changes)})


def write_base_bundle(folder: Path) -> None:
    """A bundle with a gallery, which is all that `--base` asks for."""
    (folder / "gallery.npz").write_bytes(BASE.to_bytes())
    manifest = BundleManifest(
        name="base", version="1", created="2026-11-21T00:00:00Z", embedder_id=BASE.embedder_id,
        embedding_dim=16, preprocess=Preprocess(detector_px=320, crop_px=160),
        files=(describe_file(folder, folder / "gallery.npz", "gallery"),),
    )  # fmt: skip
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())


class Box(Counter):
    """A counter whose lane hears of the catalogue as its process does: by a look at a file."""

    _number = 0

    def hear(self) -> None:
        self.round()
        self.tick()

    def tick(self) -> None:
        self.lane._shop._watch._next_s = 0.0  # the half second between two looks
        self.lane.tick()

    def sell(self, sku_id: str) -> str:
        """Sell a piece; the refusal, or empty text."""
        self._number += 1
        reply = self.lane.carry_out(Command(LANE, f"c{self._number}", AddLine(sku_id)))
        return reply.code

    def amounts(self) -> dict[str, int]:
        snapshot = self.lane.counter.snapshot(1)
        return {line.sku_id: line.unit_amount_minor for line in snapshot.lines}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "centre").mkdir()
    return Shop(tmp_path / "centre")


@pytest.fixture
def box(tmp_path: Path, shop: Shop) -> Iterator[Box]:
    (tmp_path / "box").mkdir()
    with running_hub(shop.folder, shop.repo) as hub:
        box = Box(tmp_path / "box", hub, shop.root_sha256)
        yield box
        box.close()


def test_a_new_price_counts_from_the_next_line_and_never_at_payment(shop: Shop, box: Box) -> None:
    box.hear()
    assert box.sell("pasta") == ""
    shop.publish_prices(2, price("pasta", 999), price("jam", 888))
    box.hear()
    assert (box.sell("pasta"), box.sell("jam")) == ("", "")
    assert box.amounts() == {"pasta": 149, "jam": 888}  # pasta stands in the basket at its price
    assert box.command("pay", Finish())
    total = box.lane.counter.snapshot(1).total_minor
    shop.publish_prices(3, price("pasta", 1), price("jam", 1))
    box.hear()
    snapshot = box.lane.counter.snapshot(1)
    assert (snapshot.phase, snapshot.total_minor) == (Phase.PAYING, total)
    assert box.amounts() == {"pasta": 149, "jam": 888}


def test_a_stopped_sale_and_another_tax_reach_the_open_basket(shop: Shop, box: Box) -> None:
    box.hear()
    box.sell("jam")
    listed = prices_with(2, (price("choc", 1, is_stopped=True),))
    path = shop.folder / "taxed.json"
    path.write_text(listed.model_copy(update={"tax_rates": {"standard": 700}}).model_dump_json())
    shop.hubctl("prices", "publish", str(path), *shop._keys())
    box.hear()
    assert (box.sell("choc"), box.sell("milk")) == ("price.stopped", "")
    basket = box.lane.counter.state.basket
    assert basket is not None
    tax = {line.terms.sku_id: line.terms.tax_bp for line in basket.lines.values()}
    assert tax == {"jam": 1900, "milk": 700}


def test_a_list_for_tomorrow_waits_and_is_kept_through_restarts_without_a_network(
    shop: Shop, box: Box
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    shop.publish_prices(2, price("jam", 300))
    shop.publish_prices(3, price("jam", 400), **{"valid-from": f"{tomorrow:%Y-%m-%dT%H:%M:%S%z}"})
    box.hear()
    box.lane.close()
    again = LaneKeeper(box.work)  # as after a power cut, and no hub to be reached
    again.prepare(1)
    shop_of_lane = again._shop
    now, later = shop_of_lane.offer_at(datetime.now(UTC)), None
    later = shop_of_lane.offer_at(tomorrow + timedelta(hours=1))
    assert now is not None
    assert later is not None
    assert (now.prices.version, later.prices.version) == (2, 3)
    box.lane = again


def test_a_price_list_that_is_not_what_was_signed_changes_nothing(shop: Shop, box: Box) -> None:
    shop.publish_prices(2, price("jam", 300))
    box.hear()
    shop.publish_prices(3, price("jam", 1))
    victim = shop.repo / "blobs" / shop.listed_prices()[-1].sha256
    victim.write_bytes(victim.read_bytes().replace(b'"amount_minor":1,', b'"amount_minor":0,'))
    box.hear()
    assert "update.altered" in box.link.state.problem
    assert (box.sell("jam"), box.amounts()) == ("", {"jam": 300})


def test_new_skus_are_sold_from_the_next_basket_on_and_one_tap_takes_them_out(
    shop: Shop, box: Box
) -> None:
    box.hear()
    box.sell("jam")
    sha256 = shop.publish_oat_milk()
    box.hear()
    assert box.sell("oat_milk") == "sku.unknown"  # between baskets, like the gallery
    box.command("end", CancelBasket())
    box.tick()
    assert box.sell("oat_milk") == ""
    assert box.amounts() == {"oat_milk": 229}
    shelf = ShelfMaker(box.config).renewed(datetime.now(UTC))
    assert shelf is not None
    product = shelf.product("oat_milk")
    assert product is not None
    picture = shelf.picture(product.picture)
    assert picture is not None
    assert picture.content == JPEG
    box.command("end2", CancelBasket())
    action = UplinkAction("revert_segment", sha256[:8])
    assert carry_out_here(box.link, action, datetime.now(UTC))[0] == ""
    box.tick()
    assert box.sell("oat_milk") == "sku.unknown"
    action = UplinkAction("restore_segment", sha256[:8])
    assert carry_out_here(box.link, action, datetime.now(UTC))[0] == ""
    box.tick()
    assert box.sell("oat_milk") == ""
    box.command("end3", CancelBasket())
    shop.revert(sha256)
    box.hear()
    assert box.sell("oat_milk") == "sku.unknown"


def test_a_box_without_a_network_takes_bundle_prices_and_skus_from_a_stick(
    shop: Shop, box: Box, tmp_path: Path
) -> None:
    box.hear()
    bundle_id = shop.release("2")
    shop.publish_oat_milk()
    stick = tmp_path / "stick"
    shop.export(stick)
    code, told = carry_out_here(
        box.link, UplinkAction("import_stick", str(stick)), datetime.now(UTC)
    )
    assert (code, f"bundle {bundle_id[:12]} is staged" in told) == ("", True), told
    box.tick()
    assert box.sell("oat_milk") == ""
    again = HubLink(box.config, lambda action: "")
    assert again.state.staged == bundle_id  # the bundles process hears of it after a restart too
    again.close()


def test_a_stick_that_was_tampered_with_changes_nothing(
    shop: Shop, box: Box, tmp_path: Path
) -> None:
    box.hear()
    shop.publish_prices(2, price("jam", 1))
    stick = tmp_path / "stick"
    shop.export(stick)
    newest = max((stick / "metadata").glob("*.catalogue.json"))
    newest.write_bytes(newest.read_bytes().replace(b'"length":', b'"length":1'))
    code, told = carry_out_here(
        box.link, UplinkAction("import_stick", str(stick)), datetime.now(UTC)
    )
    assert code.startswith("update."), told
    box.tick()
    assert (box.sell("jam"), box.amounts()) == ("", {"jam": 279})


def test_a_price_passes_a_large_bundle_that_is_still_on_its_way(
    shop: Shop, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count()  # every look at the clock costs a second: one range in a turn
    monkeypatch.setattr(
        hub_link,
        "DownloadTurn",
        lambda _, limit: DownloadTurn(1.5, limit, lambda: float(next(ticks))),
    )
    bundle_id = shop.release_large("2.0", 12 * FIRST_BYTES)
    now = datetime.now(UTC)
    waits = [box.link.round(BoxFacts(), now)]
    shop.publish_prices(2, price("jam", 888))
    waits.append(box.link.round(BoxFacts(), now))
    box.tick()
    assert (box.sell("jam"), box.amounts(), box.link.state.staged) == ("", {"jam": 888}, "")
    while not box.link.state.staged:
        waits.append(box.link.round(BoxFacts(), now))
    assert box.link.state.staged == bundle_id
    assert len(waits) >= 12
    assert set(waits[:-1]) == {hub_link.NEXT_TURN_S}
    assert waits[-1] > hub_link.NEXT_TURN_S
