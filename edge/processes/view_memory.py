"""What a camera's view was like, kept over restarts: a push at night is seen in the morning.

Flow: ConditionMonitor -> views/<lane>-<camera>.npz -> ConditionMonitor of the next start

Only while nothing is wrong with the picture, and only until the camera is calibrated anew: then
the view from then on is the right one. A file that cannot be read is forgotten.
"""

import logging
import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cameras.condition import Baseline, ConditionMonitor, ConditionPolicy

KEEP_EVERY_NS = 600_000_000_000
FORMAT = 1

logger = logging.getLogger(__name__)


class ViewMemory:
    """One camera's file; its capture process alone writes it."""

    def __init__(self, path: Path, calibration: Path) -> None:
        self._path = path
        self._calibration = calibration
        self._next_ns = 0

    def recall(self) -> tuple[Baseline, NDArray[np.uint8]] | None:
        """What was learned before; None where nothing holds any more."""
        try:
            if self._path.stat().st_mtime_ns < self._calibration.stat().st_mtime_ns:
                return None
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                if int(kept["format"]) != FORMAT:
                    return None
                baseline = Baseline(
                    float(kept["sharpness"]),
                    tuple(float(v) for v in kept["tile_mean"]),
                    tuple(float(v) for v in kept["tile_std"]),
                    int(kept["num_views"]),
                )
                return baseline, np.asarray(kept["view"], np.uint8)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as err:
            logger.warning("camera view forgotten path=%s: %s", self._path.name, err)
            return None

    def keep(self, monitor: ConditionMonitor, now_ns: int) -> bool:
        """Write what was learned, if it is time and the picture is good; whether it was written."""
        base, view = monitor.baseline, monitor.view
        is_learned = base.num_views >= ConditionPolicy().learn_views and view is not None
        if now_ns < self._next_ns or not is_learned or monitor.conditions:
            return False
        self._next_ns = now_ns + KEEP_EVERY_NS
        try:
            self._write(base, view)
        except OSError as err:
            logger.warning("camera view not kept path=%s: %s", self._path.name, err)
            return False
        return True

    def _write(self, base: Baseline, view: NDArray[np.uint8] | None) -> None:
        """Write temp, fsync, rename, fsync the folder."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.new")
        with temporary.open("wb") as file:
            np.savez_compressed(
                file,
                format=FORMAT,
                sharpness=base.sharpness,
                tile_mean=np.array(base.tile_mean, np.float32),
                tile_std=np.array(base.tile_std, np.float32),
                num_views=base.num_views,
                view=np.asarray(view, np.uint8),
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
