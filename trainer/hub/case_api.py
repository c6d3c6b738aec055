"""Cases for reviewers: the queue, the next one, its pictures and candidates, answers, undo.

Flow: claimed case -> picture unsealed -> labels checked against the case -> store

A gold question looks like any other case until it is answered. Boxes stay inside the picture.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, Field

from sync.hard_case import CaseItem, CasePicture, HardCase
from sync.sealing import unseal
from trainer.hub.answer_form import AnswerRequest, GoldRequest, LabeledPicture, checked_labels
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.store import answers, cases, sku_table
from trainer.store.cases import CaseQuery, StoredCase, UnknownCaseError
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission

MAX_CANDIDATES = 5


class QueueReply(Reply):
    """How many cases have each status."""

    new: int
    second: int
    disputed: int
    labelled: int
    skipped: int


class CaseRow(Reply):
    """One line of the list."""

    case_id: str
    store_id: str
    box_id: str
    reason: str
    value: int
    status: str
    created_at: AwareDatetime
    num_answers: int


class CasePage(Reply):
    """A page of cases."""

    total: int
    offset: int
    limit: int
    items: list[CaseRow]


class CandidateReply(Reply):
    """One of the best guesses; `picture_url` is empty where the catalogue has no picture."""

    sku_id: str
    name: str
    per_mille: int
    picture_url: str


class ItemReply(Reply):
    """A box with its candidates, best first."""

    item_id: str
    xyxy: tuple[int, int, int, int]
    answered: str
    candidates: list[CandidateReply]


class PictureReply(Reply):
    """One camera's picture."""

    camera_id: str
    width: int
    height: int
    url: str
    items: list[ItemReply]


class CaseReply(CaseRow):
    """A case to look at."""

    lane_id: str
    basket_id: str
    bundle_id: str
    pictures: list[PictureReply]


class NextRequest(Body):
    """Which cases not to be given, such as those skipped a moment ago."""

    exclude: list[str] = Field(default=[], max_length=200)


class GoldResult(Reply):
    """How a gold question went."""

    is_right: bool
    num_wrong: int


class AnswerReply(Reply):
    """What became of a case."""

    answer_id: int
    status: str
    num_disagreements: int
    gold: GoldResult | None


class SkipRequest(Body):
    """Why nobody can tell."""

    reason: str = Field(min_length=3, max_length=200)


class SkipReply(Reply):
    """The case is put aside."""

    status: Literal["skipped"] = "skipped"


class UndoReply(Reply):
    """The answer that was taken back; its case is yours again."""

    case_id: str
    answer_id: int


class StoredAnswer(Reply):
    """An answer as it was given."""

    answer_id: int
    reviewer: str
    at: AwareDatetime
    seconds: float
    is_undone: bool
    pictures: list[LabeledPicture]


def make_case_router(services: HubServices) -> APIRouter:
    """Endpoints of cases."""
    router = APIRouter(prefix="/api/v1", tags=["review"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.CASES_READ))]

    @router.get("/review/queue")
    def queue(who: reader) -> QueueReply:
        with reading(engine) as connection:
            return QueueReply(**cases.queue_counts(connection))

    @router.get("/cases")
    def list_all(
        who: reader,
        status: Literal["", "new", "second", "disputed", "labelled", "skipped"] = "",
        store_id: Annotated[str, Query(max_length=63)] = "",
        reason: Annotated[str, Query(max_length=40)] = "",
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> CasePage:
        query = CaseQuery(status, store_id, reason, offset, limit)
        with reading(engine) as connection:
            total, found = cases.list_cases(connection, query)
        items = [CaseRow(**_row(case)) for case in found]
        return CasePage(total=total, offset=offset, limit=limit, items=items)

    @router.get("/cases/{case_id}")
    def read(who: reader, case_id: str) -> CaseReply:
        return _case_reply(services, case_id)

    @router.get("/cases/{case_id}/pictures/{camera_id}", response_class=Response)
    def picture(who: reader, case_id: str, camera_id: str) -> Response:
        return Response(_open_picture(services, case_id, camera_id), media_type="image/jpeg")

    _add_reviewing(router, services)
    _add_managing(router, services)
    return router


def _add_reviewing(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    reviewer = Annotated[str, Depends(needs(engine, Permission.CASES_ANSWER))]

    @router.post("/cases/next")
    def take_next(who: reviewer, body: NextRequest) -> CaseReply | None:
        with writing(engine) as connection:
            chosen = cases.claim_next(connection, who, exclude=body.exclude, now=datetime.now(UTC))
        return None if chosen is None else _case_reply(services, chosen)

    @router.post("/cases/{case_id}/answer")
    def answer(who: reviewer, case_id: str, body: AnswerRequest) -> AnswerReply:
        with writing(engine) as connection:
            case, hard_case = cases.find_case(connection, case_id)
            labels = checked_labels(connection, hard_case, body.pictures)
            verdict = answers.give_answer(
                connection, case, hard_case, labels, reviewer=who, seconds=body.seconds,
                now=datetime.now(UTC),
            )  # fmt: skip
        wrong = verdict.gold_wrong
        return AnswerReply(
            answer_id=verdict.answer_id,
            status=verdict.status,
            num_disagreements=verdict.num_disagreements,
            gold=None if wrong is None else GoldResult(is_right=not wrong, num_wrong=wrong),
        )

    @router.post("/cases/{case_id}/skip")
    def skip(who: reviewer, case_id: str, body: SkipRequest) -> SkipReply:
        with writing(engine) as connection:
            case, _ = cases.find_case(connection, case_id)
            answers.skip_case(
                connection, case, reviewer=who, reason=body.reason, now=datetime.now(UTC)
            )
        return SkipReply()

    @router.post("/review/undo")
    def undo(who: reviewer) -> UndoReply:
        with writing(engine) as connection:
            case_id, answer_id = answers.undo_newest(connection, who, now=datetime.now(UTC))
        return UndoReply(case_id=case_id, answer_id=answer_id)


def _add_managing(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    manager = Annotated[str, Depends(needs(engine, Permission.CASES_MANAGE))]

    @router.get("/cases/{case_id}/answers")
    def list_answers(who: manager, case_id: str) -> list[StoredAnswer]:
        with reading(engine) as connection:
            cases.find_case(connection, case_id)
            found = answers.answers_of(connection, case_id)
        return [
            StoredAnswer(
                answer_id=a.answer_id,
                reviewer=a.reviewer,
                at=a.at,
                seconds=a.seconds,
                is_undone=a.is_undone,
                pictures=[
                    LabeledPicture.model_validate(picture)
                    for picture in answers.labels_as_json(a.labels)
                ],
            )
            for a in found
        ]

    @router.put("/cases/{case_id}/gold", status_code=204)
    def set_gold(who: manager, case_id: str, body: GoldRequest) -> None:
        with writing(engine) as connection:
            _, hard_case = cases.find_case(connection, case_id)
            labels = checked_labels(connection, hard_case, body.pictures)
            answers.set_gold(connection, case_id, labels, now=datetime.now(UTC), actor=who)

    @router.delete("/cases/{case_id}/gold", status_code=204)
    def drop_gold(who: manager, case_id: str) -> None:
        with writing(engine) as connection:
            cases.find_case(connection, case_id)
            answers.set_gold(connection, case_id, None, now=datetime.now(UTC), actor=who)


def _open_picture(services: HubServices, case_id: str, camera_id: str) -> bytes:
    """The redacted JPEG of one camera, unsealed in memory only."""
    with reading(services.engine) as connection:
        case, hard_case = cases.find_case(connection, case_id)
    blob = next((p.blob for p in hard_case.pictures if p.camera_id == camera_id), "")
    if not blob or not services.blobs.has(blob):
        raise UnknownCaseError(f"no picture of {camera_id[:80]!r}", hint="it was not kept")
    return unseal(services.blobs.path(blob).read_bytes(), services.must_unseal(), case.box_id)


def _case_reply(services: HubServices, case_id: str) -> CaseReply:
    with reading(services.engine) as connection:
        case, hard_case = cases.find_case(connection, case_id)
        known = sku_table.names_and_pictures(connection, _guessed(hard_case))
    return CaseReply(
        **_row(case),
        lane_id=hard_case.lane_id,
        basket_id=hard_case.basket_id,
        bundle_id=hard_case.bundle_id,
        pictures=[_picture_reply(case_id, picture, known) for picture in hard_case.pictures],
    )


def _picture_reply(
    case_id: str, picture: CasePicture, known: dict[str, tuple[str, bool]]
) -> PictureReply:
    return PictureReply(
        camera_id=picture.camera_id,
        width=picture.width,
        height=picture.height,
        url=f"/api/v1/cases/{case_id}/pictures/{picture.camera_id}",
        items=[
            ItemReply(
                item_id=item.item_id,
                xyxy=item.xyxy,
                answered=item.answered,
                candidates=_candidates(item, known),
            )
            for item in picture.items
        ],
    )


def _candidates(item: CaseItem, known: dict[str, tuple[str, bool]]) -> list[CandidateReply]:
    found: list[CandidateReply] = []
    for sku_id, per_mille in item.guesses[:MAX_CANDIDATES]:
        name, has_picture = known.get(sku_id, (sku_id, False))
        url = f"/api/v1/skus/{sku_id}/picture" if has_picture else ""
        found.append(CandidateReply(sku_id=sku_id, name=name, per_mille=per_mille, picture_url=url))
    return found


def _guessed(case: HardCase) -> list[str]:
    return sorted({sku_id for p in case.pictures for item in p.items for sku_id, _ in item.guesses})


def _row(case: StoredCase) -> dict[str, Any]:
    return {name: getattr(case, name) for name in StoredCase.__slots__}
