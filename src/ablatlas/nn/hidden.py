"""What becomes of hidden layers in training: errors are propagated back to them, guessed, or they stay as drawn.

Each says which of its layers are `trained`, and what a backward pass costs, given the products of a forward one, the
FLOPs of each layer's from first to last, the output layer's among them.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from ablatlas.nn.dropout import Dropout


class Learned(nn.Sequential):
    """Backpropagation (Rumelhart, Hinton & Williams 1986, Nature 323:533): every layer has its gradient."""

    @property
    def trained(self) -> list[nn.Module]:
        return list(self)

    @staticmethod
    def backward(products: Sequence[int]) -> int:
        """Each product once for its weights and once for what is below it, where that is not the data."""
        return 2 * sum(products) - products[0]


class Perturbed(Learned):
    """Node perturbation: a layer learns from how each example's loss answers a small change of its units, all at once.

    The change is of random sign at each unit, and of one layer at a time (Widrow & Lehr 1990, Proc. IEEE 78:1415;
    Werfel, Xie & Seung 2005, Neural Computation 17:2699). In the limit of an infinitely small one, which is computed
    here, the answer is the part of the gradient along it: right on average, and the more random the more units.
    Each of `layers` is a sequence of parts.
    """

    def __init__(self, *layers: nn.Sequential) -> None:
        super().__init__(*(nn.Sequential(*layer, Answer()) for layer in layers))


class Answer(Dropout):
    """The identity, through which of a gradient (B, units) only the part along a random sign of each unit returns.

    The engine draws the signs as it draws the noise of dropouts.
    """

    def __init__(self) -> None:
        super().__init__(0.5)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        sign = (self.noise >= self.p).to(x.dtype) * 2 - 1
        still = x.detach()
        return still + ((x - still) * sign).sum(-1, keepdim=True) * sign


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
perturbed = Perturbed
frozen = Frozen
