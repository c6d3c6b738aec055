"""What the loop's demo shows: each step with its seconds, its evidence, and whether it was seen.

Flow: steps -> lines as they happen -> a table at the end, JSON for machines

Prints and keeps; it judges nothing but whether a step ended without an error.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

from tools.demo_run.loop_shop import NotSeenError
from trainer.errors import TrainerError


@dataclass
class Step:
    """One step.

    Attributes:
        began_s, seconds: since the demo began, and how long it took.
        evidence: what was seen, with its own second.
    """

    number: str
    title: str
    began_s: float
    seconds: float = 0.0
    evidence: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def is_seen(self) -> bool:
        """It ended, and nothing was missing."""
        return not self.problem


class Timeline:
    """Steps in the order in which they began; they may overlap."""

    def __init__(self, console: Console) -> None:
        self.steps: list[Step] = []
        self.console = console
        self._began = time.monotonic()

    @property
    def now_s(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self._began

    @property
    def is_whole(self) -> bool:
        """Every step was seen."""
        return all(step.is_seen for step in self.steps)

    @contextmanager
    def step(self, number: str, title: str) -> Iterator[Step]:
        """Run a step; what it missed is kept and raised again."""
        step = Step(number, title, self.now_s)
        self.steps.append(step)
        self.console.print(f"[bold]\\[{step.began_s:5.1f} s] ({number}) {title}[/bold]")
        try:
            yield step
        except (NotSeenError, TrainerError) as err:
            step.problem = str(err)
            self.console.print(f"          [red]{err}[/red]", highlight=False)
            raise
        finally:
            step.seconds = self.now_s - step.began_s

    def say(self, step: Step, text: str) -> None:
        """Evidence of a step."""
        step.evidence.append(f"{self.now_s:.1f} s: {text}")
        self.console.print(
            f"\\[{self.now_s:5.1f} s]   ({step.number}) {text}", highlight=False, soft_wrap=True
        )

    def table(self) -> Table:
        """Every step with its seconds and its last piece of evidence."""
        table = Table(title="The loop", title_justify="left")
        for column in ("", "step", "from (s)", "took (s)", "seen", "evidence"):
            table.add_column(column)
        for step in self.steps:
            seen = "[green]yes[/green]" if step.is_seen else "[red]NO[/red]"
            last = step.problem or (step.evidence[-1].partition(": ")[2] if step.evidence else "")
            row = (step.number, step.title, f"{step.began_s:.0f}", f"{step.seconds:.0f}", seen)
            table.add_row(*row, last)
        return table

    def document(self) -> list[dict[str, object]]:
        """The same for machines."""
        return [{**asdict(step), "is_seen": step.is_seen} for step in self.steps]
