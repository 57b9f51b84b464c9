"""A long short-term memory over one symbol stream (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

The gates are modules of their own, joined for torch's fused kernel, so that an arm without a gate runs the
same kernel at the same cost. Legend: T steps, B streams, I inputs, H width, C classes.
"""

import torch
from torch import Tensor, nn

from ablatlas.nn import forget as forgets
from ablatlas.nn import initial
from ablatlas.nn import state as states
from ablatlas.nn.gate import Gate
from ablatlas.nn.state import State

VERSION = 1


class Model(nn.Module):
    """One layer of `width` cells and a linear read-out, (T, B, I) and a state -> (T, B, C) and the next state."""

    def __init__(self, *, inputs: int, outputs: int, width: int, forget: str, state: str) -> None:
        super().__init__()
        self.width = width
        self.input = Gate(inputs, width)
        self.forget = getattr(forgets, forget)(inputs, width)
        self.cell = Gate(inputs, width)
        self.output = Gate(inputs, width)
        self.state = getattr(states, state)()
        self.head = initial.linear(width, outputs)
        self.layers: list[nn.Module] = []
        self.flops = 2 * (4 * width * (inputs + width) + width * outputs)

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.uniform(self.width**-0.5), keyed)

    def rest(self, streams: int) -> State:
        """The state before the first symbol: zeros, each (1, B, H)."""
        zeros = torch.zeros(1, streams, self.width, device=self.head.weight.device)
        return zeros, zeros

    def scan(self, x: Tensor, state: State, sizes: Tensor | None = None) -> tuple[Tensor, State]:
        """The fused recurrence, over equal sequences or, with `sizes`, over packed segments (see `nn.state`)."""
        gates = (self.input, self.forget, self.cell, self.output)  # the kernel's order
        bias = torch.cat([gate.bias for gate in gates])
        weights = [
            torch.cat([gate.from_input for gate in gates]), torch.cat([gate.from_state for gate in gates]),
            bias, torch.zeros_like(bias),
        ]  # fmt: skip
        rest = (weights, True, 1, 0.0, self.training, False)
        outputs, h, c = torch.lstm(x, state, *rest, False) if sizes is None else torch.lstm(x, sizes, state, *rest)
        return outputs, (h, c)

    def forward(self, x_TBI: Tensor, state: State, fresh_TB: Tensor) -> tuple[Tensor, State]:
        h_TBH, state = self.state(self.scan, x_TBI, state, fresh_TB)
        return self.head(h_TBH), state
