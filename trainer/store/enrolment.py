"""How a box comes to belong to this hub: claim code, list of known keys, or a person's yes.

Every function takes the caller's connection, so one request is one transaction.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from sync.device_identity import fingerprint_words
from trainer.store import audit
from trainer.store.fleet import BoxRow, EnrolmentError, find_box, must_find_box
from trainer.store.schema import BOXES, CLAIM_CODES, PREAUTHORISED

CLAIM_CODE_BYTES = 10  # 80 bits: not to be guessed within its hours of life
CLAIM_CODE_LIFE = timedelta(hours=48)


def create_claim_code(
    connection: Connection,
    *,
    now: datetime,
    actor: str,
    box_id: str = "",
    store_id: str | None = None,
    ring: str = "",
) -> str:
    """A one-time code for one box; only its hash is kept.

    Args:
        box_id: bind the code to one name; empty lets the box choose.
    """
    code = secrets.token_hex(CLAIM_CODE_BYTES)
    connection.execute(
        insert(CLAIM_CODES).values(
            code_sha256=_sha256(code),
            box_id=box_id,
            store_id=store_id,
            ring=ring,
            expires_at=now + CLAIM_CODE_LIFE,
        )
    )
    audit.record(connection, now=now, actor=actor, action="claim_code", subject=box_id or "any")
    return code


def preauthorise(
    connection: Connection, public_key: str, box_id: str, *, now: datetime, actor: str,
    store_id: str | None = None, ring: str = "",
) -> None:  # fmt: skip
    """Accept a key before its box calls, from a list the factory or an installer made."""
    connection.execute(
        insert(PREAUTHORISED).values(
            public_key=public_key, box_id=box_id, store_id=store_id, ring=ring
        )
    )
    audit.record(connection, now=now, actor=actor, action="preauthorise", subject=box_id)


def enrol(
    connection: Connection, box_id: str, public_key: str, claim_code: str, *, now: datetime
) -> BoxRow:
    """Accept, refuse or park a box that asks to belong here.

    Raises:
        EnrolmentError: the code is wrong, used or expired, the name is taken by another key, or the
            box was revoked.
    """
    known = find_box(connection, box_id)
    if known and known.public_key == public_key and known.status in ("enrolled", "pending"):
        if known.status == "pending" and claim_code:
            claimed = _use_claim_code(connection, claim_code, box_id, now)
            return _admit(connection, box_id, claimed, now=now, actor=f"claim:{box_id}")
        return known
    if known and known.status == "replaced" and claim_code:
        return claim_replacement(connection, box_id, public_key, claim_code, now=now)
    if known:
        raise EnrolmentError(
            f"box {box_id} is {known.status} with another key"
            if known.public_key != public_key
            else f"box {box_id} is {known.status}",
            hint="an operator replaces it: hubctl fleet replace " + box_id,
        )
    place = _place_of(connection, box_id, public_key, claim_code, now)
    connection.execute(
        insert(BOXES).values(box_id=box_id, public_key=public_key, status="pending", created_at=now)
    )
    if place is None:
        audit.record(connection, now=now, actor=box_id, action="enrol_asked", subject=box_id)
        return must_find_box(connection, box_id)
    return _admit(connection, box_id, place, now=now, actor=f"claim:{box_id}")


def accept(
    connection: Connection,
    box_id: str,
    *,
    now: datetime,
    actor: str,
    words: str,
    store_id: str | None = None,
    ring: str = "",
) -> BoxRow:
    """A person read six words on the box's screen and says yes.

    Raises:
        EnrolmentError: the box is not waiting, or the words are another key's.
    """
    known = find_box(connection, box_id)
    if known is None or known.status != "pending":
        raise EnrolmentError(f"box {box_id} is not waiting", hint="see hubctl fleet list")
    if words.split() != fingerprint_words(known.public_key).split():
        raise EnrolmentError(
            f"these are not the words of box {box_id}",
            hint="somebody else may be asking under this name: read them again on the box",
        )
    return _admit(connection, box_id, (store_id, ring), now=now, actor=actor)


def set_status(
    connection: Connection, box_id: str, status: str, *, now: datetime, actor: str, reason: str
) -> None:
    """Revoke, quarantine or readmit a box; a readmitted one begins a new chain of nonces.

    Raises:
        EnrolmentError: no such box.
    """
    must_find_box(connection, box_id)
    connection.execute(
        update(BOXES)
        .where(BOXES.c.box_id == box_id)
        .values(status=status, status_reason=reason[:200], nonce="", previous_nonce="")
    )
    audit.record(
        connection, now=now, actor=actor, action=f"box_{status}", subject=box_id,
        details={"reason": reason},
    )  # fmt: skip


def replace_box(connection: Connection, box_id: str, *, now: datetime, actor: str) -> str:
    """A dead box gives its name to a new one: the old key is dropped, a claim code returned."""
    known = must_find_box(connection, box_id)
    connection.execute(
        update(BOXES)
        .where(BOXES.c.box_id == box_id)
        .values(public_key=secrets.token_hex(32), status="replaced", nonce="",
                previous_nonce="", next_public_key="")
    )  # fmt: skip
    audit.record(connection, now=now, actor=actor, action="box_replaced", subject=box_id)
    return create_claim_code(
        connection, now=now, actor=actor, box_id=box_id, store_id=known.store_id, ring=known.ring
    )


def claim_replacement(
    connection: Connection, box_id: str, public_key: str, claim_code: str, *, now: datetime
) -> BoxRow:
    """The new machine of a replaced box shows its key and the code.

    Raises:
        EnrolmentError: the code is wrong, used or expired.
    """
    place = _use_claim_code(connection, claim_code, box_id, now)
    connection.execute(update(BOXES).where(BOXES.c.box_id == box_id).values(public_key=public_key))
    return _admit(connection, box_id, place, now=now, actor=f"claim:{box_id}")


def _place_of(
    connection: Connection, box_id: str, public_key: str, claim_code: str, now: datetime
) -> tuple[str | None, str] | None:
    listed = (
        connection.execute(
            select(PREAUTHORISED).where(
                PREAUTHORISED.c.public_key == public_key, PREAUTHORISED.c.box_id == box_id
            )
        )
        .mappings()
        .first()
    )
    if listed is not None:
        return listed["store_id"], listed["ring"]
    return _use_claim_code(connection, claim_code, box_id, now) if claim_code else None


def _use_claim_code(
    connection: Connection, code: str, box_id: str, now: datetime
) -> tuple[str | None, str]:
    row = (
        connection.execute(select(CLAIM_CODES).where(CLAIM_CODES.c.code_sha256 == _sha256(code)))
        .mappings()
        .first()
    )
    hint = "ask for a new one: hubctl fleet claim-code"
    if row is None or (row["box_id"] and row["box_id"] != box_id):
        raise EnrolmentError("claim code is not known", hint=hint)
    if row["used_by"]:
        raise EnrolmentError("claim code was used", hint=hint)
    if row["expires_at"] <= now:
        raise EnrolmentError("claim code has expired", hint=hint)
    connection.execute(
        update(CLAIM_CODES)
        .where(CLAIM_CODES.c.code_sha256 == row["code_sha256"])
        .values(used_by=box_id, used_at=now)
    )
    return row["store_id"], row["ring"]


def _admit(
    connection: Connection, box_id: str, place: tuple[str | None, str], *, now: datetime, actor: str
) -> BoxRow:
    connection.execute(
        update(BOXES)
        .where(BOXES.c.box_id == box_id)
        .values(
            status="enrolled", store_id=place[0], ring=place[1], enrolled_at=now,
            nonce=secrets.token_hex(16), previous_nonce="", status_reason="",
        )
    )  # fmt: skip
    audit.record(connection, now=now, actor=actor, action="box_enrolled", subject=box_id)
    return must_find_box(connection, box_id)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
