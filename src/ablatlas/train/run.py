"""A run as it grows: its curve, whether it goes on, and the parameters that it is judged by."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from ablatlas.train.crew import Config, copied


@dataclass
class Run:
    """What one training leaves: `state` is finished or diverged, `parameters` those of the best step."""

    state: str = "finished"
    curve: list[dict[str, Any]] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    meters: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class Course(Run):
    """A run under way: the training losses since the last evaluation, at step `since`, and the lowest held-out one."""

    losses: list[float] = field(default_factory=list)
    since: int = 0
    best: float = math.inf

    @property
    def mean(self) -> float:
        """The mean training loss since the last evaluation."""
        return sum(self.losses) / len(self.losses)

    def add(self, point: dict[str, Any], parameters: dict[str, Tensor], recipe: Config, floor: float) -> None:
        """Add a point to the curve; it ends a run that has diverged. The best step's `parameters` are copied."""
        self.curve.append(point)
        if point.get("loss", math.inf) < self.best or not self.parameters:
            self.best, self.outcome = point.get("loss", math.inf), {"best_step": point["step"]}
            self._keep(parameters)
        if diverged(point, self.since, recipe, floor):
            self.state = "diverged"
        self.losses, self.since = [], point["step"]

    def _keep(self, parameters: dict[str, Tensor]) -> None:
        """Copy the parameters, in one call to where a worse step's are."""
        if self.parameters:
            torch._foreach_copy_(list(self.parameters.values()), list(parameters.values()))
        else:
            self.parameters = copied(parameters)

    def tree(self) -> dict[str, Any]:
        """All of it, in a resume point's own kinds."""
        return asdict(self)


def evaluation_steps(steps: int, evaluations: int) -> set[int]:
    """The steps, counted from 1, after which a run is evaluated: equally spaced, the last one among them.

    Raises ValueError where there is no step or no evaluation.
    """
    for name, count in (("steps", steps), ("evaluations", evaluations)):
        if not isinstance(count, int) or count < 1:
            raise ValueError(f"recipe.{name}: found {count}, expected a whole number from 1")
    return {math.ceil(steps * i / evaluations) for i in range(1, evaluations + 1)}


def diverged(point: Config, since: int, recipe: Config, floor: float) -> bool:
    """Whether a curve's newest point ends the run, see `loop`; `since` is the step at which its interval began."""
    late = since >= recipe["patience"] * recipe["steps"]
    return not math.isfinite(point.get("loss", math.nan)) or (late and not point["train_loss"] <= floor)
