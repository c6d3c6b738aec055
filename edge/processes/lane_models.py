"""Models in memory: the ones that serve a lane, and one that is warm and waits for its turn.

Flow: ServeBundle -> ModelLoader (model_loader.py, a thread each) -> Models per lane

Loading never holds up the loop that looks at frames. What no lane serves any more is let go. Which
bundle serves which lane is the bundles process's word.
"""

from pathlib import Path

from edge.messages.bundle_messages import ServeBundle
from edge.perception.models import Models
from edge.processes.engine_room import EngineRoom
from edge.processes.model_loader import LOADING, ModelLoader
from edge.processes.worker import Work

AT_START = ""  # key of the bundle that serves before the bundles process has spoken


class LaneModels:
    """Which models each lane looks with."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._loaders = {AT_START: ModelLoader(EngineRoom(work.config))}
        self._wanted = {lane.lane_id: AT_START for lane in work.config.lanes}
        self._directories: dict[str, str] = {}
        self._warm = ""
        self._pending: ServeBundle | None = None

    @property
    def serving(self) -> ModelLoader:
        """Of the first lane; for health and state."""
        return self._loaders[next(iter(self._wanted.values()))]

    @property
    def warm_bundle_id(self) -> str:
        """Loaded and waiting for its turn; empty text means none."""
        loader = self._loaders.get(self._warm)
        return self._warm if self._warm and loader and loader.models else ""

    @property
    def warm_problem(self) -> str:
        """Why the waiting one cannot be loaded; empty text while it can or is being tried."""
        loader = self._loaders.get(self._warm) if self._warm else None
        is_failed = loader is not None and loader.models is None and loader.code != LOADING
        return f"{loader.code}: {loader.message}" if loader is not None and is_failed else ""

    def tell(self, message: ServeBundle) -> None:
        """What the bundles process wants each lane to serve."""
        first = self._loaders.get(AT_START)
        if first is not None and first.models is None and first.code == LOADING:
            self._pending = message  # it may be the very bundle that is being loaded
            return
        self._pending = None
        self._directories = dict(message.directories)
        self._warm = message.warm
        for lane_id in self._wanted:
            bundle_id = message.lanes.get(lane_id, "")
            if bundle_id and bundle_id in self._directories:
                self._wanted[lane_id] = bundle_id
        self._take_over_the_first()
        for bundle_id in {*self._wanted.values(), self._warm} - {AT_START}:
            if bundle_id not in self._loaders and bundle_id in self._directories:
                folder = Path(self._directories[bundle_id])
                room = EngineRoom(self._work.config, directory=folder)
                self._loaders[bundle_id] = ModelLoader(room)
        for bundle_id in set(self._loaders) - {*self._wanted.values(), self._warm}:
            self._loaders.pop(bundle_id).close()

    def step(self, now_ns: int, *, is_idle: bool) -> dict[str, Models]:
        """Go on; lane id -> models, of every lane whose models are there.

        Args:
            is_idle: no lane has a basket open, so engines may be built.
        """
        if self._pending is not None:
            self.tell(self._pending)
        for loader in self._loaders.values():
            loader.step(now_ns, is_idle=is_idle)
        found: dict[str, Models] = {}
        for lane_id, bundle_id in self._wanted.items():
            models = self._loaders[bundle_id].models
            if models is not None:
                found[lane_id] = models
        return found

    def close(self) -> None:
        """Do not wait for loads that are under way."""
        for loader in self._loaders.values():
            loader.close()

    def _take_over_the_first(self) -> None:
        """The bundle of the start has a name now; it is not loaded twice."""
        first = self._loaders.get(AT_START)
        if first is None or first.models is None:
            return
        if first.models.bundle_id in {*self._wanted.values(), self._warm}:
            self._loaders.setdefault(first.models.bundle_id, first)
            if AT_START not in self._wanted.values():
                del self._loaders[AT_START]
