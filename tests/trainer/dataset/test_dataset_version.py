"""Which pictures become items: every rule has a code, splits hold, look-alikes never straddle."""

import hashlib
import io
import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.bad_pictures import CMYK_JPEG, cut_short, deep_png, of_100_megapixels, turned
from trainer.dataset import dataset_version, quality
from trainer.dataset.dataset_version import VersionInMaking, assemble, whole
from trainer.dataset.manifest import DatasetManifest, ItemBox, QuarantinedPicture
from trainer.dataset.near_duplicates import hashes_from, near_any
from trainer.dataset.picture_facts import PictureFacts, measure_picture
from trainer.dataset.quality import Candidate, QualityRules, reasons_for, rules_from
from trainer.dataset.split_rule import GroupBy, SplitRule

RULES = QualityRules()
BY_DAY = SplitRule()
MILK = ItemBox((10, 20, 110, 220), "milk", "reviewer", 7)


def facts(number: int) -> PictureFacts:
    random = np.random.default_rng(number)
    rows, columns = (random.bytes(8).hex() for _ in range(2))
    return PictureFacts(f"{number:064x}", 640, 480, 5_000, 120, rows, columns)


def candidate(
    number: int, *boxes: ItemBox, store: str = "s1", day: str = "2026-11-02"
) -> Candidate:
    return Candidate(
        facts=facts(number), said_size=(640, 480), store_id=store, box_id="b1", lane_id="l1",
        camera_id="cam0", basket_id=f"basket-{number}", day=day, source="case",
        source_id=f"case-{number}", boxes=boxes or (MILK,),
    )  # fmt: skip


def assembled(*candidates: Candidate, rule: SplitRule = BY_DAY,
              rules: QualityRules = RULES) -> DatasetManifest:  # fmt: skip
    return assemble(
        "shop", candidates, rules=rules, rule=rule, known_skus={"milk", "tea"},
        blind_baskets={"basket-666"}, filters={"filter.store": ""},
    )  # fmt: skip


def drawn(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    random = np.random.default_rng(seed)
    small = random.integers(0, 255, (12, 16, 3), np.uint8)
    return np.asarray(cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)


def jpeg(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], quality: int = 90) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].data)


def with_facts(**changes: object) -> Candidate:
    good = candidate(1)
    return replace(good, facts=replace(good.facts, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(with_facts(problem=quality.MISSING), quality.MISSING, id="gone"),
        pytest.param(with_facts(problem=quality.CORRUPT), quality.CORRUPT, id="corrupt"),
        pytest.param(with_facts(width=641), quality.SIZE_DIFFERS, id="another size"),
        pytest.param(
            replace(with_facts(width=640, height=60), said_size=(640, 60), boxes=()),
            quality.TOO_SMALL,
            id="small",
        ),
        pytest.param(with_facts(sharpness=99), quality.BLURRED, id="blurred"),
        pytest.param(with_facts(brightness=24), quality.DARK, id="dark"),
        pytest.param(with_facts(brightness=249), quality.BRIGHT, id="bright"),
        pytest.param(replace(candidate(1), is_labelled=False), quality.NO_LABEL, id="no label"),
        pytest.param(
            candidate(1, replace(MILK, sku_id="caviar")), quality.UNKNOWN_SKU, id="unknown SKU"
        ),
        pytest.param(
            candidate(1, replace(MILK, xyxy=(10, 20, 641, 220))), quality.BOX_OUTSIDE, id="outside"
        ),
        pytest.param(
            candidate(1, replace(MILK, xyxy=(10, 20, 17, 220))), quality.BOX_SMALL, id="small box"
        ),
        pytest.param(candidate(666), quality.BLIND, id="recorded for the blind set"),
    ],
)
def test_every_broken_rule_has_its_code(bad: Candidate, reason: str) -> None:
    found = reasons_for(bad, RULES, known_skus={"milk"}, blind_baskets={"basket-666"})
    assert found == (reason,)
    assert reason in quality.REASONS


def test_a_nameless_box_and_an_empty_counter_are_good_candidates() -> None:
    for boxes in ((replace(MILK, sku_id=""),), ()):
        good = replace(candidate(1), boxes=boxes)
        assert reasons_for(good, RULES, known_skus=(), blind_baskets=()) == ()


def test_what_is_wrong_is_told_completely_and_rules_come_back_from_a_recipe() -> None:
    bad = replace(with_facts(sharpness=0, brightness=0), is_labelled=False)
    assert reasons_for(bad, RULES, known_skus={"milk"}, blind_baskets=()) == (
        quality.BLURRED, quality.DARK, quality.NO_LABEL,
    )  # fmt: skip
    rules = QualityRules(min_box_px=11)
    assert rules_from(rules.recipe()) == rules


def test_an_sku_with_one_picture_waits_for_another() -> None:
    lone = candidate(3, replace(MILK, sku_id="tea"))
    made = assembled(candidate(1), candidate(2), lone)
    assert [bad.reasons for bad in made.quarantined] == [(quality.RARE_SKU,)]
    assert len(assembled(candidate(1), lone, candidate(4), lone_again()).items) == 4


def lone_again() -> Candidate:
    return candidate(5, replace(MILK, sku_id="tea"))


def test_the_same_jpeg_counts_once_and_no_basket_of_the_blind_set_gets_in() -> None:
    again = replace(candidate(1), source_id="case-other")
    made = assembled(candidate(1), again, candidate(2), candidate(666))
    assert [i.source_id for i in made.items] == ["case-1", "case-2"]
    assert {(b.source_id, b.reasons[0]) for b in made.quarantined} == {
        ("case-other", quality.DUPLICATE),
        ("case-666", quality.BLIND),
    }


@pytest.mark.parametrize("by", ["basket", "day", "store"])
def test_a_group_stays_together_and_stays_where_it_is_when_others_come(by: GroupBy) -> None:
    rule = SplitRule(by, 20, 20)
    many = [candidate(n, store=f"s{n % 7}", day=f"2026-11-{1 + n % 11:02d}") for n in range(300)]
    early, late = assembled(*many[:150], rule=rule), assembled(*many, rule=rule)
    where = {item.key: item.split for item in late.items}
    assert all(where[item.key] == item.split for item in early.items)
    splits: dict[str, set[str]] = {}
    for one in many:
        splits.setdefault(rule.group_of(one), set()).add(where[one.key])
    assert {len(found) for found in splits.values()} == {1}
    assert len({split for found in splits.values() for split in found}) == 3 if by != "store" else 1


def test_the_shares_are_about_what_was_asked() -> None:
    made = assembled(*(candidate(n) for n in range(2_000)), rule=SplitRule("basket", 10, 20))
    assert 160 < len(made.split("validation")) < 240
    assert 340 < len(made.split("test")) < 460


def test_photos_of_an_onboarding_only_teach() -> None:
    photos = [replace(candidate(n), source="onboarding") for n in range(50)]
    assert {i.split for i in assembled(*photos, rule=SplitRule("basket", 40, 40)).items} == {
        "train"
    }


@given(st.lists(st.integers(0, 14), min_size=1, max_size=40), st.integers(0, 12))
def test_no_two_near_duplicates_stand_in_different_splits(flips: list[int], bits: int) -> None:
    """Pictures made from three by turning 0 to 14 bits."""
    many: list[Candidate] = []
    for number, count in enumerate(flips):
        base = int(facts(number % 3).row_hash, 16)
        turned = base ^ sum(1 << (number * 7 + i) % 64 for i in range(count))
        one = candidate(number)
        columns = facts(number % 3).column_hash
        seen = replace(one.facts, row_hash=f"{turned:016x}", column_hash=columns)
        many.append(replace(one, facts=seen))
    rules = QualityRules(near_duplicate_bits=bits, min_pictures_per_sku=1)
    made = assembled(*many, rule=SplitRule("basket", 30, 30), rules=rules)
    hashes = {c.key: c.facts for c in many}
    by_split = [hashes_from(hashes[i.key] for i in made.split(s)) for s in ("train", "validation")]
    held = hashes_from(hashes[i.key] for i in made.split("test"))
    assert not near_any(by_split[0], held, bits).any()
    assert not near_any(by_split[1], held, bits).any()
    assert not near_any(by_split[0], by_split[1], bits).any()
    assert len(made.items) + len(made.quarantined) == len(many)


@given(st.integers(0, 16), st.integers(0, 2**32))
def test_near_ones_are_found_as_by_comparing_each_with_each(bits: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    guarded = random.integers(0, 2**64, (20, 2), np.uint64)
    turned = guarded[random.integers(20, size=60)]
    for _ in range(int(random.integers(1, 20))):
        turned[:, random.integers(2)] ^= np.uint64(1) << random.integers(0, 64, 60, np.uint64)
    apart = np.bitwise_count(turned[:, None] ^ guarded[None]).sum(axis=2).min(axis=1)
    assert near_any(turned, guarded, bits).tolist() == (apart <= bits).tolist()


@pytest.mark.parametrize("number", range(6))
def test_a_picture_encoded_again_or_moved_by_a_pixel_is_a_near_duplicate(number: int) -> None:
    picture = drawn(number)
    moved = np.roll(picture, 1, axis=1)
    box = ((20, 30, 300, 200),)
    first = hashes_from([measure_picture(jpeg(picture), box)])
    others = [measure_picture(jpeg(picture, 50), box), measure_picture(jpeg(moved, 80), box)]
    assert near_any(hashes_from(others), first, RULES.near_duplicate_bits).all()
    strange = hashes_from([measure_picture(jpeg(drawn(number + 100)), box)])
    assert not near_any(strange, first, RULES.near_duplicate_bits).any()


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"<svg/>" * 50, jpeg(drawn(1))[:200]])
def test_bytes_that_are_no_picture_are_said_to_be_corrupt(data: bytes) -> None:
    assert measure_picture(data, ()).problem == quality.CORRUPT


@pytest.mark.parametrize(
    ("data", "size", "problem"),
    [
        pytest.param(cut_short(jpeg(drawn(1))), (0, 0), quality.CORRUPT, id="cut short"),
        pytest.param(cut_short(deep_png(drawn(1))), (0, 0), quality.CORRUPT, id="cut PNG"),
        pytest.param(
            of_100_megapixels(jpeg(drawn(1))), (0, 0), quality.TOO_LARGE, id="100 megapixels"
        ),
        pytest.param(CMYK_JPEG, (20, 24), "", id="CMYK"),
        pytest.param(deep_png(drawn(1)), (320, 240), "", id="16 bits"),
        pytest.param(turned(jpeg(drawn(1))), (240, 320), "", id="turned by EXIF"),
    ],
)
def test_unusual_pictures_are_measured_and_damaged_ones_have_their_code(
    data: bytes, size: tuple[int, int], problem: str
) -> None:
    found = measure_picture(data, ())
    assert ((found.width, found.height), found.problem) == (size, problem)
    assert problem in ("", *quality.REASONS)


def test_blur_and_darkness_are_measured_where_the_items_are() -> None:
    picture = drawn(3)
    picture[:, :160] = cv2.GaussianBlur(picture[:, :160], (0, 0), 12)
    picture[:, 160:] //= 8
    left = measure_picture(jpeg(picture), [(20, 20, 120, 120)])
    right = measure_picture(jpeg(picture), [(180, 20, 300, 220)])
    assert left.sharpness < RULES.min_sharpness
    assert right.brightness < RULES.min_brightness < left.brightness


def test_the_order_of_candidates_does_not_matter() -> None:
    many = [candidate(n) for n in range(40)]
    assert assembled(*many).version_id == assembled(*reversed(many)).version_id
    bad = assembled(replace(candidate(1), is_labelled=False)).quarantined
    assert bad == (QuarantinedPicture(f"{1:064x}", "case", "case-1", "cam0", (quality.NO_LABEL,)),)


def fresh() -> VersionInMaking:
    return VersionInMaking(
        "shop", rules=RULES, rule=BY_DAY, known_skus={"milk"}, blind_baskets=(), filters={}
    )


def in_making(*candidates: Candidate) -> VersionInMaking:
    making = fresh()
    for one in candidates:
        making.add(one, f"{int(one.facts.picture, 16) + 1:064x}")
    making.settle()
    return making


def test_the_lines_that_are_written_are_the_manifests_and_each_item_has_its_blob() -> None:
    again = replace(candidate(3), source_id="case-0")
    with in_making(*(candidate(n) for n in (5, 3, 4)), again, candidate(666)) as making:
        stream = io.BytesIO()
        size = making.write(stream)
        made = whole(making)
        assert stream.getvalue() == made.canonical()
        assert size == len(stream.getvalue())
        assert making.version_id == hashlib.sha256(stream.getvalue()).hexdigest()
        assert {int(blob, 16) - int(item.picture, 16) for item, blob in making.items()} == {1}
        assert making.counts["items"] == making.counts["boxes"] == len(made.items) == 4
        assert [bad.source_id for bad in made.quarantined] == ["case-3"]


def test_one_picture_of_one_case_and_camera_told_twice_is_a_mistake() -> None:
    with fresh() as making:
        making.add(candidate(1))
        making.add(candidate(1))
        with pytest.raises(ValueError, match="twice"):
            making.settle()


def test_of_a_picture_little_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_version, "IN_MEMORY_BYTES", 1)  # a scratch file from the first on
    tracemalloc.start()
    try:
        with in_making(*()) as empty, in_making(candidate(1)):
            assert empty.counts["items"] == 0
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            with fresh() as making:
                for number in range(2_000):
                    making.add(candidate(number), "0" * 64)
                making.settle()
                peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert making.counts["items"] + making.counts["quarantined"] == 2_000
    assert peak / 2_000 < 1_200  # a candidate alone takes 1,900
