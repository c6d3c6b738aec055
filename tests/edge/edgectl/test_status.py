"""The verdict: can this box price a basket now, and if not, why."""

from dataclasses import replace

import pytest

from edge.config import EdgeConfig
from edge.edgectl.output import ExitCode
from edge.edgectl.status import exit_code_of, verdict_line, verdict_of
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.command_messages import Health
from edge.messages.perception_messages import CameraState, PerceptionState
from edge.processes.box_view import BoxView, instance_names

CONFIG = EdgeConfig.model_validate(
    {
        "schema": 1,
        "box_id": "box-1",
        "lanes": [
            {
                "lane_id": "lane-1",
                "cameras": [{"camera_id": c, "url": f"clip:/{c}.mp4"} for c in ("left", "right")],
            }
        ],
    }
)
PERCEPTION = PerceptionState(0, "a" * 64, "base 1", "cpu", 10, 5, 5, 10.0, 20.0, 0, 60)


def camera(camera_id: str, **changes: object) -> CameraState:
    values: dict[str, object] = {
        "lane_id": "lane-1", "camera_id": camera_id, "state": "live", "at_ns": 0, "fps": 15.0,
        "wanted_fps": 15.0, "quality": "excellent", **changes,
    }  # fmt: skip
    return CameraState(**values)  # type: ignore[arg-type]


def healthy() -> BoxView:
    names = [*instance_names(CONFIG), "supervisor"]
    return BoxView(
        health={name: Health(name, 1, 0, "boot") for name in names},
        cameras={("lane-1", c): camera(c) for c in ("left", "right")},
        baskets={"lane-1": BasketSnapshot("lane-1", "b", 1, Phase.IDLE, "EUR", 2)},
        perception=PERCEPTION,
    )


def without(view: BoxView, process: str) -> BoxView:
    return replace(view, health={n: h for n, h in view.health.items() if n != process})


def codes(view: BoxView, free_mib: float = 10_000.0) -> list[str]:
    return [finding.code for finding in verdict_of(view, CONFIG, free_mib)]


def test_a_healthy_box_says_yes() -> None:
    assert codes(healthy()) == []
    assert verdict_line([]).startswith("YES:")


def test_no_box_is_told_apart_from_a_broken_one() -> None:
    findings = verdict_of(BoxView(), CONFIG, 10_000.0)
    assert exit_code_of(findings) is ExitCode.UNREACHABLE


@pytest.mark.parametrize(
    ("view", "code", "exit_code"),
    [
        pytest.param(
            replace(healthy(), cameras={("lane-1", "left"): camera("left")}),
            "camera.silent", ExitCode.DEGRADED, id="one camera says nothing",
        ),
        pytest.param(
            replace(healthy(), cameras={
                ("lane-1", "left"): camera("left"),
                ("lane-1", "right"): camera("right", state="lost", reason="unauthorised"),
            }),
            "camera.unauthorised", ExitCode.DEGRADED, id="one camera rejects the password",
        ),
        pytest.param(
            replace(healthy(), cameras={
                ("lane-1", c): camera(c, state="lost", reason="refused") for c in ("left", "right")
            }),
            "lane.blind", ExitCode.NO, id="no camera delivers",
        ),
        pytest.param(
            replace(healthy(), cameras={
                ("lane-1", "left"): camera("left", conditions=("covered",)),
                ("lane-1", "right"): camera("right"),
            }),
            "camera.covered", ExitCode.DEGRADED, id="one camera is covered",
        ),
        pytest.param(
            without(healthy(), "perception"), "process.silent", ExitCode.NO, id="perception dead"
        ),
        pytest.param(
            without(healthy(), "kiosk"), "process.silent", ExitCode.DEGRADED, id="screen dead"
        ),
        pytest.param(
            replace(healthy(), perception=None), "perception.silent", ExitCode.NO, id="no figures"
        ),
        pytest.param(
            replace(healthy(), perception=PerceptionState(
                0, "", "", "", 0, 0, 0, 0.0, 0.0, 0, 0, "gallery.npz was altered")),
            "bundle.none", ExitCode.NO, id="bundle refused",
        ),
        pytest.param(
            replace(healthy(), baskets={
                "lane-1": BasketSnapshot("lane-1", "b", 1, Phase.REFUSED, "EUR", 2)}),
            "journal.unwritable", ExitCode.NO, id="journal cannot be written",
        ),
        pytest.param(
            replace(healthy(), health={
                **healthy().health,
                "basket.lane-1": Health("basket.lane-1", 1, 0, "boot",
                                        facts={"margins": "update.margins"})}),
            "update.margins", ExitCode.DEGRADED, id="margins of the store are looser",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_decides_the_exit_code(
    view: BoxView, code: str, exit_code: ExitCode
) -> None:
    findings = verdict_of(view, CONFIG, 10_000.0)
    assert code in [finding.code for finding in findings]
    assert exit_code_of(findings) is exit_code
    assert verdict_line(findings).startswith("NO" if exit_code is ExitCode.NO else "YES, with less")


def test_little_disk_is_told_before_it_is_full() -> None:
    assert codes(healthy(), free_mib=100.0) == ["disk.low"]


def test_what_blocks_comes_first() -> None:
    view = without(without(healthy(), "kiosk"), "perception")
    findings = verdict_of(view, CONFIG, 10.0)
    assert [f.blocks for f in findings] == sorted((f.blocks for f in findings), reverse=True)
