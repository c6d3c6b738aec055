"""What the gate said, in the form that boxes ask for, signed by the hub's gate key.

Flow: newest verdict + approval of a model -> GateVerdict -> `gate/<bundle id>.json`, published

Where this hub holds no keys nothing is signed here; `hubctl bundle vouch` and the keepers' folder
are the way then. A verdict is signed anew when its approval is known.
"""

import hashlib
import json
import logging
from dataclasses import asdict

from sync.gate_verdict import ApprovalMode, GateVerdict
from trainer.hub.hub_services import HubServices
from trainer.release.gate import POLICIES
from trainer.release.release_errors import (
    KeyFileError,
    PublishRefusedError,
    RepositoryFolderError,
    ThresholdError,
)
from trainer.store import registry
from trainer.store.database import reading
from trainer.store.registry import Approval, StoredVerdict

logger = logging.getLogger(__name__)

SIGNED_VERDICTS = ("pass", "reject")  # "inconclusive" takes nothing back from an older pass


def sign_verdict(services: HubServices, bundle_id: str) -> bool:
    """Publish the newest verdict that decides about a model; False where this hub signs nothing.

    The verdict is kept before it is signed; where signing fails, the log says what to mend.
    """
    with reading(services.engine) as connection:
        verdicts = registry.verdicts_of(connection, bundle_id)
        approvals = registry.approvals_of(connection, bundle_id)
    newest = next((v for v in verdicts if v.verdict in SIGNED_VERDICTS), None)
    if services.publisher is None or newest is None:
        return False
    document = verdict_document(bundle_id, newest, approvals[0] if approvals else None)
    try:
        with services.publisher.transaction() as signing:
            signing.list_verdict(document)
    except (PublishRefusedError, ThresholdError, KeyFileError, RepositoryFolderError) as err:
        logger.warning("verdict not signed bundle=%s: %s (%s)", bundle_id[:12], err, err.hint)
        return False
    return True


def verdict_document(
    bundle_id: str, verdict: StoredVerdict, approval: Approval | None
) -> GateVerdict:
    """The verdict with its policy by name and numbers; names of people stay at the hub."""
    report = json.dumps(verdict.document, sort_keys=True, separators=(",", ":")).encode()
    policy = POLICIES[verdict.policy]
    is_approved = approval is not None and approval.decision == "approve"
    mode: ApprovalMode = ""
    if approval is not None and is_approved:
        mode = approval.mode  # type: ignore[assignment]
    said = "reject" if approval is not None and not is_approved else verdict.verdict
    return GateVerdict(
        bundle_id=bundle_id,
        verdict=said,  # type: ignore[arg-type]
        policy=policy.name,
        margins={k: repr(v) for k, v in asdict(policy).items() if k != "name"},
        champion_id=verdict.champion_id,
        blind_set=verdict.blind_set,
        look=verdict.look,
        num_baskets=int(verdict.document.get("num_baskets", 0)),
        report_sha256=hashlib.sha256(report).hexdigest(),
        approval=mode,
        is_single_operator=approval is not None and is_approved and approval.is_single_operator,
        judged_at=verdict.at,
    )
