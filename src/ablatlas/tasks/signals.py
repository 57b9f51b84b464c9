"""Sequences of normal numbers for a layer to read: there is nothing to learn in them.

Legend: B batch, T steps, I inputs.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ablatlas.tasks import Keys
from ablatlas.tasks.generated import at_least

VERSION = 1


class Task:
    """The mean square of what a layer makes of one batch, the same in every step; it has no floor and no metric."""

    def __init__(self, *, batch: int, keys: Keys, steps: int, length: int, inputs: int) -> None:
        for name, found in (("length", length), ("inputs", inputs)):
            at_least(name, found, 1)
        self.x_BTI = torch.randn(batch, length, inputs, generator=keys("signal", 0))
        self.sizes = {"inputs": inputs, "length": length}
        self.floor: dict[str, float] = {}
        self.examples = batch

    def batch(self, step: int) -> tuple[Tensor]:
        """(B, T, I), whatever the step."""
        return (self.x_BTI,)

    def loss(self, model: Callable[[Tensor], Tensor], batch: tuple[Tensor], carry: None) -> tuple[Tensor, None]:
        (x_BTI,) = batch
        return model(x_BTI).square().mean(), carry
