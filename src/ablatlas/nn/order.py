"""In what order a recurrent encoder reads its source."""

from torch import Tensor, nn


class Forward(nn.Module):
    """As it stands."""

    def forward(self, x: Tensor, dim: int) -> Tensor:
        return x


class Backward(nn.Module):
    """From the last to the first (Sutskever et al. 2014, arXiv 1409.3215, §3.3); once more, and it stands as before."""

    def forward(self, x: Tensor, dim: int) -> Tensor:
        return x.flip(dim)


forward = Forward
backward = Backward
