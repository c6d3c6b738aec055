"""What waits for the hub: acknowledged rows are never lost, drops are never silent.

Flow: row + sealed pictures -> two SQLite files -> Batch -> hub -> acknowledged -> deleted

`put` returns after the full commit: from then on the row reaches the hub exactly once in effect,
through crashes and power cuts, or a `dropped` row with its number and kind does. Pictures lie in a
file of their own, so they can never crowd out rows. When a quota is reached the least valuable row
that was never sent is given up, oldest first.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge.errors import DegradedError
from edge.hard_cases.outbox_schema import migrate_pictures, migrate_rows
from edge.sqlite_file import immediate
from sync.protocol import MAX_BATCH_ITEMS, Batch, BatchItem

KEEP_VALUE = 1_000_000  # sales and verdicts: given up last of all


class OutboxFullError(DegradedError):
    """Nothing less valuable could be given up; the new row was not taken."""

    code = "outbox.full"


@dataclass(frozen=True, slots=True)
class Quotas:
    """Bytes on disk.

    Attributes:
        rows_bytes: bodies of rows; about 500 bytes each.
        pictures_bytes: sealed pictures.
    """

    rows_bytes: int = 64 * 1024**2
    pictures_bytes: int = 1024**3


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """For `edgectl status` and the check-in."""

    num_rows: int
    num_pictures: int
    rows_bytes: int
    pictures_bytes: int
    num_dropped: int
    num_refused: int


class Outbox:
    """One process writes: uplink. Others hand their rows to it over the bus."""

    def __init__(self, rows: Any, pictures: Any, quotas: Quotas | None = None) -> None:
        """Use two open connections (edge.sqlite_file.open_sqlite)."""
        self._rows = rows
        self._pictures = pictures
        self._quotas = quotas or Quotas()
        with immediate(rows):
            migrate_rows(rows, secrets.token_hex(16))
        with immediate(pictures):
            migrate_pictures(pictures)
        self.epoch: str = rows.execute("SELECT epoch FROM meta").fetchone()[0]

    def put(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        now: datetime,
        value: int = 0,
        pictures: Sequence[bytes] = (),
        basket_id: str = "",
    ) -> int:
        """Take a row; it is on disk when this returns.

        Args:
            kind: of sync.protocol.BatchItem.
            body: JSON without floats that are not finite.
            value: what it is worth against others when space runs out.
            pictures: sealed to the hub's key; this box cannot read them back.
            basket_id: for deletion on request.

        Returns:
            Its number in this epoch.

        Raises:
            OutboxFullError: nothing less valuable could be given up.
        """
        canonical = _canonical(body)
        names = [hashlib.sha256(picture).hexdigest() for picture in pictures]
        self._make_room(len(canonical), sum(map(len, pictures)), value)
        # Pictures first: a row whose pictures are missing would wait for ever.
        self._add_pictures(names, pictures, value, basket_id)
        with immediate(self._rows):
            seq = int(self._rows.execute("SELECT next_seq FROM meta").fetchone()[0])
            self._rows.execute("UPDATE meta SET next_seq = ?", (seq + 1,))
            self._insert(seq, kind, value, now.isoformat(), canonical, names)
        return seq

    def put_many(
        self, kind: str, bodies: Iterable[dict[str, Any]], *, now: datetime, value: int = 0
    ) -> int:
        """Take many small rows in one commit; the number of the last one."""
        canonical = [_canonical(body) for body in bodies]
        self._make_room(sum(map(len, canonical)), 0, value)
        with immediate(self._rows):
            seq = int(self._rows.execute("SELECT next_seq FROM meta").fetchone()[0])
            for number, text in enumerate(canonical):
                self._insert(seq + number, kind, value, now.isoformat(), text, [])
            self._rows.execute("UPDATE meta SET next_seq = ?", (seq + len(canonical),))
        return seq + len(canonical) - 1

    def next_batch(
        self, limit: int = MAX_BATCH_ITEMS, *, is_ready_only: bool = False
    ) -> Batch | None:
        """The oldest rows, ascending, marked as sent before they leave; None without rows.

        Args:
            is_ready_only: leave out rows whose pictures are not at the hub yet.
        """
        held = json.dumps(self._not_ready() if is_ready_only else [])
        found = self._rows.execute(
            "SELECT seq, kind, created_at, body, body_sha256, blobs FROM row WHERE refused = '' "
            "AND seq NOT IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?",
            (held, limit),
        ).fetchall()
        if not found:
            return None
        with immediate(self._rows):
            self._rows.execute(
                "UPDATE row SET num_attempts = num_attempts + 1 "
                "WHERE seq IN (SELECT value FROM json_each(?))",
                (json.dumps([row[0] for row in found]),),
            )
        items = tuple(
            BatchItem(
                seq=row[0],
                kind=row[1],
                created_at=datetime.fromisoformat(row[2]),
                body=json.loads(row[3]),
                body_sha256=row[4],
                blobs=tuple(json.loads(row[5])),
            )
            for row in found
        )
        return Batch(epoch=self.epoch, items=items)

    def _not_ready(self) -> list[int]:
        """Rows that wait for a picture of theirs."""
        waiting = {
            row[0]
            for row in self._pictures.execute("SELECT sha256 FROM picture WHERE is_uploaded = 0")
        }
        rows = self._rows.execute("SELECT seq, blobs FROM row WHERE blobs != '[]'").fetchall()
        return [row[0] for row in rows if waiting & set(json.loads(row[1]))]

    def pictures_to_upload(self, limit: int = 8) -> list[tuple[str, bytes]]:
        """The most valuable pictures that are not at the hub yet: (sha256, sealed bytes)."""
        rows = self._pictures.execute(
            "SELECT sha256, sealed FROM picture WHERE is_uploaded = 0 "
            "ORDER BY value DESC, seq LIMIT ?",
            (limit,),
        ).fetchall()
        return [(row[0], bytes(row[1])) for row in rows]

    def note_uploaded(self, sha256: str) -> None:
        """The hub has this picture."""
        with immediate(self._pictures):
            self._pictures.execute("UPDATE picture SET is_uploaded = 1 WHERE sha256 = ?", (sha256,))

    def forget_uploads(self, names: Iterable[str]) -> None:
        """The hub misses these after all (restored from a backup): upload them again."""
        with immediate(self._pictures):
            for name in names:
                self._pictures.execute(
                    "UPDATE picture SET is_uploaded = 0 WHERE sha256 = ?", (name,)
                )

    def acknowledge(self, acked: Iterable[int]) -> None:
        """The hub has committed these: rows first, then their pictures.

        Only rows that are named: the hub's mark of all that is there counts the rows of a former
        life of this disk too, under numbers that hold something else by now.
        """
        numbers = list(acked)
        names: list[str] = []
        with immediate(self._rows):
            for seq in numbers:
                row = self._rows.execute("SELECT blobs FROM row WHERE seq = ?", (seq,)).fetchone()
                names.extend(json.loads(row[0]) if row else [])
                self._rows.execute("DELETE FROM row WHERE seq = ?", (seq,))
        self._delete_pictures(names)

    def refuse(self, refused: dict[str, str]) -> None:
        """The hub will never take these: kept aside, counted, not sent again."""
        with immediate(self._rows):
            for seq, reason in refused.items():
                self._rows.execute(
                    "UPDATE row SET refused = ? WHERE seq = ?", (reason[:80], int(seq))
                )

    def begin_epoch(self) -> str:
        """Number every waiting row anew; after a restored disk or a 409 of the hub.

        The name of the new epoch follows from the first waiting row, so that two lives of one disk
        image give that row the same place at the hub, where it then counts once.
        """
        with immediate(self._rows):
            first = self._rows.execute(
                "SELECT seq, created_at FROM row WHERE refused = '' ORDER BY seq LIMIT 1"
            ).fetchone()
            rows = self._rows.execute("SELECT seq FROM row ORDER BY refused != '', seq").fetchall()
            for number, row in enumerate(rows, start=1):
                # Negative first: the new numbers may still be taken by rows to come.
                self._rows.execute("UPDATE row SET seq = ? WHERE seq = ?", (-number, row[0]))
            self._rows.execute("UPDATE row SET seq = -seq, num_attempts = 0")
            self.epoch = _next_epoch(self.epoch, first)
            self._rows.execute(
                "UPDATE meta SET epoch = ?, next_seq = ?", (self.epoch, len(rows) + 1)
            )
        return self.epoch

    def delete_basket(self, basket_id: str) -> int:
        """Give up every picture of a basket, on request; how many."""
        found = self._pictures.execute(
            "SELECT sha256 FROM picture WHERE basket_id = ?", (basket_id,)
        ).fetchall()
        names = {row[0] for row in found}
        for seq, kind, blobs in self._rows.execute(
            "SELECT seq, kind, blobs FROM row WHERE blobs != '[]'"
        ).fetchall():
            if names & set(json.loads(blobs)):
                self._drop_row(seq, kind, json.loads(blobs), "deleted_on_request")
        self._delete_pictures(names)
        return len(names)

    def status(self) -> OutboxStatus:
        """How much waits and how much was given up."""
        rows = self._rows.execute(
            "SELECT count(*), coalesce(sum(size), 0), coalesce(sum(refused != ''), 0) FROM row"
        ).fetchone()
        pictures = self._pictures.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM picture"
        ).fetchone()
        dropped = self._rows.execute("SELECT num_dropped FROM meta").fetchone()[0]
        return OutboxStatus(rows[0], pictures[0], rows[1], pictures[1], dropped, rows[2])

    def close(self) -> None:
        """Give both files back."""
        self._rows.close()
        self._pictures.close()

    def _insert(
        self, seq: int, kind: str, value: int, created_at: str, canonical: str, names: list[str]
    ) -> None:
        self._rows.execute(
            "INSERT INTO row (seq, kind, value, created_at, body, body_sha256, blobs, size) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq, kind, value, created_at, canonical,
                hashlib.sha256(canonical.encode()).hexdigest(), json.dumps(names), len(canonical),
            ),
        )  # fmt: skip

    def _add_pictures(
        self, names: list[str], pictures: Sequence[bytes], value: int, basket_id: str
    ) -> None:
        if not names:
            return
        with immediate(self._pictures):
            for name, picture in zip(names, pictures, strict=True):
                self._pictures.execute(
                    "INSERT OR IGNORE INTO picture "
                    "(sha256, seq, value, basket_id, size, sealed) VALUES (?, "
                    "(SELECT coalesce(max(seq), 0) + 1 FROM picture), ?, ?, ?, ?)",
                    (name, value, basket_id, len(picture), picture),
                )

    def _make_room(self, row_bytes: int, picture_bytes: int, value: int) -> None:
        while self._size("row") + row_bytes > self._quotas.rows_bytes:
            self._give_up("blobs = '[]' AND kind != 'dropped'", value)
        while picture_bytes and self._size("picture") + picture_bytes > self._quotas.pictures_bytes:
            self._give_up("blobs != '[]'", value)

    def _size(self, table: str) -> int:
        connection = self._rows if table == "row" else self._pictures
        return int(connection.execute(f"SELECT coalesce(sum(size), 0) FROM {table}").fetchone()[0])

    def _give_up(self, which: str, value: int) -> None:
        """Drop the least valuable row of a kind that is worth no more than the new one."""
        row = self._rows.execute(
            f"SELECT seq, kind, blobs FROM row WHERE {which} AND value <= ? "
            "ORDER BY value, seq LIMIT 1",
            (value,),
        ).fetchone()
        if row is None:
            raise OutboxFullError(
                "outbox is full of rows worth more than this one",
                hint="let the link through, or raise the quota in edge.toml",
            )
        self._drop_row(row[0], row[1], json.loads(row[2]), "quota")

    def _drop_row(self, seq: int, kind: str, names: list[str], reason: str) -> None:
        """Replace a row by a small one that says what was given up; it keeps the number."""
        canonical = _canonical({"kind": kind, "reason": reason})
        with immediate(self._rows):
            self._rows.execute(
                "UPDATE row SET kind = 'dropped', value = ?, body = ?, body_sha256 = ?, "
                "blobs = '[]', size = 0, refused = '' WHERE seq = ?",
                (KEEP_VALUE, canonical, hashlib.sha256(canonical.encode()).hexdigest(), seq),
            )
            self._rows.execute("UPDATE meta SET num_dropped = num_dropped + 1")
        self._delete_pictures(names)

    def _delete_pictures(self, names: Iterable[str]) -> None:
        doomed = list(names)
        if doomed:
            with immediate(self._pictures):
                for name in doomed:
                    self._pictures.execute("DELETE FROM picture WHERE sha256 = ?", (name,))


def _next_epoch(epoch: str, first: Any) -> str:
    if first is None:
        return secrets.token_hex(16)
    return hashlib.sha256(f"{epoch}\n{first[0]}\n{first[1]}".encode()).hexdigest()[:32]


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
