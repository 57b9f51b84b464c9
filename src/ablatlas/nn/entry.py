"""How a sequence enters a recurrent model: symbols as unit vectors, numbers as they are.

Legend: B batch, T steps, I inputs.
"""

from torch import Tensor, nn
from torch.nn import functional as F


class Symbols(nn.Module):
    """(B, T) whole numbers from 0 to I - 1 -> (B, T, I): the weights that read this are the symbols' embeddings."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.inputs = inputs

    def forward(self, x_BT: Tensor) -> Tensor:
        if x_BT.is_floating_point():
            raise ValueError("model.entry: found symbols for a task of numbers, expected numbers")
        return F.one_hot(x_BT, self.inputs).float()


class Numbers(nn.Module):
    """(B, T, I), as they are."""

    def __init__(self, inputs: int) -> None:
        super().__init__()

    def forward(self, x_BTI: Tensor) -> Tensor:
        if not x_BTI.is_floating_point():
            raise ValueError("model.entry: found numbers for a task of symbols, expected symbols")
        return x_BTI


symbols = Symbols
numbers = Numbers
