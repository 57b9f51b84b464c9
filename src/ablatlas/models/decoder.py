"""A decoder-only Transformer that writes: it is asked for one more symbol at a time (Vaswani et al. 2017, §3).

Legend: B batch, T positions seen, Q of these to be read now, W width, N heads, D width of a head, V vocabulary.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.nn import cache as caches
from ablatlas.nn import initial

VERSION = 1


class Block(nn.Module):
    """Attention over all positions seen, then a feed-forward network, each on a normalised branch."""

    def __init__(self, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = initial.linear(width, 3 * width)
        self.output = initial.linear(width, width)
        self.body = nn.Sequential(initial.linear(width, ratio * width), nn.GELU(), initial.linear(ratio * width, width))

    def forward(self, x_BQW: Tensor, memory: Any, place: int) -> Tensor:
        projected = self.project(self.first(x_BQW)).unflatten(-1, (3, self.heads, -1))
        q_BNQD, *new = projected.permute(2, 0, 3, 1, 4)
        k_BNTD, v_BNTD = memory.join(place, *new)
        # All positions are read at once, or one, which may look at all: nothing between needs a mask.
        causal = q_BNQD.shape[-2] == k_BNTD.shape[-2]
        y_BNQD = F.scaled_dot_product_attention(q_BNQD, k_BNTD, v_BNTD, is_causal=causal)
        x_BQW = x_BQW + self.output(y_BNQD.transpose(1, 2).flatten(-2))
        x: Tensor = x_BQW + self.body(self.second(x_BQW))
        return x


class Model(nn.Module):
    """`depth` blocks. Symbols (B, T) and a memory of those read before -> logits of the next symbol (B, V).

    Raises ValueError where width is no multiple of heads.
    """

    def __init__(
        self, *, inputs: int, outputs: int, length: int, depth: int, width: int, heads: int, ratio: int, cache: str
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"model.heads: found {heads}, expected a divisor of model.width = {width}")
        self.memory = getattr(caches, cache)
        self.depth, self.width, self.ratio, self.outputs = depth, width, ratio, outputs
        self.symbol = nn.Embedding(inputs, width)
        self.position = nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads, ratio) for _ in range(depth))
        self.final = nn.LayerNorm(width)
        self.head = initial.linear(width, outputs)
        self.layers = list(self.blocks)

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.xavier, keyed)

    def flops(self, prompt: int, written: int) -> int:
        """Of writing `written` symbols after `prompt` of one sequence; scores of later positions are counted too."""
        memory, products = self.memory(), 0
        for total in range(prompt, prompt + written):
            fresh = memory.fresh(total)
            products += self.depth * fresh * ((4 + 2 * self.ratio) * self.width**2 + 2 * total * self.width)
            products += self.width * self.outputs
        return 2 * products

    def forward(self, symbols_BT: Tensor, memory: Any) -> Tensor:
        total = symbols_BT.shape[1]
        first = total - memory.fresh(total)
        x_BQW = self.symbol(symbols_BT[:, first:]) + self.position(torch.arange(first, total, device=symbols_BT.device))
        for place, block in enumerate(self.blocks):
            x_BQW = block(x_BQW, memory, place)
        logits_BV: Tensor = self.head(self.final(x_BQW[:, -1]))
        return logits_BV
