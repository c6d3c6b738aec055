import pytest

from tests.edge.basket.fusion_scenes import offer
from tools.benchmarks.scene_play import with_margins


def test_a_factor_of_one_changes_nothing() -> None:
    assert with_margins(offer(), 1.0).parameters.model_dump() == pytest.approx(
        offer().parameters.model_dump()
    )


def test_without_margins_the_first_guess_of_whatever_may_be_an_sku_is_charged() -> None:
    loose = with_margins(offer(), 0.0).parameters
    assert (loose.accept_margin, loose.family_margin) == (0.0, 0.0)
    assert loose.accept_similarity == loose.unknown_similarity


def test_stricter_margins_ask_for_more_similarity_but_never_for_more_than_there_is() -> None:
    before, strict = offer().parameters, with_margins(offer(), 2.0).parameters
    assert strict.accept_margin == 2 * before.accept_margin
    assert before.accept_similarity < with_margins(offer(), 1.5).parameters.accept_similarity
    assert with_margins(offer(), 99.0).parameters.accept_similarity == 1.0
