"""Dropout whose masks come from a keyed generator (Srivastava et al. 2014, JMLR 15:1929, eq. 4)."""

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Zero each activation with probability p in training and divide the rest by 1 - p. Any shape.

    `noise`, uniform in [0, 1), is drawn by the engine before every step, so that a mask depends on the run's seed,
    this module's name and the step, and on nothing drawn before it. Its shape is that of the input.
    """

    noise: Tensor

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 < p < 1:
            raise ValueError(f"dropout: found {p}, expected a probability in [0, 1)")
        self.p = p
        self.register_buffer("noise", torch.empty(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (self.noise >= self.p) / (1 - self.p)


def dropout(p: float) -> nn.Module:
    """Dropout with probability p; at p = 0 the identity, which draws nothing."""
    return Dropout(p) if p else nn.Identity()
