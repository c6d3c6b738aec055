from edge.basket.day_totals import day_totals
from edge.messages import command_messages as commands
from edge.messages.command_messages import Refund, RefundPiece
from edge.messages.desk_messages import DayTotals, PaymentTotal
from tests.edge.basket.desk_lane import DeskLane

ALWAYS = ("", "9999")


def totals_of(lane: DeskLane, bounds: tuple[str, str] = ALWAYS) -> DayTotals:
    return day_totals(lane.baskets(), "lane1", "2026-11-21", *bounds)


def test_a_day_adds_up_sales_voids_refunds_changes_payments_and_tax() -> None:
    lane = DeskLane()
    first = lane.sell(("milk", 2), ("cola", 1), kind="card")
    lane.send(commands.AddLine("tea", quantity=3))
    lane.staff(commands.OverridePrice("l1", 200, "damaged"))
    lane.pay("cash")
    lane.send(commands.AddLine("wine"))
    lane.staff(commands.CheckAge(lane.shot.basket_id, 18))
    lane.staff(commands.CancelBasket())
    lane.staff(Refund(first, (RefundPiece("l1", 1),), "damaged", "cash"))
    day = totals_of(lane)

    assert (day.num_sales, day.num_items, day.sales_minor) == (2, 6, 362 + 600)
    assert (day.num_voids, day.voids_minor) == (1, 599)
    assert (day.num_refunds, day.refunds_minor) == (1, 119)
    assert (day.num_changes, day.changes_minor) == (1, 300)
    assert (day.deposits_minor, day.num_age_checks, day.currency) == (25, 1, "EUR")
    assert day.payments == (PaymentTotal("card", 1, 362, 0), PaymentTotal("cash", 1, 600, 119))
    assert sum(tax.gross_minor for tax in day.taxes) == day.sales_minor - day.refunds_minor
    assert [(tax.tax_bp, tax.gross_minor, tax.tax_minor) for tax in day.taxes] == [
        (700, 119, 8),  # 238 with 16 cents of tax, of it 119 with 8 back
        (1900, 99 + 25 + 600, 20 + 96),
    ]


def test_a_changed_price_per_kilogram_counts_to_the_last_minor_unit() -> None:
    lane = DeskLane()
    lane.staff(commands.AddLine("apples", weight_g=500))
    listed = lane.shot.total_minor
    lane.staff(commands.OverridePrice("l1", 100, "damaged"))
    paid = lane.shot.total_minor
    lane.pay()
    assert totals_of(lane).changes_minor == listed - paid


def test_only_what_happened_in_the_bounds_counts() -> None:
    lane = DeskLane()
    lane.sell(("milk", 1))
    noon = lane.events[-1].at_utc
    lane.now_ns += 10**9
    lane.sell(("tea", 1))
    assert totals_of(lane, ("", noon)).sales_minor == 119
    assert totals_of(lane, (noon, "9999")).sales_minor == 300


def test_an_empty_day_is_all_zeros() -> None:
    assert totals_of(DeskLane()) == DayTotals("lane1", "2026-11-21", "XXX", 2)


def test_an_empty_basket_that_closes_is_no_void() -> None:
    lane = DeskLane()
    lane.send(commands.AddLine("milk"))
    lane.send(commands.RemoveLine("l1"))
    lane.run(6_000)
    assert totals_of(lane).num_voids == 0
