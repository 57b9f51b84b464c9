"""What an engine is made of: a crew of runs that are trained together, each a member, its configuration and seed."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ablatlas.train import dose as doses
from ablatlas.train import watch as watches
from ablatlas.train.optimizers import Optimizer, factor

Config = dict[str, Any]
Parameters = dict[str, Tensor]


class Member(NamedTuple):
    """One run to be trained, and the type of device to train it on."""

    config: Config
    seed: int
    device: str = "cpu"


class Crew(ABC):
    """Members that differ in their seeds and rates alone, as their training proceeds.

    What is a list has one entry a member, in their order. `dose` is what a control does to a step, see `take`.
    """

    optimizer: Optimizer
    model: nn.Module
    task: Any

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)
        self.recipe = self.members[0].config["recipe"]
        self.dose = getattr(doses, self.recipe["dose"])()
        low = self.members[0].config["precision"] == "bf16"
        self.watch = getattr(watches, self.members[0].config["watch"])
        self.precision = torch.autocast(self.members[0].device, torch.bfloat16, enabled=low)

    @property
    @abstractmethod
    def floors(self) -> list[float]:
        """The loss of the best predictor that ignores its input, on each member's own training data."""

    @property
    def flops(self) -> int:
        """Floating-point operations of one member's step as executed.

        The backward pass costs two forward ones, unless the model says what its own does.
        """
        forward: int = self.model.flops  # type: ignore[assignment]
        backward: int = getattr(self.model, "backward", 2 * forward)
        return (forward + backward) * self.task.examples * self.dose.work

    @property
    def spent(self) -> int:
        """Operations before the first step, where the task learns from a network that was trained first."""
        return int(getattr(self.task, "spent", 0))

    def rate(self, row: int, index: int) -> float:
        """The rate of the member in a row at step `index`."""
        return float(self.members[row].config["recipe"]["lr"] * factor(index, self.recipe))

    def take(self, index: int) -> list[float]:
        """Take step `index`, counted from 0, as the dose has it, and return the losses before it."""
        return self.dose.step(self, index)

    def step(self, index: int) -> list[float]:
        """Update the parameters by the gradients of step `index` and return the losses before it."""
        losses = self.look(index)
        if self.recipe["clip"] is not None:
            self.clip(self.recipe["clip"])
        self.optimizer.step(self.rates(index))
        return losses

    @abstractmethod
    def look(self, index: int) -> list[float]:
        """Compute losses and gradients of step `index`, and update nothing but what the model averages."""

    @abstractmethod
    def clip(self, most: float) -> None:
        """Scale each member's gradient to a norm of at most `most`."""

    @abstractmethod
    def rates(self, index: int) -> list[tuple[slice | None, float]]:
        """Which rows of the parameters go at which rate in step `index`, None for all there are."""

    @abstractmethod
    def judge(self, split: str) -> list[dict[str, Any]]:
        """The task's metrics on a split, the models in evaluation mode, and what `watch` tells of these passes."""

    def judged(self, task: Any, model: Any, split: str) -> dict[str, Any]:
        """The same of one member, which calls `model`; what is watched are the parts of `self.model`."""
        with self.precision, self.watch(self.model) as told:
            metrics = task.metrics(model, task.held_out(split))
        return self.dose.judged({name: value.item() for name, value in metrics.items()}) | told()

    @abstractmethod
    def gradient_norms(self) -> list[list[float]]:
        """The norms of the last gradient with respect to the weights of `depths.DEPTHS` layers from first to last."""

    @abstractmethod
    def parameters(self) -> list[Parameters]:
        """All parameters and the buffers that a checkpoint holds, themselves: the next step changes them."""

    @abstractmethod
    def load(self, parameters: Sequence[Parameters]) -> None:
        """Take over parameters and buffers."""

    @abstractmethod
    def keep(self, rows: Sequence[int]) -> None:
        """Go on with the members in these rows alone. An engine of one member never drops it."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Copies of all that a step changes."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Go back to an earlier state of the same members."""


def copied(tree: Any) -> Any:
    """A tree of dicts, lists, tuples and tensors with every tensor copied."""
    if isinstance(tree, Tensor):
        return tree.detach().clone()
    if isinstance(tree, dict):
        return {key: copied(value) for key, value in tree.items()}
    return type(tree)(copied(value) for value in tree) if isinstance(tree, list | tuple) else tree
