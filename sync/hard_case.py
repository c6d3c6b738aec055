"""A hard case: a moment worth a label, with one redacted counter picture per camera.

Flow: box -> HardCase as the body of an outbox row -> hub -> labeling

Pictures are sealed blobs beside it; crops are derived at the centre from the boxes here.
"""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class CaseReason(StrEnum):
    """Why a moment is worth a label; in falling order of what it usually teaches."""

    CORRECTED = "corrected"
    UNKNOWN_OBJECT = "unknown_object"
    CAMERAS_DISAGREE = "cameras_disagree"
    SHADOW_DISAGREES = "shadow_disagrees"
    WEIGHT_MISMATCH = "weight_mismatch"
    UNCERTAIN = "uncertain"
    RANDOM = "random"


class CaseItem(BaseModel):
    """One item in one camera's picture.

    Attributes:
        xyxy: whole pixels of the redacted picture.
        guesses: best SKUs with their probability in per mille, best first.
        answered: what a person or a barcode said it is; empty where nobody did.
        named_by: answer, scan, search, attendant; empty where nobody did, or an older box tells.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    item_id: str
    xyxy: tuple[int, int, int, int]
    guesses: tuple[tuple[str, int], ...] = ()
    answered: str = ""
    named_by: str = ""


class ItemEvidence(BaseModel):
    """What all cameras together said about an item at the moment, before anybody was asked.

    Attributes:
        best, second: SKUs; `second` is empty where the gallery has no other.
        margin_mnat: log-probability of best above second, thousandths of a nat.
        similarity_ppm: cosine similarity of the best prototype, millionths.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    item_id: str
    best: str
    second: str = ""
    margin_mnat: int = Field(ge=0)
    similarity_ppm: int = Field(ge=-1_000_000, le=1_000_000)
    num_cameras: int = Field(default=1, ge=1)


class CasePicture(BaseModel):
    """One camera's picture; `blob` is the sha256 of its sealed bytes."""

    model_config = ConfigDict(frozen=True, extra="allow")

    camera_id: str
    blob: str = Field(pattern="^[0-9a-f]{64}$")
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    items: tuple[CaseItem, ...] = ()


class HardCase(BaseModel):
    """The moment.

    Attributes:
        evidence: of every item that lay there, charged ones too; older boxes tell none.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    case_id: str = Field(min_length=8, max_length=40)
    basket_id: str
    lane_id: str
    reason: CaseReason
    value: int = Field(ge=0)
    at: AwareDatetime
    bundle_id: str
    pictures: tuple[CasePicture, ...]
    evidence: tuple[ItemEvidence, ...] = ()
