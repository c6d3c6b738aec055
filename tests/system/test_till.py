"""A real box hands its total to a cash desk's folder and is paid by the answer it finds there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.devices.point_of_sale import CashDesk, Ticket
from edge.messages.command_messages import Finish
from tests.system.running_box import LANE, RunningBox, Wanted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[RunningBox]:
    running = RunningBox(tmp_path)
    text = running.config_path.read_text()
    running.config_path.write_text(
        text.replace('lane_id = "a"', 'lane_id = "a"\nterminal = "external"')
    )
    running.start()
    yield running
    running.stop()
    running.close()


def test_a_total_goes_to_the_cash_desk_and_its_answer_pays_the_basket(box: RunningBox) -> None:
    desk = CashDesk(box.config.paths.state_dir / "cash-desk" / LANE)
    box.put("milk")
    snapshot = box.look_until(Wanted("milk"))
    assert box.ask("finish", Finish()).is_done
    box.look_until(Wanted("milk", phase="paying"))
    ticket = first_ticket(box, desk)
    assert (ticket.request.basket_id, ticket.request.amount_minor) == (snapshot.basket_id, 119)
    box.kill("kiosk")  # whoever asks for the money dies; nobody asks twice
    desk.confirm(snapshot.basket_id, is_paid=True, reference="r1")
    box.look_until(Wanted("milk", phase="paid"))


def first_ticket(box: RunningBox, desk: CashDesk) -> Ticket:
    for _ in range(1_000):
        tickets = desk.open_tickets()
        if tickets:
            return tickets[0]
        box.look(0.05)
    raise AssertionError(f"no ticket\n{box.log_tail()}")
