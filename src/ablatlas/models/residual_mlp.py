"""A ResNet of fully connected layers: a stem, blocks of two layers with a shortcut around each, a head.

He et al. 2015 (arXiv 1512.03385, §4.2) with linear maps where they convolve, which keeps the question (depth)
and drops the cost. Legend: B batch, I inputs, W width, C classes.
"""

from torch import Tensor, nn

from ablatlas.nn import activation as activations
from ablatlas.nn import initial
from ablatlas.nn import norm as norms
from ablatlas.nn import shortcut as shortcuts
from ablatlas.nn.dropout import dropout as dropped

VERSION = 1


class Model(nn.Module):
    """Depth counts the layers with weights: stem, two a block, head. (B, I) -> (B, C).

    Raises ValueError where depth is odd or under 4.
    """

    def __init__(
        self, *, inputs: int, outputs: int, depth: int, width: int, shortcut: str, norm: str, activation: str,
        dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        if depth < 4 or depth % 2:
            raise ValueError(f"model.depth: found {depth}, expected an even number from 4 (stem, blocks of 2, head)")
        skip, normed, active = (
            getattr(shortcuts, shortcut), getattr(norms, norm), getattr(activations, activation),
        )  # fmt: skip

        def block() -> nn.Module:
            body = nn.Sequential(
                initial.linear(width, width), normed(width), active(), dropped(dropout),
                initial.linear(width, width), normed(width),
            )  # fmt: skip
            return nn.Sequential(skip(body), active())

        self.stem = nn.Sequential(initial.linear(inputs, width), normed(width), active())
        self.blocks = nn.Sequential(*(block() for _ in range((depth - 2) // 2)))
        self.head = initial.linear(width, outputs)
        self.layers = list(self.blocks)
        self.flops = 2 * (inputs * width + (depth - 2) * width * width + width * outputs)

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.he, keyed)

    def forward(self, x_BI: Tensor) -> Tensor:
        x_BW = self.blocks(self.stem(x_BI))
        return self.head(x_BW)
