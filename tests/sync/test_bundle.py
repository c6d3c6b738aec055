"""A bundle on disk: whole or refused."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from sync.bundle import LATER_FIELDS, BundleManifest, Preprocess, describe_file, open_bundle
from sync.errors import BundleError


def write_bundle(root: Path, **changes: object) -> Path:
    (root / "models").mkdir(parents=True)
    (root / "models" / "detector.onnx").write_bytes(b"detector")
    (root / "catalog.json").write_bytes(b"{}")
    manifest = BundleManifest(
        name="test",
        version="1",
        created="2026-11-21T00:00:00Z",
        embedder_id="embedder-1",
        embedding_dim=256,
        preprocess=Preprocess(detector_px=320, crop_px=224),
        files=(
            describe_file(root, root / "models" / "detector.onnx", "detector", "cpu"),
            describe_file(root, root / "catalog.json", "catalog"),
        ),
    )
    data = {**manifest.model_dump(mode="json"), **changes}
    (root / "manifest.json").write_text(json.dumps(data))
    return root


def test_a_whole_bundle_opens_and_finds_its_files(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "b"))
    assert bundle.file("detector", "cpu").read_bytes() == b"detector"
    assert bundle.files("detector", "gpu") == []


def test_the_id_does_not_depend_on_how_the_manifest_is_spaced(tmp_path: Path) -> None:
    root = write_bundle(tmp_path / "b")
    first = open_bundle(root).bundle_id
    path = root / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4, sort_keys=True))
    assert open_bundle(root).bundle_id == first


def test_an_unknown_field_is_kept_and_part_of_the_id(tmp_path: Path) -> None:
    plain = open_bundle(write_bundle(tmp_path / "plain"))
    newer = open_bundle(write_bundle(tmp_path / "newer", colour="green"))
    assert newer.bundle_id != plain.bundle_id


def alter(path: Path) -> None:
    path.write_bytes(b"detectox")


def truncate(path: Path) -> None:
    path.write_bytes(b"det")


def replace_by_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(alter, "was altered", id="one byte changed"),
        pytest.param(truncate, "has 3 bytes, the manifest says 8", id="cut off"),
        pytest.param(Path.unlink, "is missing or a link", id="removed"),
        pytest.param(replace_by_link, "is missing or a link", id="a link in its place"),
    ],
)
def test_a_damaged_bundle_is_refused_with_the_file_and_the_reason(
    tmp_path: Path, damage: object, reason: str
) -> None:
    root = write_bundle(tmp_path / "b")
    assert callable(damage)
    damage(root / "models" / "detector.onnx")
    with pytest.raises(BundleError, match=f"models/detector.onnx {reason}"):
        open_bundle(root)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"format": 2}, "format", id="format of the future"),
        pytest.param({"created": 1.5}, "created", id="a number where text belongs"),
        pytest.param({"extra": 0.5}, "holds a float", id="a float in an unknown field"),
        pytest.param(
            {"files": [{"path": "../x", "sha256": "0" * 64, "size": 0, "role": "picture"}]},
            "leaves the bundle",
            id="a path that climbs out",
        ),
        pytest.param(
            {
                "files": [
                    {"path": p, "sha256": "0" * 64, "size": 0, "role": "picture"}
                    for p in ("a.jpg", "A.jpg")
                ]
            },
            "differ only in case",
            id="two names that some file systems confuse",
        ),
    ],
)
def test_a_wrong_manifest_is_refused_with_the_place(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    root = write_bundle(tmp_path / "b", **changes)
    with pytest.raises(BundleError, match=reason):
        open_bundle(root)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        open_bundle(tmp_path)


def test_a_field_that_came_later_changes_no_id_while_it_is_unset() -> None:
    plain = Preprocess(detector_px=320, crop_px=224)
    older = {k: v for k, v in plain.model_dump().items() if k not in LATER_FIELDS}
    manifest = BundleManifest(
        name="b", version="1", created="now", embedder_id="e" * 8, embedding_dim=8,
        preprocess=plain, files=(),
    )  # fmt: skip
    assert json.loads(manifest.canonical())["preprocess"] == json.loads(json.dumps(older))


def test_the_finer_input_travels_with_the_manifest_and_changes_its_id() -> None:
    plain = Preprocess(detector_px=416, detector_height_px=240, crop_px=160)
    fine = plain.model_copy(update={"detector_fine_px": 640, "detector_fine_height_px": 352})
    assert plain.detector_fine_size == plain.detector_size == (416, 240)
    assert fine.detector_fine_size == (640, 352)
    ids = {
        BundleManifest(
            name="b", version="1", created="now", embedder_id="e" * 8, embedding_dim=8,
            preprocess=form, files=(),
        ).bundle_id()
        for form in (plain, fine)
    }  # fmt: skip
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        pytest.param((320, 352), "smaller", id="narrow"),
        pytest.param((640, 200), "smaller", id="low"),
        pytest.param((None, 352), "without detector_fine_px", id="half told"),
    ],
)
def test_a_finer_input_that_is_none_is_refused(size: tuple[int | None, int], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Preprocess(
            detector_px=416, detector_height_px=240, crop_px=160,
            detector_fine_px=size[0], detector_fine_height_px=size[1],
        )  # fmt: skip
