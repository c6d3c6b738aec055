"""What edgectl says about bundles, from what the box's processes said."""

import pytest

from edge.config import EdgeConfig
from edge.edgectl.bundles import reason_not_updated
from edge.messages.bundle_messages import BundlesState
from edge.messages.command_messages import Health
from edge.processes.box_view import BoxView

LANE = {"lane_id": "a", "cameras": [{"camera_id": "top", "url": "usb:0"}]}
NEW, OLD = "b" * 64, "a" * 64


def config(url: str = "https://hub.example") -> EdgeConfig:
    return EdgeConfig.model_validate(
        {"schema": 1, "box_id": "box", "hub": {"url": url}, "lanes": [LANE]}
    )


def state(candidate: str = "", waits_for: str = "", active: str = OLD) -> BundlesState:
    return BundlesState(active, "", candidate, OLD, "settled", 1, 0, waits_for=waits_for)


def uplink(verdict: str = "ok", reason: str = "", **facts: str) -> Health:
    return Health("uplink", 1, 0, "boot", verdict, reason, reason, 0.0, facts)


@pytest.mark.parametrize(
    ("view", "code"),
    [
        pytest.param(BoxView(), "uplink.silent", id="nobody speaks"),
        pytest.param(BoxView(health={"uplink": uplink()}), "bundles.silent", id="one is silent"),
        pytest.param(
            BoxView(health={"uplink": uplink("degraded", "transport.cut")}, bundles=state()),
            "transport.cut", id="the line is cut",
        ),
        pytest.param(
            BoxView(health={"uplink": uplink()}, bundles=state(NEW, "shadow")),
            "shadow", id="a candidate waits",
        ),
        pytest.param(
            BoxView(health={"uplink": uplink(problem="forged")}, bundles=state()),
            "publisher", id="a forged bundle",
        ),
        pytest.param(
            BoxView(health={"uplink": uplink(wanted=NEW)}, bundles=state()),
            "not_taken", id="not taken",
        ),
        pytest.param(
            BoxView(health={"uplink": uplink(wanted=NEW)}, bundles=state(active=NEW)),
            "up_to_date", id="all is well",
        ),
    ],
)  # fmt: skip
def test_the_first_reason_that_holds_is_told(view: BoxView, code: str) -> None:
    assert reason_not_updated(config(), view)[0] == code


def test_a_box_without_a_hub_says_so() -> None:
    assert reason_not_updated(config(""), BoxView())[0] == "no_hub"
