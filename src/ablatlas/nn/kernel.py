"""What a layer of maps sees of the maps below, and which of its weights are one and the same.

Every kernel is built with its channels, the side of the maps below and a stride. It has one bias a channel, so that
two differ in their weights alone, whose names differ as their shapes do; it says the `side` of its own maps and counts
the `flops` of one example. Legend: B batch, I and O channels in and out, S side below, s = ⌈S / stride⌉ its own, P = s²
positions, K = 9 I numbers seen.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

REACH = 3


class Shared(nn.Conv2d):
    """Convolution: 3 × 3 around each position, with the same weights everywhere. (B, I, S, S) -> (B, O, s, s).

    LeCun et al. 1989, Neural Computation 1:541, whose biases are not shared.
    """

    bias: nn.Parameter

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, REACH, stride, padding=REACH // 2)
        nn.init.zeros_(self.bias)
        self.side = -(-side // stride)
        self.flops = 2 * self.weight.numel() * self.side**2


class Local(nn.Module):
    """Locally connected: 3 × 3 around each position, each with weights of its own. (B, I, S, S) -> (B, O, s, s)."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.side = stride, -(-side // stride)
        self.weights = nn.Parameter(torch.empty(self.side**2 * outputs, REACH**2 * inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.flops = 2 * self.weights.numel()

    def forward(self, x: Tensor) -> Tensor:
        seen_BKP = F.unfold(x, REACH, padding=REACH // 2, stride=self.stride)
        weights_POK = self.weights.unflatten(0, (self.side**2, -1))
        y_BOP = torch.einsum("bkp,pok->bop", seen_BKP, weights_POK) + self.bias[:, None]
        return y_BOP.unflatten(-1, (self.side, self.side))


class Dense(nn.Module):
    """Fully connected: each position sees all maps below everywhere. (B, I, S, S) -> (B, O, s, s)."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1) -> None:
        super().__init__()
        self.side = -(-side // stride)
        self.matrix = nn.Parameter(torch.empty(outputs * self.side**2, inputs * side**2))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.flops = 2 * self.matrix.numel()

    def forward(self, x: Tensor) -> Tensor:
        y = F.linear(x.flatten(1), self.matrix).unflatten(1, (-1, self.side, self.side))
        return y + self.bias[:, None, None]


def flat(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Module:
    """Fully connected to a vector, a layer of a multilayer perceptron, which may have few weights: O maps of side 1."""
    return Dense(inputs, outputs, side, stride=side)


shared = Shared
local = Local
dense = Dense
