"""What shoppers and barcodes say is held against vetted pictures: bad labels do not teach."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sync.bundle import open_bundle
from sync.decision import DecisionParameters
from sync.gallery import Gallery, load_gallery, load_whitening, unit_rows
from trainer import label_vetting
from trainer.label_vetting import VettingRule, WeakSource, look_alikes, measure_noise, vet_claim
from trainer.onboarding.photo_embedder import LiveBundle, PhotoEmbedder

FACTORY = Path(__file__).parents[2] / "edge" / "bundles" / "factory"
RULE = VettingRule()
MIN_BLOCKED = 0.8  # of bad labels at 40 % look-alike noise: the promise
BAD_SHARE = 0.4

# Three SKUs: two that look alike (0.9), one that does not.
ROWS = unit_rows(np.asarray([[1.0, 0.0, 0.0], [0.9, 0.4359, 0.0], [0.0, 0.0, 1.0]], np.float64))
SMALL = Gallery("drawn", ("milk", "milk_low", "tea"), ROWS, np.arange(3))


def look(*parts: float) -> NDArray[np.float32]:
    return unit_rows(np.asarray([parts], np.float64))


@pytest.mark.parametrize(
    ("looks", "claimed", "source", "status", "reason"),
    [
        pytest.param(look(1, 0, 0), "milk", "shopper", "accepted", "agrees", id="what it is"),
        pytest.param(look(1, 0, 0), "milk_low", "shopper", "blocked", "rival", id="look-alike"),
        pytest.param(look(1, 0.24, 0), "milk", "shopper", "blocked", "rival", id="nobody can see"),
        pytest.param(look(1, 0.24, 0), "milk", "barcode", "accepted", "agrees", id="but a barcode"),
        pytest.param(look(1, 0, 0), "milk_low", "barcode", "accepted", "agrees", id="tells both"),
        pytest.param(look(1, 0, 0), "tea", "barcode", "blocked", "unlike", id="scanned beside"),
        pytest.param(look(1, 0, 0), "jam", "shopper", "blocked", "not_in_gallery", id="unknown"),
        pytest.param(look(-1, -1, 0.5), "tea", "shopper", "accepted", "agrees", id="far, no rival"),
    ],
)
def test_a_claim_is_accepted_only_where_pictures_support_it(
    looks: NDArray[np.float32], claimed: str, source: WeakSource, status: str, reason: str
) -> None:
    said = vet_claim(looks, claimed, source, SMALL, RULE)
    assert (said.status, said.reason) == (status, f"vetting.{reason}")


def test_all_cameras_speak_together() -> None:
    unsure, sure = look(1, 0.24, 0), look(1, -0.3, 0)
    both = np.concatenate([unsure, sure])
    assert vet_claim(unsure, "milk", "shopper", SMALL, RULE).status == "blocked"
    assert vet_claim(both, "milk", "shopper", SMALL, RULE).status == "accepted"


def test_every_sku_has_its_look_alike() -> None:
    assert look_alikes(SMALL) == {"milk": "milk_low", "milk_low": "milk", "tea": "milk"}


@pytest.fixture(scope="module")
def bundle() -> LiveBundle:
    opened = open_bundle(FACTORY, verify_files=False)
    gallery = load_gallery(opened.file("gallery"))
    return LiveBundle(
        bundle_id=opened.bundle_id,
        embedder_id=opened.manifest.embedder_id,
        preprocess=opened.manifest.preprocess,
        embedder_file=opened.file("embedder", "cpu"),
        whitening=load_whitening(opened.file("whitening")),
        gallery=gallery,
        digest=gallery.digest(),
        thresholds=DecisionParameters.model_validate_json(opened.file("thresholds").read_bytes()),
    )


def golden_items(bundle: LiveBundle) -> list[tuple[NDArray[np.float32], str]]:
    """Items of the golden frames in four kinds of light and focus, as each camera saw them."""
    embedder = PhotoEmbedder()
    looks: dict[tuple[str, str, int], list[NDArray[np.float32]]] = {}
    for frame in json.loads((FACTORY / "golden/golden.json").read_text())["frames"]:
        picture = np.asarray(cv2.imread(str(FACTORY / frame["picture"])), np.uint8)
        for kind, seen in enumerate(kinds_of(picture)):
            boxes = [np.asarray(item["xyxy"], np.float32) for item in frame["items"]]
            vectors = embedder.embed(bundle, [(seen, box) for box in boxes])
            for item, vector in zip(frame["items"], vectors, strict=True):
                key = (frame["scene"], item["sku_id"], kind)
                looks.setdefault(key, []).append(vector)
    return [(np.stack(rows), sku_id) for (_, sku_id, _), rows in looks.items()]


def kinds_of(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    noise = np.random.default_rng(1).normal(0, 6, picture.shape)
    return [
        picture,
        np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), np.uint8),
        np.asarray(np.clip(picture * 0.7, 0, 255), np.uint8),
        np.asarray(np.clip(picture + noise, 0, 255), np.uint8),
    ]


def test_most_look_alike_labels_are_blocked_with_the_embedder_that_ships(
    bundle: LiveBundle,
) -> None:
    items = golden_items(bundle)
    assert len(items) >= 40
    reports = [
        measure_noise(items, bundle.gallery, RULE, bad_share=BAD_SHARE, seed=seed)
        for seed in range(5)
    ]
    assert min(report.blocked_bad for report in reports) >= MIN_BLOCKED
    assert np.mean([report.blocked_good for report in reports]) <= 0.2


def test_without_noise_nothing_bad_is_counted() -> None:
    report = measure_noise([(look(1, 0, 0), "milk")], SMALL, RULE, bad_share=0.0, seed=1)
    assert (report.num_bad, report.blocked_bad, report.blocked_good) == (0, 0.0, 0.0)
    assert label_vetting.AGREES == "vetting.agrees"
