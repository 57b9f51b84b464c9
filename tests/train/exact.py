"""What tests of the engines share: crews of small members, and all of a run that must be equal to the bit."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from small import config as small

from ablatlas.train import loop
from ablatlas.train.crew import Member
from ablatlas.train.resume import Rest
from ablatlas.train.run import Run

ENGINES = ("sequential", "stacked")
ABSURD = 1e30  # times the usual rate: not one number is finite after the first step
FULL: dict[str, Any] = {
    "optimizer": "adam", "lr": 0.01, "betas": [0.9, 0.999], "weight_decay": 0.01, "clip": 0.5, "schedule": "cosine",
    "warmup": 2,
}  # fmt: skip
One = tuple[int, float]  # a seed and a factor on the rate


def config(kind: str = "mlp", engine: str = "stacked", *, model: dict[str, Any] | None = None, **recipe: Any) -> Any:
    """A small configuration for an engine, keys of its model and of its recipe changed."""
    made = small(kind, **recipe)
    return made | {"engine": engine, "model": made["model"] | (model or {})}


def members(config: dict[str, Any], ones: Sequence[One]) -> list[Member]:
    """A member for each seed and factor."""
    recipe = config["recipe"]
    return [Member(config | {"recipe": recipe | {"lr": recipe["lr"] * factor}}, seed) for seed, factor in ones]


def bits(run: Run) -> dict[str, Any]:
    """All of a run but its seconds, so that it equals another's exactly when every bit does."""
    meters = {name: value for name, value in run.meters.items() if name != "seconds"}
    tensors = {name: (t.dtype, tuple(t.shape), t.numpy().tobytes()) for name, t in run.parameters.items()}
    told = {"state": run.state, "curve": run.curve, "outcome": run.outcome, "meters": meters}
    return {part: repr(value) for part, value in told.items()} | {"parameters": tensors}


def trained(config: dict[str, Any], ones: Sequence[One], **others: Any) -> list[dict[str, Any]]:
    """The bits of the runs of a crew."""
    return [bits(run) for run in loop.train(members(config, ones), **others)]


def watched(config: dict[str, Any], ones: Sequence[One]) -> tuple[torch.Tensor, list[Run]]:
    """The losses of every step, (steps, members) where no member ends early, and the runs."""
    losses: list[Sequence[float]] = []
    runs = list(loop.train(members(config, ones), progress=lambda _, now: losses.append(now)))
    return torch.tensor(losses), runs


class Killed(Exception):
    """Stands for the end of a process."""


class Stopping(Rest):
    """Saves after every step, and ends the process after the saving at step `at`."""

    at = 0

    def due(self) -> bool:
        return True

    def save(self, state: dict[str, Any]) -> None:
        super().save(state)
        if state["done"] == self.at:
            raise Killed


def resting(folder: Path, said: list[str], at: int = 0) -> Callable[[Sequence[Member]], Rest]:
    """A place to rest for every crew, which stops it after a step; step 0 never comes."""

    def rests(crew: Sequence[Member]) -> Rest:
        name = "-".join(f"{member.seed}x{member.config['recipe']['lr']:g}" for member in crew)
        rest = Stopping(folder / f"{name}.rest", name, said.append)
        rest.at = at
        return rest

    return rests
