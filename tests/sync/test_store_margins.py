"""A store's own margins: signed as prices are, never looser than the bundle's, of one store."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync.decision import DecisionParameters
from sync.store_margins import (
    LooserMarginsError,
    MarginEntry,
    StoreMargins,
    in_mnat,
    is_margins_path,
    margins_path,
    with_margins,
)
from sync.update_documents import channel_path
from tests.fakes.hostile_repository import NOW, HostileRepository, UpdateBox

BUNDLE = "b" * 64
OWN = DecisionParameters(
    temperature=0.05, accept_margin=0.6805, family_margin=1.278, accept_similarity=0.7,
    unknown_similarity=0.5,
)  # fmt: skip


def entry(accept: int = 1362, family: int = 2557) -> MarginEntry:
    return MarginEntry(bundle_id=BUNDLE, accept_margin_mnat=accept, family_margin_mnat=family)


def margins(generation: int = 1, store_id: str = "s1", *entries: MarginEntry) -> StoreMargins:
    return StoreMargins(
        generation=generation, store_id=store_id, entries=entries or (entry(),), issued_at=NOW
    )


@pytest.fixture
def repository() -> HostileRepository:
    return HostileRepository()


@pytest.fixture
def box(repository: HostileRepository, fast_folder: Path) -> UpdateBox:
    made = UpdateBox(fast_folder, repository)
    made.store_id = "s1"
    made.updates = made.restarted()
    return made


def publish(repository: HostileRepository, document: StoreMargins, path: str = "") -> None:
    repository.list_document("catalogue", path or margins_path("s1"), document)
    repository.publish("catalogue")


def test_stricter_margins_take_the_place_of_the_bundles_and_nothing_else_changes() -> None:
    taken = with_margins(OWN, entry())
    assert (taken.accept_margin, taken.family_margin) == (1.362, 2.557)
    assert taken.model_copy(
        update={"accept_margin": OWN.accept_margin, "family_margin": OWN.family_margin}
    ) == OWN  # fmt: skip


@pytest.mark.parametrize(
    "looser",
    [
        pytest.param(entry(accept=680), id="another product"),
        pytest.param(entry(family=1277), id="a look-alike, though the other is stricter"),
        pytest.param(entry(0, 0), id="charge everything"),
    ],
)
def test_looser_margins_are_refused_whole_with_their_code(looser: MarginEntry) -> None:
    with pytest.raises(LooserMarginsError) as caught:
        with_margins(OWN, looser)
    assert caught.value.code == "update.margins"
    assert "0.680 and 1.278" in str(caught.value) or "0.681 and 1.278" in str(caught.value)


def test_the_bundles_own_margins_rounded_up_are_not_looser() -> None:
    same = entry(in_mnat(OWN.accept_margin), in_mnat(OWN.family_margin))
    assert with_margins(OWN, same).accept_margin == 0.681


def test_no_channel_of_prices_can_have_the_name_of_margins() -> None:
    assert is_margins_path(margins_path("s1"))
    assert not is_margins_path(channel_path("margins.json"))
    with pytest.raises(ValueError, match="not letters"):
        channel_path("s1@margins")
    with pytest.raises(ValueError, match="not letters"):
        margins_path("../s1")


def test_a_box_takes_its_own_stores_margins(repository: HostileRepository, box: UpdateBox) -> None:
    assert box.updates.check(NOW).margins is None
    publish(repository, margins())
    assert box.updates.check(NOW).margins == margins()
    assert box.restarted().check(NOW).margins == margins()


def test_a_box_of_no_store_asks_for_none(repository: HostileRepository, fast_folder: Path) -> None:
    publish(repository, margins())
    assert UpdateBox(fast_folder / "other", repository).updates.check(NOW).margins is None


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(margins(store_id="s2"), "update.malformed", id="of another store"),
        pytest.param(margins(1), "update.rolled_back", id="older than what was seen"),
        pytest.param(margins(2, "s1", entry(9999)), "update.rolled_back", id="two contents"),
    ],
)
def test_what_must_not_be_used_is_told_and_prices_go_on(
    repository: HostileRepository, box: UpdateBox, document: StoreMargins, code: str
) -> None:
    repository.list_index(1)
    publish(repository, margins(2))
    assert box.updates.check(NOW).problems == ()
    publish(repository, document)
    offer = box.updates.check(NOW)
    assert offer.margins is None
    assert [p.code for p in offer.problems] == [code]
    assert offer.catalogue is not None


def test_only_the_catalogue_key_may_speak_of_margins(
    repository: HostileRepository, box: UpdateBox
) -> None:
    repository.list_document("targets", margins_path("s1"), margins())
    repository.publish("targets")
    offer = box.updates.check(NOW)
    assert offer.margins is None
    assert [p.code for p in offer.problems] == ["update.wrong_role"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"generation": 0}, id="no generation"),
        pytest.param({"store_id": "../x"}, id="a path for a store"),
        pytest.param({"entries": [{"bundle_id": "b"}]}, id="no bundle id"),
        pytest.param(
            {"entries": [{"bundle_id": BUNDLE, "accept_margin_mnat": float("nan"),
                          "family_margin_mnat": 1}]},
            id="not a number",
        ),
        pytest.param(
            {"entries": [{"bundle_id": BUNDLE, "accept_margin_mnat": -1,
                          "family_margin_mnat": 1}]},
            id="below nothing",
        ),
        pytest.param({"entries": [json.loads(entry().model_dump_json())] * 2}, id="a bundle twice"),
    ],
)  # fmt: skip
def test_a_malformed_document_is_refused(
    repository: HostileRepository, box: UpdateBox, change: dict[str, Any]
) -> None:
    told = {**json.loads(margins().model_dump_json()), **change}
    repository.list_target("catalogue", margins_path("s1"), json.dumps(told).encode())
    repository.publish("catalogue")
    offer = box.updates.check(NOW)
    assert offer.margins is None
    assert [p.code for p in offer.problems] == ["update.malformed"]
