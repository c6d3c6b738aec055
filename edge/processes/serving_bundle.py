"""What a process takes from the bundle that this box serves, and from files beside it.

Flow: EdgeConfig -> Bundle -> Offer, counter maps

Files are verified before anything of them is used. Loading networks is perception's own work.
"""

import json
import logging
from pathlib import Path

from pydantic import ValidationError

from edge.basket.counter import Offer
from edge.basket.counter_map import CounterMap
from edge.config import EdgeConfig, LaneKnobs
from sync.bundle import Bundle, open_bundle
from sync.catalog import load_catalog
from sync.decision import DecisionParameters
from sync.errors import BundleError
from sync.price_list import load_price_list

logger = logging.getLogger(__name__)


def pointer_path(config: EdgeConfig) -> Path:
    """A small file of the bundles process: which bundle serves after a restart."""
    return config.paths.state_dir / "bundles" / "serving.json"


def serving_directory(config: EdgeConfig) -> Path:
    """Where the bundle lies that this box serves; the configuration's where no hub says else."""
    if config.hub.url:
        try:
            told = Path(json.loads(pointer_path(config).read_bytes())["directory"])
        except (OSError, ValueError, KeyError, TypeError):
            return config.paths.serving_bundle
        if told.is_dir():
            return told
    return config.paths.serving_bundle


def open_serving_bundle(config: EdgeConfig) -> Bundle:
    """The bundle that this box serves, verified file by file.

    Raises:
        BundleError: a file is missing, altered or not listed; says which.
    """
    return open_bundle(serving_directory(config))


def open_offer(config: EdgeConfig) -> Offer:
    """What can be sold, for how much, and how sure one must be.

    Raises:
        BundleError: the bundle is not whole.
        CatalogError: catalogue or prices contradict themselves.
    """
    return offer_of(config, open_serving_bundle(config))


def offer_of(config: EdgeConfig, bundle: Bundle) -> Offer:
    """What a verified bundle offers.

    Raises:
        BundleError: a part is missing or damaged.
        CatalogError: catalogue or prices contradict themselves.
    """
    return Offer(
        catalog=load_catalog(bundle.file("catalog")),
        prices=load_price_list(config.paths.prices_file or bundle.file("prices")),
        parameters=read_parameters(bundle.file("thresholds")),
        bundle_id=bundle.bundle_id,
    )


def read_counter_maps(lane: LaneKnobs) -> dict[str, CounterMap | None]:
    """Calibration of every camera of a lane; None where there is none that can be used."""
    return {
        camera.camera_id: _read_map(camera.camera_id, camera.calibration) for camera in lane.cameras
    }


def _read_map(camera_id: str, path: Path | None) -> CounterMap | None:
    if path is None:
        return None
    try:
        return CounterMap.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as err:
        # The sale goes on: a camera without centimetres still sees items.
        logger.warning("calibration not used camera=%s path=%s: %s", camera_id, path, err)
        return None


def read_parameters(path: Path) -> DecisionParameters:
    """The thresholds of a bundle.

    Raises:
        BundleError: the file is damaged.
    """
    try:
        return DecisionParameters.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as err:
        raise BundleError(f"{path.name} is damaged: {err}", hint="fetch the bundle again") from err
