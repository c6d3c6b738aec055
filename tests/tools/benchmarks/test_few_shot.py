import numpy as np
import pytest

from edge.config import FACTORY_BUNDLE
from sync.boxes import FloatArray
from tools.benchmarks import few_shot
from trainer.steps.champion import Champion, open_champion


@pytest.fixture(scope="module")
def champion() -> Champion:
    return open_champion(FACTORY_BUNDLE)


@pytest.fixture(scope="module")
def looks(champion: Champion) -> dict[str, FloatArray]:
    """Two invented SKUs: 3 views of all their appearances around one direction."""
    random = np.random.default_rng(0)
    centres = {sku: random.normal(size=len(champion.whitening.mean)) for sku in ("one", "two")}
    return {
        sku: (centre + 0.2 * random.normal(size=(3, few_shot.NUM_VIEWS, len(centre)))).astype(
            np.float32
        )
        for sku, centre in centres.items()
    }


def test_rows_that_are_sold_stay_bit_identical_beside_new_ones(
    champion: Champion, looks: dict[str, FloatArray]
) -> None:
    before = champion.gallery.vectors.tobytes()
    grown = few_shot._with(champion, looks, per_sku=3)
    assert grown.vectors[: len(champion.gallery.vectors)].tobytes() == before
    assert grown.sku_ids == (*champion.gallery.sku_ids, "one", "two")


def test_new_products_are_named_and_known_ones_lose_what_is_told(
    champion: Champion, looks: dict[str, FloatArray]
) -> None:
    rows = np.concatenate([rows[:, 0] for rows in looks.values()])
    owners = tuple(sku for sku in looks for _ in range(3))
    asked = few_shot.Asked(rows, owners, np.arange(len(rows)))
    answers = few_shot._answers(champion, looks, asked, 2)
    told = few_shot.figures_of(2, answers, asked.scenes)
    assert [f.name for f in told][0] == "2 views, raw means"
    assert str(told[1].value).startswith("100.0")
    old = few_shot.old_figures(champion, looks, asked, 2)
    assert len(old) == 3
