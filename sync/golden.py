"""Golden frames: pictures inside a bundle with the answers that its models gave when it was made.

A box runs them before it trusts a bundle on its own hardware: the same items must be found, with
the same SKUs. Boxes are whole pixels, so the file holds no floats.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sync.errors import BundleError

GOLDEN_NAME = "golden/golden.json"


class GoldenItem(BaseModel):
    """One item that the bundle's models found.

    Attributes:
        xyxy: pixels of the picture.
        sku_id: nearest SKU of the gallery for this one look.
        is_sure: the look alone is far from the next SKU; only then must another machine agree.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    xyxy: tuple[int, int, int, int]
    sku_id: str
    is_sure: bool


class GoldenFrame(BaseModel):
    """One camera's picture; `picture` is relative to the bundle's directory."""

    model_config = ConfigDict(frozen=True, extra="allow")

    picture: str
    scene: str
    camera: str
    items: tuple[GoldenItem, ...]


class GoldenSet(BaseModel):
    """All golden frames of a bundle, and per scene what lies on the counter (SKU -> pieces)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    frames: tuple[GoldenFrame, ...]
    baskets: dict[str, dict[str, int]] = Field(default_factory=dict)


def load_golden(path: Path) -> GoldenSet:
    """Read the golden frames of a bundle.

    Raises:
        BundleError: missing, no JSON or against the rules; names the entry.
    """
    try:
        return GoldenSet.model_validate_json(path.read_bytes())
    except OSError as err:
        raise BundleError(f"{path.name} cannot be read: {err.strerror}") from err
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path.name}: {place}: {first['msg']}", hint="build it again") from err
