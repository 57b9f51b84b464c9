"""A small convolutional network: layers of maps, each half the side of those below where it pools, then a head.

LeCun et al. 1989 (Neural Computation 1:541), the sharing of its weights a part. Legend: B batch, C channels, S side.
"""

from torch import Tensor, nn

from ablatlas.nn import activation as activations
from ablatlas.nn import image as images
from ablatlas.nn import initial
from ablatlas.nn import kernel as kernels
from ablatlas.nn import norm as norms
from ablatlas.nn import pool as pools
from ablatlas.nn.dropout import dropout as dropped

VERSION = 1


class Model(nn.Module):
    """`depth` layers of `width` maps and a linear head. Square images, given flat: (B, inputs) -> (B, outputs).

    Raises ValueError where there is no layer, or where the inputs are no square image.
    """

    def __init__(
        self, *, inputs: int, outputs: int, depth: int, width: int, kernel: str, norm: str, activation: str,
        pool: str, dropout: float, pixels: str,
    ) -> None:  # fmt: skip
        super().__init__()
        if depth < 1:
            raise ValueError(f"model.depth: found {depth}, expected a whole number from 1")
        seeing, normed, active, pooled = (
            getattr(kernels, kernel), getattr(norms, norm), getattr(activations, activation), getattr(pools, pool),
        )  # fmt: skip
        channels, side = images.shape(inputs)
        self.image = getattr(images, pixels)(inputs)
        self.blocks = nn.Sequential()
        self.flops = 0
        for _ in range(depth):
            seen = seeing(channels, width, side, pooled.below)
            self.blocks.append(nn.Sequential(seen, normed(width, image=True), active(), pooled(), dropped(dropout)))
            self.flops += seen.flops
            channels, side = width, -(-seen.side // pooled.shrinks)
        self.head = initial.linear(channels * side**2, outputs)
        self.layers = list(self.blocks)
        self.flops += 2 * self.head.weight.numel()

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.he, keyed)

    def forward(self, x: Tensor) -> Tensor:
        x_BCSS = self.blocks(self.image(x))
        return self.head(x_BCSS.flatten(1))
