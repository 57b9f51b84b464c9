"""An LSTM's gates, one module each, so that a gate can be replaced by a constant inside the same fused kernel."""

import torch
from torch import nn


class Gate(nn.Module):
    """The affine map under a gate's sigmoid: (inputs, width) weights from input and state, and a bias (width)."""

    def __init__(self, inputs: int, width: int, bias: float = 0.0) -> None:
        super().__init__()
        self.from_input = nn.Parameter(torch.empty(width, inputs))
        self.from_state = nn.Parameter(torch.empty(width, width))
        self.bias = nn.Parameter(torch.full((width,), bias))


class Constant(nn.Module):
    """A gate that ignores input and state and holds sigmoid(logit): the same tensors, none of them trainable."""

    def __init__(self, inputs: int, width: int, logit: float) -> None:
        super().__init__()
        self.from_input = nn.Parameter(torch.zeros(width, inputs), requires_grad=False)
        self.from_state = nn.Parameter(torch.zeros(width, width), requires_grad=False)
        self.bias = nn.Parameter(torch.full((width,), logit), requires_grad=False)
