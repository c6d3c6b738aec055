"""A store's own margins at the counter: asked, not charged; kept over restarts; never looser."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.processes.basket_process import LaneKeeper
from edge.processes.catalogue_keeper import CatalogueKeeper
from edge.processes.lane_offer import LaneOffer
from edge.processes.local_catalogue import catalogue_folder
from edge.processes.serving_bundle import open_offer
from edge.processes.worker import Work
from sync.store_margins import MarginEntry, StoreMargins
from tests.edge.processes.lane_fixture import LANE, make_work, observed
from tests.system.running_box import PARAMETERS

NS = 1_000_000_000
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    work = make_work(tmp_path, "basket", LANE)
    yield work
    work.close()


def sign(work: Work, accept: int, family: int, *, bundle_id: str = "", generation: int = 1) -> None:
    """What the uplink writes once the hub's signature was verified."""
    entry = MarginEntry(
        bundle_id=bundle_id or open_offer(work.config).bundle_id,
        accept_margin_mnat=accept, family_margin_mnat=family,
    )  # fmt: skip
    CatalogueKeeper(catalogue_folder(work.config)).take_margins(
        StoreMargins(generation=generation, store_id="s1", entries=(entry,), issued_at=NOW)
    )


def sold(work: Work) -> tuple[list[str], int]:
    """Lines and questions once milk lies there, 5.99 nats above jam."""
    keeper = LaneKeeper(work)
    keeper.prepare(NS)
    for sequence in range(12):
        keeper.observe(observed(sequence, "milk"))
        keeper.tick()
    snapshot = keeper.counter.snapshot(NS)
    keeper.close()
    return [line.sku_id for line in snapshot.lines], len(snapshot.asks)


def margins_of(work: Work) -> tuple[float, str]:
    offers = LaneOffer(work.config)
    offers.take_bundle(open_offer(work.config))
    found = offers.offer_at(NOW)
    assert found is not None
    return found.parameters.accept_margin, offers.margins


def test_without_anything_signed_the_bundles_own_count(work: Work) -> None:
    assert margins_of(work) == (PARAMETERS.accept_margin, "bundle")
    assert sold(work) == (["milk"], 0)


def test_stricter_margins_of_the_store_keep_an_item_from_being_charged(work: Work) -> None:
    sign(work, 9_000, 9_000)
    assert margins_of(work) == (9.0, "store")  # read from disk anew, as after a restart
    assert sold(work)[0] == []


@pytest.mark.parametrize(
    ("accept", "family", "bundle_id", "said"),
    [
        pytest.param(999, 9_000, "", "update.margins", id="looser for other products"),
        pytest.param(9_000, 1_999, "", "update.margins", id="looser for look-alikes"),
        pytest.param(9_000, 9_000, "f" * 64, "other_bundle", id="made for another bundle"),
    ],
)
def test_what_is_looser_or_of_another_bundle_leaves_the_bundles_own(
    work: Work, accept: int, family: int, bundle_id: str, said: str
) -> None:
    sign(work, accept, family, bundle_id=bundle_id)
    assert margins_of(work) == (PARAMETERS.accept_margin, said)
    assert sold(work) == (["milk"], 0)


def test_margins_that_come_between_two_baskets_count_with_the_next_look(work: Work) -> None:
    offers = LaneOffer(work.config)
    offers.take_bundle(open_offer(work.config))
    before = offers.offer_at(NOW)
    sign(work, 9_000, 9_000)
    later = LaneOffer(work.config)  # its first look is at once, not after half a second
    later.take_bundle(open_offer(work.config))
    after = later.offer_at(NOW)
    assert before is not None
    assert after is not None
    assert (before.parameters.accept_margin, after.parameters.accept_margin) == (1.0, 9.0)
    assert later.offer_at(NOW) is after


def test_silence_of_the_hub_never_asks_less_and_taking_back_is_signed(work: Work) -> None:
    keeper = CatalogueKeeper(catalogue_folder(work.config))
    sign(work, 9_000, 9_000)
    keeper = CatalogueKeeper(catalogue_folder(work.config))
    keeper.take_margins(None)
    assert margins_of(work)[1] == "store"
    keeper.take_margins(StoreMargins(generation=2, store_id="s1", issued_at=NOW))
    assert margins_of(work) == (PARAMETERS.accept_margin, "bundle")
    assert keeper.facts(NOW)["store_margins_generation"] == 2.0


def test_a_damaged_file_leaves_the_bundles_own(work: Work) -> None:
    sign(work, 9_000, 9_000)
    path = catalogue_folder(work.config) / "applied.json"
    path.write_text(path.read_text().replace("9000", "-9000"))
    assert margins_of(work) == (PARAMETERS.accept_margin, "bundle")
