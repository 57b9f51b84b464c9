"""What carries information between the positions of a sequence, with a choice of how it is computed.

`kernels` names the computation of each kind. `work` counts the multiply-adds of a sequence.
Legend: B batch, T positions, I inputs, W width, N heads, D width of a head.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from ablatlas.nn import attention, initial, recurrence
from ablatlas.nn import forget as forgets
from ablatlas.nn.cell import LSTM
from ablatlas.nn.gate import Gate


class Recurrent(LSTM):
    """A long short-term memory, (B, T, I) -> (B, T, W)."""

    def __init__(self, inputs: int, width: int, heads: int, kernels: Mapping[str, str]) -> None:
        gates = forgets.learned(inputs, width), Gate(inputs, width)
        super().__init__(inputs, width, *gates, kernel=getattr(recurrence, kernels["recurrence"]))

    def work(self, length: int) -> int:
        return length * self.products


class Attending(nn.Module):
    """Causal self-attention of several heads, (B, T, I) -> (B, T, W).

    Raises ValueError where width is no multiple of heads.
    """

    def __init__(self, inputs: int, width: int, heads: int, kernels: Mapping[str, str]) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"model.heads: found {heads}, expected a divisor of model.width = {width}")
        self.inputs, self.width, self.heads = inputs, width, heads
        self.project = initial.linear(inputs, 3 * width)
        self.attend = getattr(attention, kernels["attention"])()

    def work(self, length: int) -> int:
        """The scores of later positions are executed, and counted, in full."""
        return 3 * length * self.inputs * self.width + 2 * length**2 * self.width

    def forward(self, x_BTI: Tensor) -> Tensor:
        projected = self.project(x_BTI).unflatten(-1, (3, self.heads, -1))
        q_BNTD, k_BNTD, v_BNTD = projected.permute(2, 0, 3, 1, 4)
        y_BTW: Tensor = self.attend(q_BNTD, k_BNTD, v_BNTD).transpose(1, 2).flatten(-2)
        return y_BTW


recurrent = Recurrent
attending = Attending
