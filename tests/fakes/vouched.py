"""A verdict by hand, for bundles that tests publish: boxes install nothing without one."""

from collections.abc import Sequence

from sync.bundle import Bundle
from sync.gate_verdict import BY_HAND, GateVerdict
from trainer.release.signing import Signing


def add_vouched(signing: Signing, bundle: Bundle, patch_from: Sequence[Bundle] = ()) -> str:
    """Release a bundle and list a passing verdict about it; published by the caller."""
    bundle_id = signing.add_bundle(bundle, patch_from=patch_from)
    verdict = GateVerdict(
        bundle_id=bundle_id, verdict="pass", policy=BY_HAND, judged_at=signing.now
    )
    signing.list_verdict(verdict)
    return bundle_id
