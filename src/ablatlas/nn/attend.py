"""What a decoder is given of an encoder's states: a weighted mean of them all, or the last one.

A part maps queries and states to a context for each query and to the weights, by state, of which it is the mean.
Legend: B batch, K queries, L states, W width.
"""

import torch
from torch import Tensor, nn

from ablatlas.nn import initial


class Additive(nn.Module):
    """Weights softmax(v tanh(W q + U h)) over the states (Bahdanau et al. 2014, arXiv 1409.0473, eq. 5-6, A.1.2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.query = initial.linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)

    def products(self, queries: int, states: int) -> int:
        """Multiply-adds of an example: of projections, of scores and of the weighted means."""
        return (queries + states) * self.width**2 + 2 * queries * states * self.width

    def forward(self, q_BKW: Tensor, h_BLW: Tensor) -> tuple[Tensor, Tensor]:
        scores_BKL = self.score(torch.tanh(self.query(q_BKW)[:, :, None] + self.key(h_BLW)[:, None]))[..., 0]
        weights_BKL = scores_BKL.softmax(-1)
        return weights_BKL @ h_BLW, weights_BKL


class Last(nn.Module):
    """All weight on the last state, the fixed vector (Cho et al. 2014, arXiv 1406.1078, §2.2)."""

    def __init__(self, width: int) -> None:
        super().__init__()

    def products(self, queries: int, states: int) -> int:
        return 0

    def forward(self, q_BKW: Tensor, h_BLW: Tensor) -> tuple[Tensor, Tensor]:
        weights_BKL = q_BKW.new_zeros(len(q_BKW), q_BKW.shape[1], h_BLW.shape[1])
        weights_BKL[..., -1] = 1
        return h_BLW[:, -1:].expand_as(q_BKW), weights_BKL


additive = Additive
none = Last
