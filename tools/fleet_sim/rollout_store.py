"""The simulated fleet through the hub's own tables: check-ins as rows, decisions in the record.

Flow: SimFleet -> boxes.check_in -> rollout_desk.advance -> RolloutState

The same SQLite and the same functions as the hub's periodic task; only HTTP and signing are left
out. Shows that the record decides as the rules alone do, and what one look costs.
"""

import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import bindparam, insert, update

from tools.fleet_sim.rollout_sim import BUNDLE_ID, HOUR, PLAN, START, SimFleet
from trainer.release import rollout_desk
from trainer.release.rollout import Decision, RolloutState
from trainer.release.rollout_desk import NewRollout
from trainer.store import rollouts
from trainer.store.database import open_database, reading, writing
from trainer.store.model_tables import MODELS
from trainer.store.rollout_boxes import take_reports
from trainer.store.schema import BOXES


class StoreDesk:
    """A hub's database in a folder.

    Attributes:
        look_s: seconds of each look, check-ins already in their rows.
    """

    def __init__(self, folder: Path, fleet: SimFleet) -> None:
        """Boxes, an approved model, and a rollout in its first ring."""
        self._engine = open_database(f"sqlite:///{folder / 'hub.db'}")
        self.look_s: list[float] = []
        self._told: dict[int, tuple[object, ...]] = {}
        self._since: datetime | None = None
        names = [ring.name for ring in PLAN.rings]
        with writing(self._engine) as connection:
            connection.execute(
                insert(BOXES),
                [
                    {"box_id": f"box-{i}", "public_key": f"{i:064x}", "status": "enrolled",
                     "ring": names[fleet.ring[i]], "enrolled_at": START, "seen_at": START,
                     "created_at": START}
                    for i in range(len(fleet.ring))
                ],
            )  # fmt: skip
            connection.execute(
                insert(MODELS).values(
                    bundle_id=BUNDLE_ID, name="simulated", version="1", embedder_id="e" * 16,
                    manifest={}, lineage={}, note="", stage="approved", registered_by="sim",
                    registered_at=START,
                )
            )  # fmt: skip
            wanted = NewRollout(BUNDLE_ID, "main", "production", PLAN)
            self._rollout = rollout_desk.start(connection, wanted, {}, now=START, actor="sim")

    @property
    def state(self) -> RolloutState:
        """As the row has it."""
        return rollout_desk.state_of(self._rollout)

    def look(self, fleet: SimFleet, now: datetime) -> Decision:
        """Write what boxes told since the last look, then let the hub's own function look."""
        before = self._rollout
        self._check_in(fleet)
        began = time.perf_counter()
        with writing(self._engine) as connection:
            take_reports(connection, before.rollout_id, BUNDLE_ID, since=self._since, now=now)
        with reading(self._engine) as connection:
            judged = rollout_desk.judge(connection, before, now)
        with writing(self._engine) as connection:
            self._rollout = rollout_desk.advance(connection, before, judged, now=now)
        self._since = now - HOUR * 4  # a look every four hours reads what came since
        self.look_s.append(time.perf_counter() - began)
        with reading(self._engine) as connection:
            kept = rollouts.decisions_of(connection, before.rollout_id)[-1]
        if kept.at != now:
            return Decision("wait", "")
        return Decision(kept.action, kept.reason, kept.numbers)  # type: ignore[arg-type]

    def num_decisions(self) -> int:
        """In the record, the start included."""
        with reading(self._engine) as connection:
            return len(rollouts.decisions_of(connection, self._rollout.rollout_id))

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    def _check_in(self, fleet: SimFleet) -> None:
        rows: list[dict[str, object]] = []
        for i in range(len(fleet.ring)):
            facts = (int(fleet.step[i]), *fleet.counts[i].tolist(), float(fleet.seen_h[i]))
            if self._told.get(i) == facts:
                continue
            self._told[i] = facts
            progress = fleet.progress(i)
            told = {"progress": progress.model_dump(mode="json")} if progress else {}
            rows.append({"b_box": f"box-{i}", "b_seen": fleet.seen_at(i), "b_told": told})
        if not rows:
            return
        changed = update(BOXES).where(BOXES.c.box_id == bindparam("b_box"))
        with writing(self._engine) as connection:
            connection.execute(
                changed.values(seen_at=bindparam("b_seen"), check_in=bindparam("b_told")), rows
            )
