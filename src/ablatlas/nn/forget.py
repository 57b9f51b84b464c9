"""What an LSTM does with its old cell state: decide each step, keep all of it, or let it decay."""

import math

from torch import nn

from ablatlas.nn.gate import Constant, Gate


def learned(inputs: int, width: int) -> nn.Module:
    """The forget gate (Gers et al. 2000, eq. 3), its bias at +1 so that it starts open (their §3.2)."""
    return Gate(inputs, width, bias=1.0)


def open(inputs: int, width: int) -> nn.Module:
    """The cell of 1997, which adds and never forgets: sigmoid(30) is 1 exactly in float32."""
    return Constant(inputs, width, logit=30.0)


def decay(inputs: int, width: int) -> nn.Module:
    """A fixed decay of 0.9 a step: the substitute that Gers et al. 2000 (§4) tried and rejected."""
    return Constant(inputs, width, logit=math.log(0.9 / 0.1))
