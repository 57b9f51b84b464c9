"""Attention fused and explicit against its equation, position by position."""

import math

import pytest
import torch

from ablatlas.nn import attention
from ablatlas.randomness import generator

BATCH, HEADS, LENGTH, WIDTH = 2, 3, 6, 4


@pytest.mark.parametrize("word", ["fused", "explicit"])
def test_each_position_reads_the_softmax_of_its_scores_over_earlier_ones_and_itself(word: str) -> None:
    draw = generator("attention")
    q, k, v = (torch.randn(BATCH, HEADS, LENGTH, WIDTH, generator=draw, dtype=torch.float64) for _ in range(3))
    made = getattr(attention, word)()(q, k, v)
    for t in range(LENGTH):
        scores = torch.einsum("bnd,bnsd->bns", q[:, :, t], k[:, :, : t + 1]) / math.sqrt(WIDTH)
        weights = scores.exp() / scores.exp().sum(-1, keepdim=True)
        expected = torch.einsum("bns,bnsd->bnd", weights, v[:, :, : t + 1])
        torch.testing.assert_close(made[:, :, t], expected, rtol=1e-10, atol=1e-12)
