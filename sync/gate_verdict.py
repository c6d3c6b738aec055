"""What the gate said about a bundle, signed by the gate key: a box installs none without it.

Flow: gate report -> GateVerdict -> `gate/<bundle id>.json` under role `gate` -> the box

It stands beside the bundle, not inside it: a bundle's id is known before it is judged. The box
reads whether it passed; names of people and pictures are not in it.
"""

from typing import Literal

from pydantic import AwareDatetime, Field

from sync.update_documents import Document

GATE_ROLE = "gate"
BY_HAND = "by-hand"  # policy of a verdict that a key holder signed without a replay

ApprovalMode = Literal["", "automatic", "veto", "manual"]


class GateVerdict(Document):
    """One verdict about one bundle.

    Attributes:
        champion_id: what it was compared with; empty where there was nothing.
        policy: name of the margins, `by-hand` where a key holder vouched without a replay.
        margins: the policy's numbers as text, so that they travel and nobody rounds them.
        blind_set: digest of the recordings that were asked, `look` the how many-th time.
        report_sha256: of the whole report, which stays at the hub.
        approval: how it was approved after it passed; empty before.
        is_single_operator: who approved it had also registered it, being alone.
    """

    bundle_id: str = Field(pattern="^[0-9a-f]{64}$")
    verdict: Literal["pass", "reject", "inconclusive"]
    policy: str = Field(min_length=1, max_length=40)
    margins: dict[str, str] = {}
    champion_id: str = ""
    blind_set: str = ""
    look: int = Field(default=0, ge=0)
    num_baskets: int = Field(default=0, ge=0)
    report_sha256: str = ""
    note: str = Field(default="", max_length=2000)
    approval: ApprovalMode = ""
    is_single_operator: bool = False
    judged_at: AwareDatetime

    @property
    def is_exempt(self) -> bool:
        """Whether a key holder vouched for it without a replay."""
        return self.policy == BY_HAND


def verdict_path(bundle_id: str) -> str:
    """Where the gate role lists the verdict about a bundle."""
    return f"gate/{bundle_id}.json"
