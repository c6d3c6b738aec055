"""THE TABLE of the clips that ship with the demo, and what makes them.

Flow: packs -> clips, catalogue pictures, catalog.json and prices.json

Each row shows one thing a checkout must get right. The whole folder stays below 10 MB.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.lane_sim.mitsuba_scene import CounterRenderer
from tools.lane_sim.pack_folder import Pack
from tools.lane_sim.render_clip import ClipOptions, render_clip
from tools.lane_sim.timeline import Step

_MAX_NOISE = 0.9  # More noise doubles the files; noisy pictures are in the scenes.
_CRF = 28


@dataclass(frozen=True)
class DemoClip:
    """One row; `steps` are kind and subject, item ids counting the SKUs from one."""

    name: str
    title: str
    seconds: float
    seed: int
    skus: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]

    def options(self) -> ClipOptions:
        """What render_clip needs."""
        return ClipOptions(
            seconds=self.seconds,
            seed=self.seed,
            skus=self.skus,
            steps=tuple(Step(kind, subject) for kind, subject in self.steps),  # type: ignore[arg-type]
            world="train",
            max_noise=_MAX_NOISE,
            crf=_CRF,
            title=self.title,
        )


DEMO_CLIPS: tuple[DemoClip, ...] = (
    DemoClip(
        "01_breakfast",
        "Three items, one after the other",
        10.0,
        101,
        ("milk_whole_1l", "cereal_honey_375", "jam_strawberry_340"),
        (("put", "item1"), ("put", "item2"), ("put", "item3")),
    ),
    DemoClip(
        "02_put_back",
        "A can is taken back before paying",
        11.5,
        102,
        ("crackers_200", "cola_330", "rice_1kg"),
        (("put", "item1"), ("put", "item2"), ("take", "item2"), ("put", "item3")),
    ),
    DemoClip(
        "03_look_alikes",
        "Two juices that differ in flavour only",
        8.5,
        103,
        ("juice_orange_1l", "juice_apple_1l"),
        (("put", "item1"), ("put", "item2")),
    ),
    DemoClip(
        "04_phone_and_hand",
        "A phone and an empty hand are no goods",
        12.0,
        104,
        ("honey_500", "pasta_penne_500"),
        (("put", "item1"), ("thing", "phone"), ("wave", ""), ("put", "item2"), ("move", "item1")),
    ),
    DemoClip(
        "05_six_items",
        "Six items, two of them the same",
        15.0,
        105,
        (
            *("pickles_370", "coffee_mild_250", "pickles_370"),
            *("chips_paprika_175", "orange_each", "ketchup_500"),
        ),
        tuple(("put", f"item{i}") for i in range(1, 7)),
    ),
)


def render_demo(
    packs: list[Pack], out: Path, renderer: CounterRenderer, only: str, progress: Callable[[], None]
) -> list[str]:
    """Render every clip of the table, or the one named `only`; returns their names.

    Raises:
        ValueError: no clip of that name.
    """
    rows = [row for row in DEMO_CLIPS if only in ("", row.name)]
    if not rows:
        raise ValueError(
            f"no demo clip {only!r}; there are {', '.join(r.name for r in DEMO_CLIPS)}"
        )
    for row in rows:
        render_clip(packs, row.options(), out / "clips" / row.name, renderer, progress)
    return [row.name for row in rows]
