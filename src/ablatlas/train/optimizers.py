"""Optimizers and the rate's course, by the words of a recipe.

torch's own fused kernels through its functional interface: `torch.optim`'s classes import its compiler, which costs
more processor time than a small training, and twice the overhead a step.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

Tensors = list[Tensor]
EPSILON = 1e-8  # Adam's, as in the paper and in torch
LANES = 16  # numbers that a vector instruction takes, at most


class Optimizer(ABC):
    """Parameters, and as many moments of each as the rule keeps. Where members are `stacked`, rows are members."""

    def __init__(self, parameters: Sequence[Tensor], recipe: dict[str, Any], moments: int, stacked: bool) -> None:
        self.parameters, self.recipe, self.stacked, self.count = list(parameters), recipe, stacked, 0
        self.moments = [[torch.zeros_like(p, requires_grad=False) for p in self.parameters] for _ in range(moments)]

    @torch.no_grad()
    def step(self, rates: Sequence[tuple[slice | None, float]]) -> None:
        """Change every parameter that has a gradient; `rates` says which rows go at which rate, None for all."""
        pairs = [(i, p, p.grad) for i, p in enumerate(self.parameters) if p.grad is not None]
        for kernel in ("fused", "foreach"):
            chosen = [(i, p, g) for i, p, g in pairs if self._kernel(p) == kernel]
            if chosen:
                places, parameters, gradients = map(list, zip(*chosen, strict=True))
                columns = [parameters, gradients, *([kind[i] for i in places] for kind in self.moments)]
                for rows, rate in rates:
                    self.update(
                        rate, kernel, *(column if rows is None else [t[rows] for t in column] for column in columns)
                    )
        self.count += 1

    def _kernel(self, parameter: Tensor) -> str:
        """torch's fused kernel where it can be: not for members whose rows do not fill whole vectors.

        What is left over at a tensor's end it rounds otherwise, so that a member's bits would depend on its place.
        """
        return "foreach" if self.stacked and parameter[0].numel() % LANES else "fused"

    def zero(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def restore(self, moments: Sequence[Sequence[Tensor]], count: int) -> None:
        """Go back to earlier moments, after `count` steps."""
        for mine, theirs in zip(self.moments, moments, strict=True):
            for moment, value in zip(mine, theirs, strict=True):
                moment.copy_(value)
        self.count = count

    @abstractmethod
    def update(self, rate: float, kernel: str, parameters: Tensors, gradients: Tensors, *moments: Tensors) -> None:
        """Change parameters and moments in place."""


class SGD(Optimizer):
    """Stochastic gradient descent with momentum: m <- momentum m + g, p <- p - rate m."""

    def __init__(self, parameters: Sequence[Tensor], recipe: dict[str, Any], stacked: bool) -> None:
        super().__init__(parameters, recipe, 1 if recipe["momentum"] else 0, stacked)

    def update(self, rate: float, kernel: str, parameters: Tensors, gradients: Tensors, *moments: Tensors) -> None:
        kept: list[Tensor | None] = list(*moments) or [None] * len(parameters)
        sgd(
            parameters, gradients, kept, foreach=kernel == "foreach", fused=kernel == "fused", lr=rate,
            momentum=self.recipe["momentum"], weight_decay=self.recipe["weight_decay"], dampening=0.0,
            nesterov=False, maximize=False,
        )  # fmt: skip


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, arXiv 1412.6980, alg. 1)."""

    def __init__(self, parameters: Sequence[Tensor], recipe: dict[str, Any], stacked: bool) -> None:
        super().__init__(parameters, recipe, 2, stacked)

    @property
    def age(self) -> float:
        """The steps of which the moments are taken to be means, by which their beginning at zero is corrected."""
        return float(self.count)

    def update(self, rate: float, kernel: str, parameters: Tensors, gradients: Tensors, *moments: Tensors) -> None:
        first, second = moments
        beta1, beta2 = self.recipe["betas"]
        steps = torch.full((len(parameters),), self.age, device=parameters[0].device)
        adam(
            parameters, gradients, first, second, [], list(steps.unbind()), foreach=kernel == "foreach",
            fused=kernel == "fused", lr=rate, beta1=beta1, beta2=beta2, eps=EPSILON,
            weight_decay=self.recipe["weight_decay"], amsgrad=False, maximize=False,
        )  # fmt: skip


class Uncorrected(Adam):
    """Adam whose moments are used as they are, however few gradients they have seen (its §6.4)."""

    @property
    def age(self) -> float:
        return 1e9


RULES: dict[str, Callable[[Sequence[Tensor], dict[str, Any], bool], Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adam_uncorrected": Uncorrected,
}


def optimizer(parameters: Sequence[Tensor], recipe: dict[str, Any], *, stacked: bool = False) -> Optimizer:
    """The rule that `recipe.optimizer` names. Raises ValueError on another word."""
    if recipe["optimizer"] not in RULES:
        raise ValueError(f"recipe.optimizer: found {recipe['optimizer']}, expected {', '.join(RULES)}")
    return RULES[recipe["optimizer"]](parameters, recipe, stacked)


def factor(step: int, recipe: dict[str, Any]) -> float:
    """What multiplies the rate at `step` (from 0): a linear warm-up, then constant or a half cosine to zero."""
    warmup, steps = recipe["warmup"], recipe["steps"]
    if step < warmup:
        return (step + 1) / warmup
    match recipe["schedule"]:
        case "constant":
            return 1.0
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
        case word:
            raise ValueError(f"recipe.schedule: found {word}, expected constant or cosine")
