"""What becomes of hidden layers in training: errors are propagated back to them, or they stay as they were drawn.

Each says which of its layers are `trained`, and what a backward pass costs, given the products of a forward one, the
FLOPs of each layer's from first to last, the output layer's among them.
"""

from collections.abc import Sequence

from torch import nn


class Learned(nn.Sequential):
    """Backpropagation (Rumelhart, Hinton & Williams 1986, Nature 323:533): every layer has its gradient."""

    @property
    def trained(self) -> list[nn.Module]:
        return list(self)

    @staticmethod
    def backward(products: Sequence[int]) -> int:
        """Each product once for its weights and once for what is below it, where that is not the data."""
        return 2 * sum(products) - products[0]


class Frozen(nn.Sequential):
    """Random features: only what reads them is trained (Rosenblatt 1958; Rahimi & Recht 2008, NIPS 20)."""

    trained: tuple[nn.Module, ...] = ()

    def start(self) -> None:
        """After all values are drawn, so that they are those of layers that learn."""
        self.requires_grad_(False)

    @staticmethod
    def backward(products: Sequence[int]) -> int:
        """The gradient of the output layer's weights alone."""
        return products[-1]


learned = Learned
frozen = Frozen
