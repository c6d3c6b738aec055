"""Which bundle is in use, which was before, which waits: one row that survives any power cut.

Flow: BundleState + what happened -> BundleState, on disk

The transitions are pure functions on `BundleState`; `BundleStateFile` puts each result on disk in
one transaction before anybody acts on it. Order of every write: files first (store.py: fsynced and
renamed), then the receipt, then this row. So the row never names a bundle that is not whole.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from edge.errors import DegradedError, FatalError
from edge.sqlite_file import SqliteError, immediate, open_sqlite

MAX_USUAL = 4_000  # baskets; what happened long ago counts half


class BundlePhase(StrEnum):
    """What the candidate, or the fresh active bundle, is going through."""

    SETTLED = "settled"
    SHADOW = "shadow"
    PROBATION = "probation"
    SCANNER = "scanner"


class BundleStateError(FatalError):
    """The state file cannot be written or read."""

    code = "bundles.state"


class BundleRefusedError(DegradedError):
    """A bundle may not become candidate; the active one goes on."""

    code = "bundles.refused"


@dataclass(frozen=True, slots=True)
class BundleState:
    """The whole truth about bundles on this box; empty text means none.

    Attributes:
        generation: highest generation ever made active; grows, never shrinks.
        candidate_generation: generation of the assignment that named the candidate.
        deaths: perception died so often in `deaths_boot_id` since the swap.
        baskets: finished since the swap, `troubled` of them with a person's help.
        policy: name that the assignment of candidate or active gave; empty: the box's own file.
        wish: the bundle that was last taken up, `wish_swapped_utc`: when it first served.
        drill: lab lane only: "wanted", "back" (the previous one serves for a moment), "done".
        drills: name -> what the drill showed.
        usual_baskets, usual_troubled: of the model that served before; halved from time to time.
    """

    active: str
    factory: str
    previous: str = ""
    candidate: str = ""
    phase: BundlePhase = BundlePhase.SETTLED
    generation: int = 0
    candidate_generation: int = 0
    deaths: int = 0
    deaths_boot_id: str = ""
    baskets: int = 0
    reason: str = ""
    policy: str = ""
    wish: str = ""
    wish_generation: int = 0
    wish_swapped_utc: str = ""
    drill: str = ""
    drills: dict[str, str] = field(default_factory=dict)
    troubled: int = 0
    usual_baskets: int = 0
    usual_troubled: int = 0


def stage(
    state: BundleState, bundle_id: str, generation: int, policy: str = "", *, is_drill: bool = False
) -> BundleState:
    """A verified bundle becomes the candidate, and the wish that the centre hears about.

    Raises:
        BundleRefusedError: it is active already, its generation is old, or another one is on
            probation.
    """
    if bundle_id == state.active:
        raise BundleRefusedError(f"bundle {bundle_id[:12]} is in use already")
    if generation <= state.generation:
        raise BundleRefusedError(
            f"generation {generation} is not newer than {state.generation}",
            hint="to go back, assign the old bundle with a higher generation",
        )
    if state.phase is BundlePhase.PROBATION:
        raise BundleRefusedError(
            f"bundle {state.active[:12]} is on probation", hint="it is tried again afterwards"
        )
    return replace(
        state,
        candidate=bundle_id,
        candidate_generation=generation,
        phase=state.phase if state.phase is BundlePhase.SCANNER else BundlePhase.SHADOW,
        reason="staged",
        policy=policy,
        wish=bundle_id,
        wish_generation=generation,
        wish_swapped_utc="",
        drill="wanted" if is_drill else "",
        drills={},
    )


def promote(state: BundleState, boot_id: str, utc: str = "") -> BundleState:
    """The candidate takes over; the active bundle becomes the previous one.

    Args:
        utc: the wall clock, RFC 3339.

    Raises:
        ValueError: there is no candidate.
    """
    if not state.candidate:
        raise ValueError("no candidate to promote")
    return replace(
        state,
        active=state.candidate,
        previous=state.active,
        candidate="",
        generation=state.candidate_generation,
        candidate_generation=0,
        phase=BundlePhase.PROBATION,
        deaths=0,
        deaths_boot_id=boot_id,
        baskets=0,
        troubled=0,
        reason="promoted",
        wish_swapped_utc=state.wish_swapped_utc or utc,
        drill="done" if state.drill == "back" else state.drill,
    )


def drop_candidate(state: BundleState, reason: str) -> BundleState:
    """The candidate leaves; nothing else changes but that its generation is spent."""
    return replace(
        state,
        candidate="",
        candidate_generation=0,
        generation=max(state.generation, state.candidate_generation),
        phase=BundlePhase.SETTLED if state.phase is BundlePhase.SHADOW else state.phase,
        reason=reason,
    )


def confirm(state: BundleState) -> BundleState:
    """Probation is over; the previous bundle stays at hand."""
    return replace(
        state, phase=BundlePhase.SETTLED, deaths=0, baskets=0, troubled=0, reason="confirmed",
        usual_baskets=state.baskets, usual_troubled=state.troubled,
    )  # fmt: skip


def begin_drill(state: BundleState) -> BundleState:
    """Back to the previous bundle for a moment; the proved one waits as candidate.

    Raises:
        ValueError: there is nothing to go back to.
    """
    if not state.previous:
        raise ValueError("no previous bundle to go back to")
    return replace(
        state, active=state.previous, previous="", candidate=state.active,
        candidate_generation=state.generation, phase=BundlePhase.SHADOW, drill="back",
        reason="drill: back and forth",
    )  # fmt: skip


def roll_back(state: BundleState, reason: str) -> BundleState:
    """One step back: to the previous bundle, then the factory one, then selling by scanner.

    Never a loop: every step leaves one bundle fewer to try. What is gone back to is on probation
    again, because it may be the machine that is broken.
    """
    if state.previous and state.previous != state.active:
        return replace(
            state, active=state.previous, previous="", phase=BundlePhase.PROBATION, deaths=0,
            baskets=0, troubled=0, reason=reason,
        )  # fmt: skip
    if state.active != state.factory:
        return replace(
            state, active=state.factory, previous="", phase=BundlePhase.PROBATION, deaths=0,
            baskets=0, troubled=0, reason=reason,
        )  # fmt: skip
    return replace(state, phase=BundlePhase.SCANNER, reason=reason)


def count_death(state: BundleState, boot_id: str) -> BundleState:
    """Perception died. A new boot starts anew: cutting the power is no fault of a model."""
    deaths = state.deaths + 1 if state.deaths_boot_id == boot_id else 1
    return replace(state, deaths=deaths, deaths_boot_id=boot_id)


def count_basket(state: BundleState, *, is_troubled: bool = False) -> BundleState:
    """A basket was finished; on probation it counts for the new model, else for the usual one."""
    if state.phase is BundlePhase.PROBATION:
        return replace(state, baskets=state.baskets + 1, troubled=state.troubled + int(is_troubled))
    part = 2 if state.usual_baskets >= MAX_USUAL else 1
    return replace(
        state,
        usual_baskets=state.usual_baskets // part + 1,
        usual_troubled=state.usual_troubled // part + int(is_troubled),
    )


class BundleStateFile:
    """The row on disk, receipts and quarantine. One process writes it: bundles."""

    def __init__(self, path: Path, factory: str) -> None:
        """Open or create; a new file starts with the factory bundle active.

        Raises:
            BundleStateError: the disk is full, read-only, or the file is damaged.
        """
        try:
            self._connection = open_sqlite(path)
            _migrate(self._connection)
            with immediate(self._connection):
                self._connection.execute(
                    "INSERT OR IGNORE INTO state (id, body) VALUES (1, ?)",
                    (_to_json(BundleState(active=factory, factory=factory)),),
                )
        except SqliteError as err:
            raise BundleStateError(
                f"bundle state cannot be opened: {err}", hint="free the disk: edgectl doctor"
            ) from err

    def read(self) -> BundleState:
        """The state as it stands."""
        row = self._connection.execute("SELECT body FROM state WHERE id = 1").fetchone()
        body: dict[str, Any] = json.loads(row["body"])
        return BundleState(**{**body, "phase": BundlePhase(body["phase"])})

    def write(self, state: BundleState) -> None:
        """Replace the state; on disk when this returns.

        Raises:
            BundleStateError: it could not be written, and the old state stands.
        """
        self._execute("UPDATE state SET body = ? WHERE id = 1", (_to_json(state),))

    def add_receipt(self, bundle_id: str, receipt: dict[str, str]) -> None:
        """Remember that a bundle was verified, by which metadata and when."""
        self._execute(
            "INSERT OR REPLACE INTO receipt (bundle_id, body) VALUES (?, ?)",
            (bundle_id, json.dumps(receipt, sort_keys=True)),
        )

    def receipt(self, bundle_id: str) -> dict[str, str] | None:
        """What was remembered, None for a bundle that was never verified here."""
        row = self._connection.execute(
            "SELECT body FROM receipt WHERE bundle_id = ?", (bundle_id,)
        ).fetchone()
        return None if row is None else dict(json.loads(row["body"]))

    def quarantine(self, bundle_id: str, generation: int, reason: str) -> None:
        """Never try this bundle under this generation again."""
        self._execute(
            "INSERT OR REPLACE INTO quarantine (bundle_id, generation, reason) VALUES (?, ?, ?)",
            (bundle_id, generation, reason),
        )

    def quarantined(self) -> dict[str, str]:
        """bundle_id -> reason."""
        rows = self._connection.execute("SELECT bundle_id, reason FROM quarantine").fetchall()
        return {row["bundle_id"]: row["reason"] for row in rows}

    def add_verdict(self, bundle_id: str, numbers: dict[str, str]) -> None:
        """Keep the numbers that decided over a bundle; the newest verdict about it counts."""
        body = json.dumps(numbers, sort_keys=True)
        if self.verdict(bundle_id) != numbers:
            self._execute(
                "INSERT OR REPLACE INTO verdict (bundle_id, body) VALUES (?, ?)", (bundle_id, body)
            )

    def verdict(self, bundle_id: str) -> dict[str, str] | None:
        """What decided, None where nothing was decided yet."""
        row = self._connection.execute(
            "SELECT body FROM verdict WHERE bundle_id = ?", (bundle_id,)
        ).fetchone()
        return None if row is None else dict(json.loads(row["body"]))

    def is_quarantined(self, bundle_id: str, generation: int) -> bool:
        """True when this bundle failed here under this or a later generation."""
        row = self._connection.execute(
            "SELECT 1 FROM quarantine WHERE bundle_id = ? AND generation >= ?",
            (bundle_id, generation),
        ).fetchone()
        return row is not None

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _execute(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with immediate(self._connection):
                self._connection.execute(statement, values)
        except SqliteError as err:
            raise BundleStateError(
                f"bundle state cannot be written: {err}", hint="free the disk: edgectl doctor"
            ) from err


def _migrate(connection: Any) -> None:
    database = Database(connection)
    database.table("state").create({"id": int, "body": str}, pk="id", if_not_exists=True)
    database.table("receipt").create(
        {"bundle_id": str, "body": str}, pk="bundle_id", if_not_exists=True
    )
    database.table("verdict").create(
        {"bundle_id": str, "body": str}, pk="bundle_id", if_not_exists=True
    )
    database.table("quarantine").create(
        {"bundle_id": str, "generation": int, "reason": str},
        pk=("bundle_id", "generation"),
        if_not_exists=True,
    )


def _to_json(state: BundleState) -> str:
    return json.dumps(asdict(state), sort_keys=True)
