"""One layer by itself, to be timed: what it reads is what the task gives, what it makes is the output.

Legend: B batch, T positions, I inputs, W width.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from ablatlas.nn import initial
from ablatlas.nn import mixer as mixers

VERSION = 1


class Model(nn.Module):
    """A mixer of `width`, computed as `kernels` says, (B, T, I) -> (B, T, W)."""

    def __init__(
        self, *, inputs: int, length: int, width: int, heads: int, mixer: str, kernels: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.width = width
        self.mixer = getattr(mixers, mixer)(inputs, width, heads, kernels)
        self.layers = [self.mixer]
        self.flops = 2 * self.mixer.work(length)

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.uniform(self.width**-0.5), keyed)

    def forward(self, x_BTI: Tensor) -> Tensor:
        y_BTW: Tensor = self.mixer(x_BTI)
        return y_BTW
