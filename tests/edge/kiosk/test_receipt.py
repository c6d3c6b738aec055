"""A receipt says what the basket says, once it is paid."""

from datetime import UTC, datetime, timedelta

import msgspec

from edge.kiosk.receipt import MAX_KEPT, ReceiptBook
from edge.messages.basket_messages import BasketLine, BasketSnapshot, LineOrigin, Phase

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LINE = BasketLine(
    "l", "cola", "Cola", 2, 99, 198, LineOrigin.VISION, deposit_minor=50, discount_minor=18
)


def basket(basket_id: str, phase: Phase = Phase.PAID) -> BasketSnapshot:
    return BasketSnapshot(
        "1", basket_id, 3, phase, "EUR", 2, lines=(LINE,), total_minor=230, tax_minor=37
    )


def test_only_a_paid_basket_has_a_receipt() -> None:
    book = ReceiptBook("Corner")
    book.take(basket("a", Phase.PAYING), NOW)
    assert book.find("a") is None
    book.take(basket("a"), NOW)
    receipt = book.find("a")
    assert receipt is not None
    assert (receipt.total_minor, receipt.tax_minor, receipt.num_items) == (230, 37, 2)
    assert receipt.lines[0].deposit_minor == 50


def test_the_moment_of_a_receipt_is_the_first_time_it_was_seen_paid() -> None:
    book = ReceiptBook("Corner")
    book.take(basket("a"), NOW)
    book.take(basket("a"), NOW + timedelta(minutes=5))
    receipt = book.find("a")
    assert receipt is not None
    assert receipt.issued_at == "2026-11-21T09:30:00+00:00"


def test_the_book_keeps_the_last_sales_only() -> None:
    book = ReceiptBook("Corner")
    for number in range(MAX_KEPT + 3):
        book.take(basket(str(number)), NOW)
    assert book.find("2") is None
    assert book.find("3") is not None


def test_a_receipt_travels_as_json() -> None:
    book = ReceiptBook("Corner")
    book.take(basket("a"), NOW)
    receipt = msgspec.json.decode(msgspec.json.encode(book.find("a")))
    assert (receipt["currency"], receipt["exponent"], receipt["format"]) == ("EUR", 2, 1)
