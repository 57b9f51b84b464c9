"""A decoder-only Transformer (Vaswani et al. 2017, arXiv 1706.03762, §3; decoder-only as in Radford et al. 2018).

Legend: B batch, T positions, W width, N heads, D width of a head, V vocabulary.
"""

import torch
from torch import Tensor, nn

from ablatlas.nn import branch as branches
from ablatlas.nn import initial
from ablatlas.nn.attention import Causal

VERSION = 1


class Attention(nn.Module):
    """Causal multi-head self-attention, (B, T, W) -> (B, T, W)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = initial.linear(width, 3 * width)
        self.attend = Causal()
        self.output = initial.linear(width, width)

    def forward(self, x_BTW: Tensor) -> Tensor:
        projected = self.project(x_BTW).unflatten(-1, (3, self.heads, -1))
        q_BNTD, k_BNTD, v_BNTD = projected.permute(2, 0, 3, 1, 4)
        y_BNTD = self.attend(q_BNTD, k_BNTD, v_BNTD)
        return self.output(y_BNTD.transpose(1, 2).flatten(-2))


def feedforward(width: int, ratio: int) -> nn.Module:
    """The position-wise network, (B, T, W) -> (B, T, W)."""
    return nn.Sequential(initial.linear(width, ratio * width), nn.GELU(), initial.linear(ratio * width, width))


class Model(nn.Module):
    """`depth` blocks of attention and feed-forward network, each a residual branch. (B, T) -> (B, T, V).

    Raises ValueError where width is no multiple of heads.
    """

    def __init__(
        self, *, inputs: int, outputs: int, length: int, depth: int, width: int, heads: int, ratio: int,
        branch: str, affine: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        if width % heads:
            raise ValueError(f"model.heads: found {heads}, expected a divisor of model.width = {width}")
        part = getattr(branches, branch)

        def residual(body: nn.Module) -> nn.Module:
            return part(body, width, 2 * depth, affine)

        self.symbol = nn.Embedding(inputs, width)
        self.position = nn.Embedding(length, width)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(residual(Attention(width, heads)), residual(feedforward(width, ratio)))
                for _ in range(depth)
            )
        )
        self.final = part.final(width, affine)
        self.head = initial.linear(width, outputs)
        self.layers = list(self.blocks)
        per_position = depth * ((4 + 2 * ratio) * width**2 + 2 * length * width) + width * outputs
        self.flops = 2 * length * per_position  # causal attention is executed, and counted, in full

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.xavier, keyed)

    def forward(self, symbols_BT: Tensor) -> Tensor:
        positions_T = torch.arange(symbols_BT.shape[1], device=symbols_BT.device)
        x_BTW = self.symbol(symbols_BT) + self.position(positions_T)
        return self.head(self.final(self.blocks(x_BTW)))
