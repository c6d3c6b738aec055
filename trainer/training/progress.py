"""What a run says while it works: TensorBoard, a line with ETA, time spent without data."""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """Timing and reporting of one process's steps; only rank 0 gets a writer."""

    num_steps: int
    batch_size: int
    writer: SummaryWriter | None
    started_ns: int = field(default_factory=time.monotonic_ns)
    waited_ns: int = 0
    steps_done: int = 0
    loss_sum: float = 0.0
    losses: int = 0

    def waited(self, since_ns: int) -> None:
        """Count the time since `since_ns` as waiting for data."""
        self.waited_ns += time.monotonic_ns() - since_ns

    def step(self, loss: float) -> None:
        """Count one step."""
        self.steps_done += 1
        self.loss_sum += loss
        self.losses += 1

    def report(self, step: int, rate: float) -> None:
        """Write mean loss, speed, stall and ETA since the last report."""
        elapsed_s = (time.monotonic_ns() - self.started_ns) / 1e9
        per_step_s = elapsed_s / max(self.steps_done, 1)
        stall = self.waited_ns / 1e9 / max(elapsed_s, 1e-9)
        loss = self.loss_sum / max(self.losses, 1)
        self.loss_sum, self.losses = 0.0, 0
        logger.info(
            "step %d/%d loss=%.4f rate=%.2e images_per_s=%.1f data_stall=%.0f%% eta_min=%.1f",
            step,
            self.num_steps,
            loss,
            rate,
            self.batch_size / max(per_step_s, 1e-9),
            100 * stall,
            (self.num_steps - step) * per_step_s / 60,
        )
        if self.writer is not None:
            self.writer.add_scalar("loss", loss, step)
            self.writer.add_scalar("learning_rate", rate, step)
            self.writer.add_scalar("images_per_s", self.batch_size / max(per_step_s, 1e-9), step)
            self.writer.add_scalar("data_stall", stall, step)
            self.writer.flush()


def open_writer(run_dir: Path) -> SummaryWriter:
    """TensorBoard events beside the checkpoints."""
    return SummaryWriter(str(run_dir / "tensorboard"))
