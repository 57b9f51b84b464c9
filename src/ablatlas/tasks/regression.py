"""Learn a teacher's answers from few examples, with noise on them: y = t(x) + noise, x standard normal.

What a linear student of a linear teacher makes of its examples at a given weight decay is known in closed form (Krogh &
Hertz 1991): it is logged beside what was measured. Legend: N inputs, P examples, α = P / N, λ decay.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys
from ablatlas.tasks import teacher as teachers
from ablatlas.tasks.generated import Examples, Generated, at_least

VERSION = 1

Batch = tuple[Tensor, ...]  # inputs (B, N), answers with noise (B,) and without (B,)


def in_theory(alpha: float, decay: float, noise: float) -> float:
    """The mean squared distance from a linear teacher of a linear student that has minimised its cost.

    Krogh & Hertz 1991, §3, for many inputs: F = -λ² ∂G/∂λ + σ² ∂(λG)/∂λ, where G, the mean of 1 / (a + λ) over the
    eigenvalues a of the examples' covariance, solves λG² + (λ + α - 1) G = 1. λ is the decay of their cost, half the
    sum over examples of squared errors and λ |w|² / 2, the inputs divided by √N; σ² is the noise's variance, that of
    the answers is 1. The least F is at λ = σ². Raises ValueError where nothing decays and not every weight is
    determined.
    """
    if not decay > 0 and not alpha > 1:
        raise ValueError(f"alpha: found {alpha:g} examples an input, expected more than one where nothing decays")
    root = math.sqrt((decay + alpha - 1) ** 2 + 4 * decay)
    resolvent = 2 / (decay + alpha - 1 + root)
    slope = -resolvent * (1 + resolvent) / root
    return -(decay**2) * slope + noise * (resolvent + decay * slope)


class Task(Generated):
    """Metrics: `loss` (half the squared error on answers with noise: nats of a normal distribution of variance one,
    less their constant) and `left`, the squared error on answers without noise, which is the share of their variance
    that is not learnt; of a linear teacher the same as `generalization_error`, and beside it
    `generalization_error_in_theory`, of a linear student, trained on all examples at once until nothing changes.

    `noise` is its variance over that of the answers. Raises ValueError where it is negative or there is no input.
    """

    criterion = staticmethod(F.mse_loss)
    recipe: dict[str, Any]  # by which it is learnt

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, teacher: str, inputs: int, noise: float, examples: int, judged: int
    ) -> None:
        at_least("inputs", inputs, 1)
        at_least("noise", noise, 0)
        self.teacher, self.noise, self.alpha = teacher, noise, examples / inputs
        teach = getattr(teachers, teacher)(inputs)

        def make(count: int, draw: torch.Generator) -> Examples:
            x = torch.randn(count, inputs, generator=draw)
            clean = teach(x)
            return x, clean + math.sqrt(noise) * torch.randn(count, generator=draw), clean

        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        self.sizes = {"inputs": inputs, "outputs": 1}
        self.floor = {"loss": float(self.data["train"][1].var(correction=0)) / 2, "left": 1.0}

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        x, wanted, _ = batch
        return self.criterion(model(x)[:, 0], wanted) / 2, carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        x, _, clean = held
        left = self.criterion(model(x)[:, 0], clean)
        return {"loss": (left + self.noise) / 2, "left": left, **self.beside_theory(left)}

    def beside_theory(self, error: Tensor) -> dict[str, Tensor]:
        """What was measured and what theory says of it at the recipe's decay; nothing where it says nothing.

        A recipe's decay acts on the mean over P examples of which the cost is the sum, and on weights of inputs that
        are not divided by √N: λ is P / N times the recipe's.
        """
        if self.teacher != "linear":
            return {}
        decay = self.recipe["weight_decay"] * self.alpha
        known = torch.tensor(in_theory(self.alpha, decay, self.noise))
        return {"generalization_error": error, "generalization_error_in_theory": known}
