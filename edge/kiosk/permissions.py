"""Which command a screen may send: what a shopper may do, what needs the attendant's PIN.

Pure. The basket decides again whether a command makes sense; here only who is asking counts.
"""

from edge.errors import CommandRefusedError
from edge.kiosk.live_feed import Terminal
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import (
    AddLine,
    AddMore,
    AnswerAsk,
    BasketCommand,
    CallHelp,
    CancelBasket,
    CheckAge,
    CorrectLine,
    EndPractice,
    Finish,
    GetSnapshot,
    GiveLoyalty,
    HelpDone,
    OverridePrice,
    PaymentResult,
    Refund,
    RemoveLine,
    Resume,
    StartPractice,
    Suspend,
)

SHOPPER_MAY = (
    AnswerAsk, RemoveLine, AddLine, CorrectLine, AddMore, Finish,
    CancelBasket, CallHelp, GetSnapshot, GiveLoyalty,
)  # fmt: skip
ATTENDANT_MAY = (
    *SHOPPER_MAY, Suspend, Resume, HelpDone, CheckAge, OverridePrice, Refund, StartPractice,
)  # fmt: skip


class NotAllowedError(CommandRefusedError):
    """A screen may never send this, or only after the attendant's PIN."""

    code = "kiosk.not_allowed"


class AgeUncheckedError(CommandRefusedError):
    """Something in the basket has an age limit and no attendant has looked at the shopper yet."""

    code = "age.unchecked"


def age_limit(snapshot: BasketSnapshot | None) -> int:
    """The highest age limit of any line; 0 where there is none."""
    return max((line.age_limit for line in snapshot.lines), default=0) if snapshot else 0


def is_age_checked(snapshot: BasketSnapshot | None) -> bool:
    """Whether an attendant found this shopper old enough for every line, or need not look."""
    return snapshot is None or snapshot.age_checked >= age_limit(snapshot)


def check_permission(
    body: BasketCommand,
    snapshot: BasketSnapshot | None,
    terminal: Terminal,
    is_attendant: bool,
    is_handheld: bool = False,
) -> None:
    """Return if this screen may send `body` now.

    Raises:
        NotAllowedError: needs the attendant, the terminal, or is not the screen's business.
        AgeUncheckedError: to payment with an unchecked age limit.
    """
    is_practice = snapshot is not None and snapshot.is_practice
    if is_handheld and not is_attendant:
        raise NotAllowedError("a handheld does nothing before the PIN", hint="enter the PIN")
    if isinstance(body, PaymentResult):
        _check_payment(Terminal.PRACTICE if is_practice else terminal, is_attendant)
    elif isinstance(body, EndPractice) and (is_practice or is_attendant):
        return  # back to real sales may anybody
    elif not isinstance(body, ATTENDANT_MAY if is_attendant else SHOPPER_MAY):
        hint = "" if is_attendant else "ask an attendant"
        raise NotAllowedError(f"{type(body).__name__} may not be sent from this screen", hint=hint)
    elif isinstance(body, AddLine) and body.weight_g and not is_attendant:
        raise NotAllowedError("a weight comes from the scale", hint="ask an attendant")
    elif isinstance(body, Finish) and not is_age_checked(snapshot):
        raise AgeUncheckedError(
            f"an attendant must check the age of {age_limit(snapshot)}", hint="help is called"
        )


def _check_payment(terminal: Terminal, is_attendant: bool) -> None:
    """A shopper may never say that the shopper has paid, except where no money moves at all."""
    if terminal is Terminal.PRACTICE or (terminal is Terminal.ATTENDANT and is_attendant):
        return
    raise NotAllowedError("only the terminal knows whether a sale is paid", hint="wait for it")
