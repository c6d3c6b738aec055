"""THE TABLE of steps: what each needs, what it may be given, which module does it.

A step is a module with `Parameters` (pydantic, frozen) and `run(inputs, parameters, out, voice)`.
Inputs and `out` are folders or files; a step speaks to no network and writes nowhere else. Only
`fit`, `export` and what they import load torch, and only on the path that trains; so does `child`,
which only the path `child` runs.
"""

from dataclasses import dataclass

from trainer.errors import DegradedError


class StepError(DegradedError):
    """A step that cannot be run so."""

    code = "step.refused"


@dataclass(frozen=True, slots=True)
class Step:
    """One row."""

    module: str
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Everything it may be given."""
        return self.needs + self.takes


# fmt: off
STEPS: dict[str, Step] = {
    #  name                   module                           needs                    may take
    "quality":   Step("trainer.steps.quality_step",   ("dataset",)),
    "snapshot":  Step("trainer.steps.snapshot_step",  ("dataset", "quality")),
    "shards":    Step("trainer.steps.shards_step",    ("dataset", "snapshot")),
    "tune":      Step("trainer.steps.tune_step",      ("shards", "champion")),
    "fit":       Step("trainer.steps.fit_step",       ("shards", "champion"),
                      ("tune", "checkpoint")),
    "export":    Step("trainer.steps.export_step",    ("fit", "shards", "champion")),
    "calibrate": Step("trainer.steps.calibrate_step", ("export", "shards", "champion")),
    "evaluate":  Step("trainer.steps.evaluate_step",
                      ("export", "calibrate", "shards", "champion")),
    "package":   Step("trainer.steps.package_step",
                      ("export", "calibrate", "evaluate", "fit", "champion"), ("catalogue",)),
    "child":     Step("trainer.steps.child_step",     ("dataset", "snapshot", "champion")),
}
# fmt: on


def step_named(name: str) -> Step:
    """A row of the table.

    Raises:
        StepError: there is none.
    """
    if name not in STEPS:
        raise StepError(f"no step {name[:40]!r}", hint="one of: " + ", ".join(STEPS))
    return STEPS[name]
