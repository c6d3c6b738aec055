"""Pages of a large hub hold what they should, row by row; how long they take is the bench's."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.people_hub import PeopleHub, people_hub
from tools.benchmarks.hub_pages import pages_of, time_pages
from tools.benchmarks.hub_pages_rows import (
    NUM_STORES,
    STATUSES,
    VERSION,
    Sizes,
    fill,
    picture_of,
    sku_of,
    split_of,
)
from trainer.store.api_tokens import Role
from trainer.store.database import reading
from trainer.store.datasets import ItemQuery, items_page

NUM_PICTURES = 200_000
SIZES = Sizes(NUM_PICTURES)
SMALL = Sizes(2_000, skus=300)
ITEMS = f"/datasets/{VERSION}/items"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleHub]:
    """Items of one version of 200,000 pictures, and nothing else."""
    with people_hub(tmp_path_factory.mktemp("hub")) as hub:
        fill(hub.services.engine, SIZES, only=("dataset_items", "dataset_boxes"))
        yield hub


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleHub]:
    """A hub with something of everything."""
    with people_hub(tmp_path_factory.mktemp("hub")) as hub:
        fill(hub.services.engine, SMALL)
        yield hub


def walk(hub: PeopleHub, **asked: str) -> list[dict[str, Any]]:
    """Every row, page by page."""
    found: list[dict[str, Any]] = []
    after = -1
    with reading(hub.services.engine) as connection:
        while page := items_page(connection, 1, ItemQuery(after, 1000, **asked)):
            found += page
            after = page[-1]["position"]
    return found


def test_the_pages_of_200000_pictures_hold_each_once_in_order(large: PeopleHub) -> None:
    rows = walk(large)
    assert [row["position"] for row in rows] == list(range(NUM_PICTURES))
    for n in range(0, NUM_PICTURES, 9_973):
        assert (rows[n]["picture"], rows[n]["split"]) == (picture_of(n), split_of(n))
        assert rows[n]["skus"] == [sku_of(n, SIZES)]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        pytest.param(
            {"split": "test"}, [n for n in range(NUM_PICTURES) if n % 10 == 9], id="split"
        ),
        pytest.param({"store_id": "s6"}, list(range(6, NUM_PICTURES, NUM_STORES)), id="store"),
        pytest.param({"sku_id": "sku-00077"}, list(range(77, NUM_PICTURES, SIZES.skus)), id="SKU"),
        pytest.param({"sku_id": "none"}, [], id="nothing"),
    ],
)
def test_a_filter_finds_all_of_its_pictures_and_no_other(
    large: PeopleHub, asked: dict[str, str], wanted: list[int]
) -> None:
    assert [row["position"] for row in walk(large, **asked)] == wanted


def test_every_page_that_is_measured_answers(small: PeopleHub) -> None:
    def ask(method: str, path: str) -> Any:
        return small.ok(Role.ADMIN, method, path, {} if method == "POST" else None)

    times = time_pages(ask, pages_of(SMALL))
    assert len(times) == len(pages_of(SMALL))
    why = ask("GET", pages_of(SMALL)[-3][2])
    assert why["missing"] == []
    assert sum(why["reviewers"].values()) == why["num_pictures"] > 0


def test_the_pages_of_cases_hold_each_once_the_most_valuable_first(small: PeopleHub) -> None:
    rows: list[dict[str, Any]] = []
    for offset in range(0, SMALL.cases, 60):
        page = small.ok(Role.REVIEWER, "GET", f"/cases?offset={offset}&limit=60")
        assert page["total"] == SMALL.cases
        rows += page["items"]
    assert len({row["case_id"] for row in rows}) == SMALL.cases
    keys = [(-row["value"], row["case_id"]) for row in rows]
    assert keys == sorted(keys)
    labelled = small.ok(Role.REVIEWER, "GET", "/cases?status=labelled&limit=500")
    assert labelled["total"] == sum(
        STATUSES[n % len(STATUSES)] == "labelled" for n in range(SMALL.cases)
    )
    assert all(row["num_answers"] == 1 for row in labelled["items"])


def test_the_pages_over_http_hold_the_same(small: PeopleHub) -> None:
    positions: list[int] = []
    after = -1
    for _ in range(4):
        page = small.ok(Role.TRAINER, "GET", f"{ITEMS}?limit=600&after={after}")
        positions += [row["position"] for row in page["items"]]
        after = page["after"]
    assert positions == list(range(SMALL.pictures))
    assert after == -1
