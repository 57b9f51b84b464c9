"""Teachers: functions of standard normal inputs whose answers are to be learnt, the words of `task.teacher`.

A teacher of I inputs answers to x (n, I) with (n,) of mean zero and variance one; it is the same in every run.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ablatlas.tasks.generated import fixed

Teacher = Callable[[Tensor], Tensor]

HIDDEN = 4  # units of the network
SLOPE = 2.0  # standard deviation of what a unit is given: in part it saturates
SAMPLE = 65536  # inputs over which the network's answers are standardised


def linear(inputs: int) -> Teacher:
    """A weighted sum of the inputs (Krogh & Hertz 1991, §3)."""
    return lambda x: x @ _directions(inputs, 1)[:, 0]


def network(inputs: int) -> Teacher:
    """A sum of hidden units, tanh of weighted sums, with signs in turn."""
    weights = SLOPE * _directions(inputs, HIDDEN)
    signs = torch.ones(HIDDEN)
    signs[1::2] = -1

    def raw(x: Tensor) -> Tensor:
        return (x @ weights).tanh() @ signs

    sample = raw(torch.randn(SAMPLE, inputs, generator=fixed("teacher's sample", 0)))
    mean, deviation = sample.mean(), sample.std()
    return lambda x: (raw(x) - mean) / deviation


def _directions(inputs: int, count: int) -> Tensor:
    """Unit vectors (inputs, count)."""
    drawn = torch.stack([torch.randn(inputs, generator=fixed("teacher", index)) for index in range(count)], 1)
    return drawn / drawn.norm(dim=0)
