"""What a block adds to its body (He et al. 2015, arXiv 1512.03385, eq. 1): its input, or nothing.

A block whose body changes the shape is given with what `fitted` its input to that, without parameters.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Fitted(nn.Module):
    """Every `stride`-th pixel, and `more` maps of zeros after its own: option A of He et al. 2015 (§3.3, §4.2)."""

    def __init__(self, more: int, stride: int) -> None:
        super().__init__()
        self.more, self.stride = more, stride

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[..., :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))


class Residual(nn.Module):
    """fit(x) + body(x): the parameter-free shortcut, the identity itself for a body that keeps the shape."""

    def __init__(self, body: nn.Module, fit: nn.Module | None = None) -> None:
        super().__init__()
        self.body, self.fit = body, fit or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.fit(x) + self.body(x)


class Plain(nn.Module):
    """body(x): the same block without its shortcut, under the same parameter names."""

    def __init__(self, body: nn.Module, fit: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class NearLinear(Plain):
    """A plain block whose batch normalizations start with gain ½ and bias 1, so that few rectifiers are off.

    Under batch normalization the scale of the weights is inert; what an initialisation can still scale is how
    nonlinear each layer starts. A stack of nearly linear layers keeps its gradients from shattering
    (Balduzzi et al. 2017, arXiv 1702.08591, §4), which makes this the substitute that a shortcut has to beat.
    """

    @torch.no_grad()
    def start(self) -> None:
        for part in self.body.modules():
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
                part.weight.fill_(0.5)
                part.bias.fill_(1.0)


identity = Residual
none = Plain
scaled = NearLinear
