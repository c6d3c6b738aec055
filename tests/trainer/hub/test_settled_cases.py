"""A reviewer's labels go back to the box whose two models priced a basket differently."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sync.hard_case import CaseReason
from tests.fakes.case_sender import BOX_A, BOX_B, CaseSender, answer
from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role

CANDIDATE, OTHER = "cd" * 32, "ef" * 32
CASE = "case-alone-a"  # nobody's second look
GUESSES = (("milk", 520), ("tea", 410))


@pytest.fixture
def sender(centre: PeopleHub) -> CaseSender:
    for name in ("milk", "tea"):
        centre.ok(Role.OPERATOR, "POST", "/skus", {"sku_id": name, "names": {"en": name}})
    return CaseSender(centre)


def settled(sender: CaseSender, candidate: str = CANDIDATE) -> list[dict[str, Any]]:
    """What a check-in of the box is answered."""
    box = sender.box
    body = {"nonce": box.nonce, "sent_at": datetime.now(UTC).isoformat(),
            "edge_version": "0.1.0", "bundles": {"candidate": candidate}}  # fmt: skip
    reply = box.call("POST", "/v1/check-in", body).json()
    box.nonce = reply["next_nonce"]
    return list(reply["settled"])


def send(sender: CaseSender, reason: CaseReason = CaseReason.SHADOW_DISAGREES) -> None:
    items = ((BOX_A, GUESSES), (BOX_B, GUESSES))
    sender.send(CASE, *items, reason=reason, bundle_id=CANDIDATE, basket_id="b-9")


def label(sender: CaseSender, first: str, second: str) -> None:
    body = answer(("i0", BOX_A, first), ("i1", BOX_B, second))
    sender.hub.ok(Role.REVIEWER, "POST", "/cases/next", {})
    sender.hub.ok(Role.REVIEWER, "POST", f"/cases/{CASE}/answer", body)


def test_a_labelled_disagreement_is_told_to_its_box_while_it_has_that_candidate(
    sender: CaseSender,
) -> None:
    send(sender)
    assert settled(sender) == []
    label(sender, "milk", "milk")
    told = {"basket_id": "b-9", "truth": {"milk": 2}}
    assert settled(sender) == [told]
    assert settled(sender) == [told]
    assert settled(sender, OTHER) == settled(sender, "") == []


def test_what_is_no_goods_does_not_count(sender: CaseSender) -> None:
    send(sender)
    label(sender, "milk", "<not_item>")
    assert settled(sender) == [{"basket_id": "b-9", "truth": {"milk": 1}}]


def test_a_box_that_nobody_could_name_is_no_truth(sender: CaseSender) -> None:
    send(sender)
    label(sender, "milk", "<unknown>")
    assert settled(sender) == []


def test_other_cases_settle_nothing(sender: CaseSender) -> None:
    send(sender, CaseReason.UNCERTAIN)
    label(sender, "milk", "tea")
    assert settled(sender) == []
