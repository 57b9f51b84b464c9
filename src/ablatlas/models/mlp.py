"""A multilayer perceptron (Rumelhart, Hinton & Williams 1986, Nature 323:533), each of its later improvements a part.

Legend: B batch, I inputs, W width, C outputs.
"""

from torch import Tensor, nn

from ablatlas.nn import activation as activations
from ablatlas.nn import draw as draws
from ablatlas.nn import hidden as hiddens
from ablatlas.nn import initial
from ablatlas.nn import norm as norms
from ablatlas.nn.dropout import dropout as dropped

VERSION = 1


class Model(nn.Module):
    """`depth` hidden layers, none of them for softmax regression, and a linear head. (B, I) -> (B, C).

    A layer is normalised before its nonlinearity (Ioffe & Szegedy 2015, §3.2). `backward` counts the FLOPs of one
    example's backward pass. Raises ValueError where depth is negative.
    """

    def __init__(
        self, *, inputs: int, outputs: int, depth: int, width: int, hidden: str, draw: str, norm: str, activation: str,
        dropout: float, input_dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        if depth < 0:
            raise ValueError(f"model.depth: found {depth}, expected a whole number from 0, the hidden layers")
        part, normed, active = getattr(hiddens, hidden), getattr(norms, norm), getattr(activations, activation)
        sizes = [inputs, *[width] * depth]

        def layer(below: int) -> nn.Module:
            return nn.Sequential(initial.linear(below, width), normed(width), active(), dropped(dropout))

        self.entry = dropped(input_dropout)
        self.hidden = part(*(layer(below) for below in sizes[:-1]))
        self.head = initial.linear(sizes[-1], outputs)
        self.draw = getattr(draws, draw)(active())
        self.layers = self.hidden.trained
        products = [2 * below * above for below, above in zip(sizes, [*sizes[1:], outputs], strict=True)]
        self.flops = sum(products)
        self.backward = part.backward(products)

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, self.draw, keyed)

    def forward(self, x_BI: Tensor) -> Tensor:
        return self.head(self.hidden(self.entry(x_BI)))
