"""Initial values, drawn per tensor from a generator keyed by the tensor's name.

Two arms that share a tensor's name and shape therefore share its initial value bit for bit, whatever else
their models hold. Biases and gains start at constants, so only matrices are drawn.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Keyed = Callable[[str], torch.Generator]
Draw = Callable[[Tensor, torch.Generator], Tensor]


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer whose bias starts at zero; its weight is drawn by `fill`."""
    layer = nn.Linear(inputs, outputs)
    nn.init.zeros_(layer.bias)
    return layer


def he(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Normal with variance 2 / fan_in, for rectifiers (He et al. 2015, arXiv 1502.01852, eq. 10)."""
    return nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)


def xavier(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010, eq. 16)."""
    return nn.init.xavier_uniform_(weight, generator=generator)


def uniform(bound: float) -> Draw:
    """Uniform in [-bound, bound]."""
    return lambda weight, generator: nn.init.uniform_(weight, -bound, bound, generator=generator)


@torch.no_grad()
def fill(model: nn.Module, draw: Draw, keyed: Keyed) -> None:
    """Draw every trainable matrix of `model` from `keyed(its name)`; then parts that have a `start` apply it."""
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2 and parameter.requires_grad:
            draw(parameter, keyed(name))
    for part in model.modules():
        start = getattr(part, "start", None)
        if start is not None:
            start()
