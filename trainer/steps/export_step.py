"""Step `export`: the files that a box runs, with the gallery in their own space.

Flow: fit + champion -> embedder files, whitening.npz, gallery.npz, export.json

A fast fit kept the embedder, so its files are the champion's. A full fit goes through ONNX, INT8
and 16-bit floats, and INT8 ships only if it decides as the float file does.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from trainer.steps.champion import Champion, open_champion
from trainer.steps.fit_parameters import FIT_REPORT, WEIGHTS
from trainer.steps.step_voice import StepVoice

REPORT = "export.json"


class Parameters(BaseModel):
    """How many crops the quantiser is calibrated on, and files are compared on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_calibration: int = Field(default=120, ge=8, le=2000)
    num_measured: int = Field(default=240, ge=8, le=5000)


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Write embedder files, whitening and gallery."""
    champion = open_champion(inputs["champion"])
    if (inputs["fit"] / WEIGHTS).is_file():
        from trainer.steps.embedder_export import export_embedder

        report = export_embedder(
            inputs, champion, out, voice,
            num_calibration=parameters.num_calibration, num_measured=parameters.num_measured,
        )  # fmt: skip
    else:
        report = _unchanged(champion, inputs["fit"], out)
    (out / REPORT).write_text(json.dumps(report, indent=1, sort_keys=True))


def _unchanged(champion: Champion, fit: Path, out: Path) -> dict[str, object]:
    """The champion's files, and what the fit wrote."""
    files = {}
    for entry in champion.bundle.manifest.files:
        if entry.role == "embedder":
            shutil.copyfile(champion.bundle.directory / entry.path, out / Path(entry.path).name)
            files[entry.target] = Path(entry.path).name
    for name in ("whitening.npz", "gallery.npz"):
        shutil.copyfile(fit / name, out / name)
    embedder_id = json.loads((fit / FIT_REPORT).read_text())["embedder_id"]
    return {"embedder": files, "embedder_id": embedder_id, "is_unchanged": True}
