"""What a look for updates costs a shop's link, printed."""

from collections.abc import Iterator

import pytest

from sync.price_list import Price, PriceList
from sync.update_fetcher import FileFetcher
from tests.fakes.vouched import add_vouched
from tests.trainer.release.conftest import CHANNEL, NOW, Centre, FollowingBox
from trainer.release.catalogue_signing import set_prices


class CountingFetcher(FileFetcher):
    """Counts what python-tuf asks for and gets."""

    num_requests = 0
    num_bytes = 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.num_requests += 1
        chunks = list(super()._fetch(url))
        self.num_bytes += sum(len(chunk) for chunk in chunks)
        return iter(chunks)


def cost(box: FollowingBox, fetcher: CountingFetcher) -> tuple[int, int]:
    """Requests and bytes of metadata of one check."""
    before = fetcher.num_requests, fetcher.num_bytes
    box.check()
    return fetcher.num_requests - before[0], fetcher.num_bytes - before[1]


def test_looking_for_updates_costs_less_than_a_kilobyte_when_there_is_nothing(
    split: Centre, capsys: pytest.CaptureFixture[str]
) -> None:
    signing = split.open()
    bundle_id = add_vouched(signing, split.bundle(1))
    signing.assign_ring("lab", bundle_id, channel=CHANNEL)
    signing.publish()
    fetcher = CountingFetcher(split.repo)
    box = split.box(fetcher=fetcher)
    first = cost(box, fetcher)
    nothing = cost(box, fetcher)
    signing = split.open(split.plan.online)
    price = Price(sku_id="sku-1", amount_minor=100, valid_from=NOW)
    prices = PriceList(version=1, currency="EUR", exponent=2, entries=(price,))
    set_prices(signing, CHANNEL, prices, valid_from=NOW)
    signing.publish()
    news = cost(box, fetcher)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nmetadata per check (requests, bytes): first {first}, nothing new {nothing}, "
            f"new price {news}"
        )
    assert nothing[0] == 2
    assert nothing[1] < 1_000
    assert news[0] == 4
    assert news[1] < 5_000
