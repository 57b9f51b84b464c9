"""How a Transformer's residual branch is kept in bounds: x + body(normalised x), or x + body(x).

Each part is built with its body, the model's width and the number of branches in the stack, and names with
`final` what stands between the last branch and the output layer.
"""

import math

from torch import Tensor, nn


class PreNorm(nn.Module):
    """x + body(LayerNorm(x)) (Ba et al. 2016, arXiv 1607.06450; placed as in Xiong et al. 2020, arXiv 2002.04745)."""

    def __init__(self, body: nn.Module, width: int, branches: int, affine: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=affine)
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(self.norm(x))

    @staticmethod
    def final(width: int, affine: bool) -> nn.Module:
        """A pre-norm stack is normalised once more at its end, since its sum has never been."""
        return nn.LayerNorm(width, elementwise_affine=affine)


class Plain(nn.Module):
    """x + body(x): the branch without normalisation, under the same parameter names."""

    def __init__(self, body: nn.Module, width: int, branches: int, affine: bool) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)

    @staticmethod
    def final(width: int, affine: bool) -> nn.Module:
        return nn.Identity()


class Scaled(Plain):
    """x + body(x) / sqrt(branches): the stack's variance stays of order one at the start without any statistics.

    The historical substitute for normalisation; Fixup (Zhang et al. 2019, arXiv 1901.09321, §3) reaches the
    same bound through the initial weights, here it is a fixed factor.
    """

    def __init__(self, body: nn.Module, width: int, branches: int, affine: bool) -> None:
        super().__init__(body, width, branches, affine)
        self.scale = 1 / math.sqrt(branches)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.body(x)


pre_norm = PreNorm
plain = Plain
scaled = Scaled
