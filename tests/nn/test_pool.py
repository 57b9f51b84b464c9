"""Each way to halve a map does it in one place, its kernel or itself, and rounds a side up."""

import pytest
import torch
from torch import nn

from ablatlas.nn import kernel, pool


def layer(word: str, side: int) -> nn.Module:
    part = getattr(pool, word)
    return nn.Sequential(kernel.shared(2, 3, side, part.below), part())


@pytest.mark.parametrize("side", [1, 2, 5, 8])
@pytest.mark.parametrize(("word", "halves"), [("max", True), ("stride", True), ("none", False)])
def test_a_layer_halves_its_side_once_or_not_at_all(word: str, halves: bool, side: int) -> None:
    part, expected = getattr(pool, word), (side + 1) // 2 if halves else side
    below = kernel.shared(2, 3, side, part.below).side
    assert -(-below // part.shrinks) == expected
    assert layer(word, side)(torch.zeros(4, 2, side, side)).shape == (4, 3, expected, expected)


@pytest.mark.parametrize("side", [4, 5])
def test_the_greatest_of_each_square_is_kept(side: int) -> None:
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    pooled = pool.max()(x)
    for row in range(0, side, 2):
        for column in range(0, side, 2):
            square = x[:, :, row : row + 2, column : column + 2]
            assert torch.equal(pooled[:, :, row // 2, column // 2], square.amax((2, 3)))


def test_a_stride_keeps_every_other_position() -> None:
    whole, strided = (layer(word, 5) for word in ("none", "stride"))
    strided.load_state_dict(whole.state_dict())
    x = torch.randn(2, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(strided(x), whole(x)[:, :, ::2, ::2])
