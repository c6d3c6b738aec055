"""THE TABLE of signing roles: where their keys lie, how many must sign, for how long, for what.

A role can only list what stands in its paths; a box checks that again. One shop and a fleet run the
same code: `one_shop` is a threshold of one with every key in one folder, `split` is the table.
Expiry gates new installs, never serving; see sync/README.md, "Expiry".
"""

from dataclasses import dataclass
from typing import Literal

from sync.gate_verdict import GATE_ROLE
from sync.update_documents import ASSIGN_BOX_ROLE, ASSIGN_ROLE, BUNDLES_ROLE, CATALOGUE_ROLE


@dataclass(frozen=True, slots=True)
class SigningRole:
    """One row.

    Attributes:
        place: offline keys lie on sticks in different pockets, online keys on the hub.
        num_keys, threshold: in split mode; in one-shop mode both are 1.
        valid_days: life of one signature; renewed at half of it.
        paths: what a delegated role may list; top-level roles have none.
        key_of: another role whose keys it uses.
    """

    place: Literal["offline", "online"]
    num_keys: int
    threshold: int
    valid_days: int
    paths: tuple[str, ...] = ()
    key_of: str | None = None


# fmt: off
SIGNING_ROLES: dict[str, SigningRole] = {
    #  role                        place   keys threshold days  paths
    "root":          SigningRole("offline", 3,  2,        730),
    "targets":       SigningRole("offline", 3,  2,        365),
    "snapshot":      SigningRole("online",  1,  1,        30),
    "timestamp":     SigningRole("online",  1,  1,        14),
    BUNDLES_ROLE:    SigningRole("offline", 3,  2,        365, ("bundles/*/*",)),
    ASSIGN_ROLE:     SigningRole("online",  1,  1,        30,  ("assign/ring/*",)),
    ASSIGN_BOX_ROLE: SigningRole("online",  1,  1,        30,  ("assign/box/*",), ASSIGN_ROLE),
    CATALOGUE_ROLE:  SigningRole("online",  1,  1,        30,  ("catalogue/*",)),
    GATE_ROLE:       SigningRole("online",  1,  1,        30,  ("gate/*",)),
}
# fmt: on

TOP_ROLES = ("root", "targets", "snapshot", "timestamp")
DELEGATED_ROLES = (BUNDLES_ROLE, ASSIGN_ROLE, ASSIGN_BOX_ROLE, CATALOGUE_ROLE, GATE_ROLE)
KEY_ROLES = tuple(name for name, row in SIGNING_ROLES.items() if row.key_of is None)
OFFLINE_ROLES = tuple(n for n, row in SIGNING_ROLES.items() if row.place == "offline")

BIN_PREFIX = f"{ASSIGN_BOX_ROLE}-bin"
DEFAULT_BIN_BITS = 4  # 16 bins: 10,000 boxes are 625 entries of 110 bytes a bin


def key_role(role: str) -> str:
    """The role whose keys sign `role`: its own, or the one it shares."""
    if role.startswith(BIN_PREFIX):
        return ASSIGN_ROLE
    return SIGNING_ROLES[role].key_of or role


def valid_days(role: str) -> int:
    """Life of one signature of a role or a bin."""
    return SIGNING_ROLES[ASSIGN_BOX_ROLE if role.startswith(BIN_PREFIX) else role].valid_days
