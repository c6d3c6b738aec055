"""What a box tells of its work: finished sales and how it was doing, in counts; nobody's name.

Flow: box -> SaleReport, TelemetryReport as bodies of outbox rows -> hub -> monitoring

No payment reference, no time finer than the row's, no picture. Money is the total alone.
"""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sync.recognition_report import CameraRecognition


class SaleLine(BaseModel):
    """One line of the receipt: what, how many, and who named it (`by_origin`'s words)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    sku_id: str
    pieces: int
    origin: str


class SaleReport(BaseModel):
    """One paid basket.

    Attributes:
        pieces: sku_id -> pieces (weighed goods count one per line).
        by_origin: vision, answer, scan, search, attendant -> pieces.
        num_asks: questions that were asked.
        num_corrections: items charged by vision that a person then named otherwise.
        lines: in the order of the receipt; older boxes tell none.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    lane_id: str
    basket_id: str
    bundle_id: str
    currency: str
    total_minor: int
    pieces: dict[str, int]
    by_origin: dict[str, int]
    num_asks: int = Field(default=0, ge=0)
    seconds: int = Field(default=0, ge=0)
    lines: tuple[SaleLine, ...] = ()
    num_corrections: int = Field(default=0, ge=0)


class CameraReport(BaseModel):
    """One camera over the window."""

    model_config = ConfigDict(frozen=True, extra="allow")

    camera: str
    state: str
    quality: str
    conditions: tuple[str, ...] = ()
    fps_tenths: int = Field(default=0, ge=0)


class TelemetryReport(BaseModel):
    """Some minutes of a box.

    Attributes:
        figures: whole numbers by name, units in the names.
        reasons: stable codes of what was not well.
        versions: software, protocol, bundle.
        recognition: how sure each camera's items were; once an hour, else empty.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    at: AwareDatetime
    window_s: int = Field(ge=1)
    verdict: str
    reasons: tuple[str, ...] = ()
    figures: dict[str, int] = {}
    cameras: tuple[CameraReport, ...] = ()
    versions: dict[str, str] = {}
    recognition: tuple[CameraRecognition, ...] = ()
