"""What a recurrent layer computes at a step, each by torch's fused kernel over whole sequences.

A cell is made of gates under names of their own, so that cells which share one start it from the same values.
Legend: B batch, T steps, I inputs, H width.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ablatlas.nn import forget as forgets
from ablatlas.nn.gate import Constant, Gate


class Cell(nn.Module):
    """A layer of H cells from a state of zeros, (B, T, I) -> (B, T, H). Its gates are given in the kernel's order.

    `products` counts the multiply-adds of a step.
    """

    def __init__(self, kernel: Callable[..., Any], width: int, **gates: Any) -> None:
        super().__init__()
        self.kernel, self.width = kernel, width
        self.products = sum(gate.from_input.numel() + gate.from_state.numel() for gate in gates.values())
        for name, gate in gates.items():
            self.add_module(name, gate)

    def rest(self, x_BTI: Tensor) -> Any:
        """The state before the first step."""
        return x_BTI.new_zeros(1, len(x_BTI), self.width)

    def forward(self, x_BTI: Tensor) -> Tensor:
        gates: list[Any] = list(self.children())
        bias = torch.cat([gate.bias for gate in gates])
        weights = [
            torch.cat([gate.from_input for gate in gates]), torch.cat([gate.from_state for gate in gates]),
            bias, torch.zeros_like(bias),
        ]  # fmt: skip
        h_BTH: Tensor
        h_BTH, *_ = self.kernel(x_BTI, self.rest(x_BTI), weights, True, 1, 0.0, self.training, False, True)
        return h_BTH


class Simple(Cell):
    """h = tanh(W x + U h + b) (Elman 1990, Cognitive Science 14:179), or another kernel in tanh's place."""

    def __init__(self, inputs: int, width: int, kernel: Callable[..., Any] = torch.rnn_tanh) -> None:
        super().__init__(kernel, width, cell=Gate(inputs, width))


class Orthogonal(Simple):
    """The same from an orthogonal U, which keeps the length of a state (Saxe et al. 2014, arXiv 1312.6120, §3)."""

    @torch.no_grad()
    def start(self) -> None:
        gate: Any = self.cell
        gate.from_state.copy_(torch.linalg.qr(gate.from_state)[0])


class Identity(Simple):
    """A rectifier in tanh's place, U from the identity and W from next to nothing (Le et al. 2015, arXiv 1504.00941).

    At first such a unit keeps what it holds. W has their standard deviation of 0.001 (§4), but of a uniform draw.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(inputs, width, torch.rnn_relu)

    @torch.no_grad()
    def start(self) -> None:
        gate: Any = self.cell
        nn.init.eye_(gate.from_state)
        gate.from_input.mul_(0.001 / gate.from_input.square().mean().sqrt())


class GRU(Cell):
    """The gated unit (Cho et al. 2014, arXiv 1406.1078, eq. 5-8), reset after the product with U as torch has it."""

    def __init__(self, inputs: int, width: int) -> None:
        names = ("reset", "update", "cell")
        super().__init__(torch.gru, width, **{name: Gate(inputs, width) for name in names})


class LSTM(Cell):
    """Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000) with a forget and an output gate."""

    def __init__(
        self, inputs: int, width: int, forget: nn.Module, output: nn.Module, kernel: Callable[..., Any] = torch.lstm
    ) -> None:
        super().__init__(
            kernel, width, input=Gate(inputs, width), forget=forget, cell=Gate(inputs, width), output=output
        )

    def rest(self, x_BTI: Tensor) -> Any:
        zeros = super().rest(x_BTI)
        return zeros, zeros


tanh = Simple
orthogonal = Orthogonal
irnn = Identity
gru = GRU


def lstm(inputs: int, width: int) -> Cell:
    """With a forget gate, its bias at +1."""
    return LSTM(inputs, width, forgets.learned(inputs, width), Gate(inputs, width))


def lstm_no_forget(inputs: int, width: int) -> Cell:
    """The cell of 1997, which adds and never forgets, by the same kernel."""
    return LSTM(inputs, width, forgets.open(inputs, width), Gate(inputs, width))


def lstm_no_output(inputs: int, width: int) -> Cell:
    """With a forget gate and an output gate that stands open: sigmoid(30) is 1 exactly in float32."""
    return LSTM(inputs, width, forgets.learned(inputs, width), Constant(inputs, width, logit=30.0))
