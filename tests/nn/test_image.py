"""Flat images as maps: what their size says of them, and which it says nothing of."""

from itertools import pairwise
from math import isqrt

import pytest
import torch

from ablatlas.nn.image import image, scattered, shape


@pytest.mark.parametrize(
    ("inputs", "expected"), [(1, (1, 1)), (64, (1, 8)), (784, (1, 28)), (3, (3, 1)), (3072, (3, 32))]
)
def test_the_size_of_a_square_image_says_its_shape(inputs: int, expected: tuple[int, int]) -> None:
    assert shape(inputs) == expected
    channels, side = expected
    assert image(inputs)(torch.zeros(5, inputs)).shape == (5, channels, side, side)


def test_no_size_is_both_a_grey_and_a_coloured_image() -> None:
    grey, colour = {side**2 for side in range(1, 2000)}, {3 * side**2 for side in range(1, 1200)}
    assert not grey & colour


@pytest.mark.parametrize("inputs", [0, 2, 50, 7 * 8, 3 * 7 * 8])
def test_what_is_no_square_image_is_refused(inputs: int) -> None:
    with pytest.raises(ValueError, match=f"task: found {inputs} inputs, expected a square image"):
        shape(inputs)


@pytest.mark.parametrize("inputs", [9, 27])
def test_pixels_keep_their_order(inputs: int) -> None:
    channels, side = inputs // 9, isqrt(9)
    maps = image(inputs)(torch.arange(inputs)[None])[0]
    for place in range(inputs):
        channel, row, column = place // 9, place % 9 // side, place % side
        assert maps[channel, row, column] == place
    assert maps.shape[0] == channels


@pytest.mark.parametrize("inputs", [64, 192])
def test_scattered_pixels_are_the_same_ones_in_one_order_for_every_image_and_channel(inputs: int) -> None:
    channels, side = shape(inputs)
    x = torch.randn(5, inputs, generator=torch.Generator().manual_seed(1))
    kept, moved = image(inputs)(x).flatten(2), scattered(inputs)(x).flatten(2)
    assert scattered(inputs)(x).shape == (5, channels, side, side)
    order = [int((kept[0, 0] == value).nonzero()) for value in moved[0, 0]]
    assert sorted(order) == list(range(side**2))
    assert torch.equal(moved, kept[:, :, order])
    near = sum(abs(a // side - b // side) + abs(a % side - b % side) == 1 for a, b in pairwise(order))
    assert near < 10, "of 63 neighbours in a row hardly any were neighbours"
    assert torch.equal(scattered(inputs)(x), scattered(inputs)(x))
