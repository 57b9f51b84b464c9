"""How the recurrence of a long short-term memory is computed: by one kernel over all steps, or step by step.

Both are called as torch.lstm is. Legend: B batch, T steps, I inputs, H width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

fused = torch.lstm


def loop(x_BTI: Tensor, rest: tuple[Tensor, Tensor], weights: Sequence[Tensor], *_: object) -> tuple[Tensor, ...]:
    """The same equations, a step at a time in Python; gates in torch's order: input, forget, cell, output."""
    from_input, from_state, bias_input, bias_state = weights
    h_BH, c_BH = (state[0] for state in rest)
    outputs = []
    for x_BI in x_BTI.unbind(1):
        gates = F.linear(x_BI, from_input, bias_input) + F.linear(h_BH, from_state, bias_state)
        i_BH, f_BH, g_BH, o_BH = gates.chunk(4, -1)
        c_BH = f_BH.sigmoid() * c_BH + i_BH.sigmoid() * g_BH.tanh()
        h_BH = o_BH.sigmoid() * c_BH.tanh()
        outputs.append(h_BH)
    return torch.stack(outputs, 1), h_BH[None], c_BH[None]
