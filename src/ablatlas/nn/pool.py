"""How a layer of maps halves their side: after its nonlinearity, by the stride of its kernel, or not at all.

`below` is the stride of the kernel under it and `shrinks` what it does itself to a side, which is rounded up.
"""

from torch import nn


class Max(nn.MaxPool2d):
    """The greatest of each 2 × 2 (Riesenhuber & Poggio 1999, Nature Neuroscience 2:1019). (B, C, S, S) -> half of S."""

    below, shrinks = 1, 2

    def __init__(self) -> None:
        super().__init__(2, ceil_mode=True)


class Stride(nn.Identity):
    """A kernel at every other position alone, which leaves nothing to do (Springenberg et al. 2015, 1412.6806)."""

    below, shrinks = 2, 1


class Whole(nn.Identity):
    """Maps as large as those below."""

    below, shrinks = 1, 1


max = Max
stride = Stride
none = Whole
