"""Ten thousand boxes on a virtual clock: a bad release never leaves the first ring of shops."""

import pytest

from tools.fleet_sim.rollout_sim import RELEASES, Release, roll_out


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
