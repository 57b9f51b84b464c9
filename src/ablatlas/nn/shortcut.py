"""What a block adds to its body (He et al. 2015, arXiv 1512.03385, eq. 1): its input, or nothing."""

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """x + body(x): the parameter-free identity shortcut. Any shape that the body keeps."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Plain(nn.Module):
    """body(x): the same block without its shortcut, under the same parameter names."""

    def __init__(self, body: nn.Module) -> None:
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
            if isinstance(part, nn.BatchNorm1d):
                part.weight.fill_(0.5)
                part.bias.fill_(1.0)


identity = Residual
none = Plain
scaled = NearLinear
