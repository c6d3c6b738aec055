"""Ten thousand boxes on a virtual clock: a bad release never leaves the first ring of shops."""

from pathlib import Path

import pytest

from tools.fleet_sim.rollout_sim import RELEASES, Release, SimFleet, roll_out
from tools.fleet_sim.rollout_store import StoreDesk


@pytest.mark.parametrize("release", RELEASES[1:], ids=lambda release: release.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_release_is_stopped_in_the_first_ring_of_shops(release: Release, seed: int) -> None:
    ended = roll_out(release, seed=seed)
    assert (ended.phase, ended.ring) == ("stopped", "pilot")
    assert ended.swapped <= 105
    assert ended.decisions[-1].numbers["log_e_needed"] > 0


def test_a_good_release_reaches_every_box_that_is_there() -> None:
    ended = roll_out(RELEASES[0])
    assert ended.phase == "done"
    assert ended.swapped > 9_300


def test_the_hubs_tables_decide_as_the_rules_alone_do(tmp_path: Path) -> None:
    release = Release("crashes on every third box", crash_share=0.33)
    desks: list[StoreDesk] = []

    def desk_of(fleet: SimFleet) -> StoreDesk:
        desks.append(StoreDesk(tmp_path, fleet))
        return desks[0]

    kept = roll_out(release, 2_000, desk_of=desk_of)
    pure = roll_out(release, 2_000)
    assert (kept.phase, kept.ring, kept.hours) == (pure.phase, pure.ring, pure.hours)
    for one, other in zip(kept.decisions, pure.decisions, strict=True):
        assert (one.action, one.reason) == (other.action, other.reason)
        assert one.numbers == pytest.approx(other.numbers)
    assert desks[0].num_decisions() == len(kept.decisions) + 1
    desks[0].close()
