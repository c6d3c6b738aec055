"""A lane with a desk: the attendant's commands, and the earlier baskets of its events."""

from collections.abc import Sequence

from edge.basket.basket_events import Event
from edge.basket.past_sales import past_sale
from edge.messages import command_messages as commands
from edge.messages.command_messages import Command, CommandReply
from edge.messages.desk_messages import PastSale
from tests.edge.basket.lane_script import LaneScript


class DeskLane(LaneScript):
    """Remembers its events as the journal does."""

    def events_of(self, basket_id: str) -> Sequence[Event]:
        return [event for event in self.events if event.basket_id == basket_id]

    def baskets(self) -> dict[str, list[Event]]:
        return {e.basket_id: list(self.events_of(e.basket_id)) for e in self.events}

    def sale(self, basket_id: str) -> PastSale:
        found = past_sale(self.events_of(basket_id), "lane1")
        assert found is not None
        return found

    def staff(self, body: commands.BasketCommand) -> CommandReply:
        self.num_commands += 1
        command = Command("lane1", f"s{self.num_commands}", body, "attendant")
        reply, drafts = self.counter.on_command(
            command, self.now_ns, self.now_utc, past=self.events_of
        )
        self.commit(drafts)
        return reply

    def sell(self, *skus: tuple[str, int], kind: str = "card") -> str:
        """A whole sale by search; its basket id."""
        for sku_id, quantity in skus:
            assert self.send(commands.AddLine(sku_id, quantity=quantity)).is_done
        return self.pay(kind)

    def pay(self, kind: str = "card") -> str:
        basket_id = self.shot.basket_id
        assert self.send(commands.Finish()).is_done
        assert self.send(commands.PaymentResult("approved", "ref", kind)).is_done
        assert self.send(commands.CancelBasket()).is_done  # the thank-you page is dismissed
        return basket_id
