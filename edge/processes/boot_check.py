"""At every boot: what the state row names is re-hashed, and what is not whole is left.

Flow: BundleState -> BundleState whose bundles are whole

Step by step, to the factory bundle at last. Writes nothing; the keeper does.
"""

import logging
from dataclasses import replace

from edge.bundles import state as transitions
from edge.bundles.state import BundleState
from edge.config import EdgeConfig
from edge.processes.hub_road import slot_of, updates_folder
from sync.bundle import open_bundle
from sync.errors import SyncError
from sync.update_state import verify_installed

logger = logging.getLogger(__name__)


def checked_at_boot(config: EdgeConfig, state: BundleState, factory: str) -> BundleState:
    """The state with every bundle in it verified."""
    if state.factory != factory:  # new software brought a new factory bundle
        is_old = state.active == state.factory
        state = replace(state, factory=factory, active=factory if is_old else state.active)
    receipts = updates_folder(config) / "receipts"
    while state.active != factory:
        try:
            verify_installed(slot_of(config, state.active), receipts, state.active)
            break
        except SyncError as err:
            logger.error("active bundle is not whole: %s", err)  # noqa: TRY400
            state = transitions.roll_back(state, f"not whole at boot: {err.code}")
    if state.candidate and not _is_whole(config, state.candidate):
        state = transitions.drop_candidate(state, "not whole at boot")
    return state


def _is_whole(config: EdgeConfig, bundle_id: str) -> bool:
    try:
        return open_bundle(slot_of(config, bundle_id)).bundle_id == bundle_id
    except SyncError:
        return False
