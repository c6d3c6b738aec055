"""As much of Ray as ray_workers.py asks of it, with threads of this process for a cluster."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import Any, Self


class ThreadRay(ModuleType):
    """`sys.modules["ray"]`; remembers how it was begun and what each task asked for."""

    def __init__(self) -> None:
        super().__init__("ray")
        self.begun: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.is_over = False
        self._threads = ThreadPoolExecutor(8)

    def init(self, **options: Any) -> None:
        """Begin."""
        self.begun = options

    def remote(self, function: Callable[..., Any]) -> "Task":
        """Of a function what can be started somewhere."""
        return Task(self, function)

    def start(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """On some thread."""
        return self._threads.submit(function, *arguments)

    def get(self, waiting: "list[Future[Any]]") -> list[Any]:
        """Every result."""
        return [future.result() for future in waiting]

    def get_gpu_ids(self) -> list[int]:
        """None here."""
        return []

    def shutdown(self) -> None:
        """End."""
        self._threads.shutdown()
        self.is_over = True


class Task:
    """A function with the room it needs."""

    def __init__(self, cluster: ThreadRay, function: Callable[..., Any]) -> None:
        self._cluster, self._function = cluster, function

    def options(self, **room: Any) -> Self:
        """So much room."""
        self._cluster.asked.append(room)
        return self

    def remote(self, *arguments: Any) -> "Future[Any]":
        """Start it."""
        return self._cluster.start(self._function, *arguments)
