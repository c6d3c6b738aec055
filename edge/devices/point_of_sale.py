"""Handing a basket over for payment, and learning what became of it.

Flow: PaymentRequest -> PointOfSale -> PaymentOutcome (approved | declined | unknown)

"Unknown" is designed first: nobody asks for money twice, the status of the first request is asked
until it is known. No card data ever comes here. `CashDesk` is the simplest real one: a ticket in a
folder that an attendant's program confirms.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

import msgspec

from edge.errors import DegradedError

_Content = TypeVar("_Content", bound=msgspec.Struct)

FIRST_STATUS_MS = 1_000.0
MAX_STATUS_MS = 30_000.0


class PointOfSaleError(DegradedError):
    """The point of sale cannot be reached, or was asked for something it must not do."""

    code: ClassVar[str] = "payment.unavailable"


class PaymentState(StrEnum):
    """What is known about a payment."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class TicketLine(msgspec.Struct, frozen=True):
    """One line of the receipt; amounts in minor units."""

    sku_id: str
    name: str
    quantity: int
    total_minor: int


class PaymentRequest(msgspec.Struct, frozen=True):
    """What is to be paid. `basket_id` makes a repeated request harmless."""

    basket_id: str
    amount_minor: int
    currency: str
    exponent: int
    lines: tuple[TicketLine, ...] = ()


class PaymentOutcome(msgspec.Struct, frozen=True):
    """What became of it; `reference` is the point of sale's own number."""

    state: PaymentState
    reference: str = ""
    message: str = ""


class PointOfSale(Protocol):
    """Anything that can take money. Every call returns at once."""

    def begin(self, request: PaymentRequest) -> None:
        """Ask for the money. The same request again changes nothing.

        Raises:
            PointOfSaleError: not reachable, or another amount was asked for this basket.
        """

    def status(self, basket_id: str) -> PaymentOutcome:
        """What became of it; `unknown` where the point of sale itself does not know (yet).

        Raises:
            PointOfSaleError: not reachable.
        """

    def abort(self, basket_id: str) -> PaymentOutcome:
        """Give up waiting; may still answer `approved` if the money had moved.

        Raises:
            PointOfSaleError: not reachable.
        """


class Ticket(msgspec.Struct, frozen=True):
    """The file a cash desk reads: `<basket_id>.ticket.json`."""

    request: PaymentRequest
    at_utc: str
    format: int = 1


class CashDesk:
    """A folder of tickets and answers, shared with the attendant's program.

    A ticket is durable before `begin` returns; the answer is `<basket_id>.answer.json` with
    {"state": "approved" | "declined", "reference": "...", "message": "..."}.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, request: PaymentRequest, at_utc: str = "") -> None:
        """Write the ticket; see PointOfSale."""
        path = self._path(request.basket_id, "ticket")
        known = self._read(path, Ticket)
        was_declined = self.status(request.basket_id).state is PaymentState.DECLINED
        if known is not None and not was_declined:
            if known.request.amount_minor == request.amount_minor:
                return
            raise PointOfSaleError(
                f"basket {request.basket_id} already waits for {known.request.amount_minor},"
                f" asked {request.amount_minor}",
                hint="let the attendant settle the first request",
            )
        self._write(path, Ticket(request, at_utc))
        self._path(request.basket_id, "answer").unlink(missing_ok=True)

    def status(self, basket_id: str) -> PaymentOutcome:
        """The attendant's answer; `waiting` before it, `unknown` without a ticket."""
        answer = self._read(self._path(basket_id, "answer"), PaymentOutcome)
        if answer is not None:
            return answer
        if self._path(basket_id, "ticket").exists():
            return PaymentOutcome(PaymentState.WAITING)
        return PaymentOutcome(PaymentState.UNKNOWN, message="no ticket for this basket")

    def abort(self, basket_id: str) -> PaymentOutcome:
        """Take the ticket back unless it was answered."""
        outcome = self.status(basket_id)
        if outcome.state in (PaymentState.WAITING, PaymentState.UNKNOWN):
            outcome = PaymentOutcome(PaymentState.DECLINED, message="withdrawn")
            self._answer(basket_id, outcome)
            outcome = self.status(basket_id)
        return outcome

    def open_tickets(self) -> list[Ticket]:
        """What waits for the attendant, oldest first."""
        tickets = [
            ticket
            for path in self._folder.glob("*.ticket.json")
            if (ticket := self._read(path, Ticket)) is not None
            and self.status(ticket.request.basket_id).state is PaymentState.WAITING
        ]
        return sorted(tickets, key=lambda ticket: (ticket.at_utc, ticket.request.basket_id))

    def confirm(self, basket_id: str, *, is_paid: bool, reference: str = "") -> PaymentOutcome:
        """The attendant's word, given once; a second word changes nothing.

        Raises:
            PointOfSaleError: there is no such ticket.
        """
        if not self._path(basket_id, "ticket").exists():
            raise PointOfSaleError(
                f"no ticket for basket {basket_id}", hint="look at the list of open tickets"
            )
        state = PaymentState.APPROVED if is_paid else PaymentState.DECLINED
        self._answer(basket_id, PaymentOutcome(state, reference))
        return self.status(basket_id)

    def _answer(self, basket_id: str, outcome: PaymentOutcome) -> None:
        """The first answer stands: a link refuses where the name exists."""
        path = self._path(basket_id, "answer")
        draft = path.with_suffix(f".{os.getpid()}.new")
        self._write(draft, outcome)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError as err:
            raise PointOfSaleError(
                f"cash desk: {err.strerror}", hint="check the folder of the cash desk"
            ) from err
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(self._folder)

    def _path(self, basket_id: str, kind: str) -> Path:
        if not basket_id or not all(c.isalnum() or c in "-_" for c in basket_id):
            raise ValueError(f"basket id {basket_id!r} cannot be a file name")
        return self._folder / f"{basket_id}.{kind}.json"

    def _read(self, path: Path, kind: type[_Content]) -> _Content | None:
        """A file's content; None where it is missing."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as err:
            raise PointOfSaleError(
                f"cash desk: {path.name} cannot be read: {err}", hint="call an attendant"
            ) from err

    def _write(self, path: Path, content: Ticket | PaymentOutcome) -> None:
        """Write temp, fsync, rename, fsync the folder."""
        temporary = path.with_name(path.name + ".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(content), indent=2))
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
            _sync_folder(self._folder)
        except OSError as err:
            raise PointOfSaleError(
                f"cash desk: {path.name} cannot be written: {err.strerror}",
                hint="check the folder of the cash desk",
            ) from err


@dataclass
class PaymentWatch:
    """Asks the status until the outcome is final; the caller's loop calls `poll`.

    An unreachable point of sale is "unknown", never "declined": the money may have moved.
    """

    point_of_sale: PointOfSale
    request: PaymentRequest
    has_begun: bool = False
    next_ns: int = 0
    pause_ms: float = FIRST_STATUS_MS
    outcome: PaymentOutcome = PaymentOutcome(PaymentState.WAITING)

    def poll(self, now_ns: int) -> PaymentOutcome | None:
        """A new outcome, or None while nothing has changed."""
        if self._is_final or now_ns < self.next_ns:
            return None
        before = self.outcome.state
        try:
            if not self.has_begun:
                self.point_of_sale.begin(self.request)
                self.has_begun = True
            self.outcome = self.point_of_sale.status(self.request.basket_id)
        except PointOfSaleError as err:
            self.outcome = PaymentOutcome(PaymentState.UNKNOWN, message=str(err))
        if self.outcome.state is PaymentState.UNKNOWN:
            self.pause_ms = min(self.pause_ms * 2, MAX_STATUS_MS)
        else:
            self.pause_ms = FIRST_STATUS_MS
        self.next_ns = now_ns + int(self.pause_ms * 1_000_000)
        return self.outcome if self.outcome.state is not before else None

    @property
    def _is_final(self) -> bool:
        return self.outcome.state in (PaymentState.APPROVED, PaymentState.DECLINED)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
