"""In what order a recurrent encoder reads its source, and how often: `times` as many symbols as there are.

`back` maps weights by what was read to weights by place in the source.
"""

import torch
from torch import Tensor, nn


class Forward(nn.Module):
    """As it stands."""

    times = 1

    def forward(self, x: Tensor, dim: int) -> Tensor:
        return x

    def back(self, x: Tensor, dim: int) -> Tensor:
        return x


class Backward(nn.Module):
    """From the last to the first (Sutskever et al. 2014, arXiv 1409.3215, §3.3); once more, and it stands as before."""

    times = 1

    def forward(self, x: Tensor, dim: int) -> Tensor:
        return x.flip(dim)

    def back(self, x: Tensor, dim: int) -> Tensor:
        return x.flip(dim)


class Doubled(nn.Module):
    """Twice, one after the other (Zaremba & Sutskever 2014, arXiv 1410.4615, input doubling)."""

    times = 2

    def forward(self, x: Tensor, dim: int) -> Tensor:
        return torch.cat([x, x], dim)

    def back(self, x: Tensor, dim: int) -> Tensor:
        return x.unflatten(dim, (2, -1)).sum(dim)


forward = Forward
backward = Backward
doubled = Doubled
