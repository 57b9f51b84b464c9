"""From which distribution the matrices of a network are drawn, given the nonlinearity between them.

What suits one nonlinearity and what suits another are the same normal numbers at another scale, so that arms which
differ in their nonlinearity share all of a draw but its variance.
"""

import torch
from torch import Tensor, nn

from ablatlas.nn.initial import Draw, he

RECTIFIERS = (nn.ReLU, nn.Softplus, nn.GELU)  # of a negative number they let next to nothing pass
SLOPE = 4  # of tanh at zero over that of the logistic function


def suited(active: nn.Module) -> Draw:
    """What each kind of nonlinearity is given in its own literature: He's for rectifiers, Glorot's for the others."""
    return he if isinstance(active, RECTIFIERS) else _glorot


def fourfold(active: nn.Module) -> Draw:
    """Four times Glorot's, which makes up for the slope of the logistic function (Bengio 2012, arXiv 1206.5533)."""
    return _fourfold


def standard(active: nn.Module) -> Draw:
    """As `nn.Linear` draws by itself, whatever follows: uniform within 1 / sqrt(fan_in), of variance 1 / (3 fan_in)."""
    return _standard


def _glorot(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Normal with variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010, eq. 12)."""
    return nn.init.xavier_normal_(weight, generator=generator)


def _fourfold(weight: Tensor, generator: torch.Generator) -> Tensor:
    return nn.init.xavier_normal_(weight, gain=SLOPE, generator=generator)


def _standard(weight: Tensor, generator: torch.Generator) -> Tensor:
    return nn.init.kaiming_uniform_(weight, a=5**0.5, generator=generator)
