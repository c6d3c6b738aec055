"""Weak labels for people: vet what shoppers and barcodes said, look at what was blocked.

Flow: corrected cases -> pictures unsealed -> vectors -> vetted against the gallery -> rows

Pictures are opened in memory only. A picture that is gone gives no look; a claim without any look
is blocked and goes to a person, as everything that is blocked does.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

import cv2
import numpy as np
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from sync.errors import SyncError
from sync.gallery import Gallery
from sync.sealing import unseal
from trainer.hub.hub_services import HubServices
from trainer.hub.live_bundles import LiveBundles
from trainer.hub.people_auth import Body, Reply, needs
from trainer.label_vetting import Status, Vetted, VettingRule, WeakSource, vet_claim
from trainer.onboarding.photo_embedder import FloatArray, LiveBundle, PhotoEmbedder
from trainer.store import weak_labels
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission
from trainer.store.weak_labels import Claim, StoredWeakLabel

NO_LOOK = "vetting.no_picture"


class VetRequest(Body):
    """How many cases to vet now, and the limits (trainer/README.md)."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    shopper_margin: Annotated[int, Field(ge=-1000, le=1000)] = 50
    barcode_margin: Annotated[int, Field(ge=-1000, le=1000)] = -150
    min_similarity: Annotated[int, Field(ge=-1000, le=1000)] = 200

    def rule(self) -> VettingRule:
        """As the vetting understands it."""
        return VettingRule(self.shopper_margin, self.barcode_margin, self.min_similarity)


class VetReply(Reply):
    """How many claims were vetted now; 0 means that none waits."""

    num_vetted: int
    num_accepted: int
    num_blocked: int


class WeakCount(Reply):
    """How many regions."""

    source: WeakSource
    status: Status
    reason: str
    count: int


class WeakRow(Reply):
    """One region; `margin` in thousandths of cosine similarity above the rival."""

    weak_id: int
    case_id: str
    camera_id: str
    item_id: str
    sku_id: str
    source: WeakSource
    status: Status
    reason: str
    rival: str
    margin: int
    vetted_with: str
    at: AwareDatetime


class WeakPage(Reply):
    """Weak labels; `after` asks for the next page, -1 at the end."""

    items: list[WeakRow]
    counts: list[WeakCount]
    after: int


def make_weak_label_router(services: HubServices) -> APIRouter:
    """Endpoints of weak labels."""
    router = APIRouter(prefix="/api/v1", tags=["review"])
    engine = services.engine
    manager = Annotated[str, Depends(needs(engine, Permission.CASES_MANAGE))]
    desk = VettingDesk(services)

    @router.post("/weak-labels/vet")
    def vet(who: manager, body: VetRequest) -> VetReply:
        return desk.vet(body.limit, body.rule(), who)

    @router.get("/weak-labels")
    def list_all(
        who: manager,
        status: Literal["", "accepted", "blocked"] = "",
        source: Literal["", "shopper", "barcode"] = "",
        after: Annotated[int, Query(ge=-1, le=2**53)] = -1,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> WeakPage:
        with reading(engine) as connection:
            found = weak_labels.page(
                connection, status=status, source=source, after=after, limit=limit
            )
            counts = weak_labels.counts(connection)
        rows = [
            WeakRow(**{name: getattr(weak, name) for name in StoredWeakLabel.__slots__})
            for weak in found
        ]
        last = found[-1].weak_id if len(found) == limit else -1
        return WeakPage(items=rows, counts=[WeakCount(**c) for c in counts], after=last)

    return router


class VettingDesk:
    """One per hub: embedder sessions stay open."""

    def __init__(self, services: HubServices) -> None:
        self._services = services
        self._bundles = LiveBundles(services.repository, services.blobs)
        self._embedder = PhotoEmbedder()

    def vet(self, limit: int, rule: VettingRule, who: str) -> VetReply:
        """Vet the claims of the next cases with the gallery that boxes run.

        Raises:
            NoBundleError: no bundle is released, so there are no vetted pictures.
        """
        with reading(self._services.engine) as connection:
            claims = weak_labels.claims_to_vet(connection, limit)
        bundle = self._bundles.all()[0]
        vetted = [(claim, self._vetted(claim, bundle, bundle.gallery, rule)) for claim in claims]
        with writing(self._services.engine) as connection:
            weak_labels.keep_vetted(
                connection, vetted, vetted_with=bundle.embedder_id, now=datetime.now(UTC),
                actor=who,
            )  # fmt: skip
        accepted = sum(said.status == "accepted" for _, said in vetted)
        return VetReply(
            num_vetted=len(vetted), num_accepted=accepted, num_blocked=len(vetted) - accepted
        )

    def _vetted(
        self, claim: Claim, bundle: LiveBundle, gallery: Gallery, rule: VettingRule
    ) -> Vetted:
        looks = self._looks(claim, bundle)
        if looks is None:
            return Vetted("blocked", NO_LOOK, "", 0)
        return vet_claim(looks, claim.sku_id, claim.source, gallery, rule)

    def _looks(self, claim: Claim, bundle: LiveBundle) -> FloatArray | None:
        """The item as each camera saw it; None where no picture can be opened."""
        photos = []
        for place in claim.places:
            picture = self._open(place.blob, claim.box_id)
            if picture is not None:
                photos.append((picture, np.asarray(place.xyxy, np.float32)))
        return self._embedder.embed(bundle, photos) if photos else None

    def _open(
        self, blob: str, box_id: str
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
        if not self._services.blobs.has(blob):
            return None
        sealed = self._services.blobs.path(blob).read_bytes()
        try:
            data = unseal(sealed, self._services.must_unseal(), box_id)
        except SyncError:
            return None
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        return None if decoded is None else np.asarray(decoded, np.uint8)
