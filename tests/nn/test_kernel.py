"""Kernels see what they say, count their weights and operations, and are one convolution where they can be."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ablatlas.nn import initial, kernel
from ablatlas.randomness import generator

WORDS = ("shared", "local", "dense", "flat")
PLACES = [(1, 2, 5, 1), (3, 4, 6, 1), (2, 3, 6, 2), (3, 2, 5, 2), (2, 2, 1, 1), (2, 3, 1, 2)]  # I, O, side, stride


def made(word: str, *place: int) -> Any:
    """A kernel with drawn weights and biases."""
    part = getattr(kernel, word)(*place)
    initial.fill(part, initial.he, lambda name: generator(0, name))
    with torch.no_grad():
        part.bias.normal_(generator=generator(1))
    return part


def maps(inputs: int, side: int) -> Tensor:
    return torch.randn(7, inputs, side, side, generator=generator(2))


def weights(part: nn.Module) -> int:
    return sum(p.numel() for p in part.parameters() if p.ndim > 1)


def seen(part: nn.Module, inputs: int, side: int) -> Tensor:
    """Which numbers below each output depends on, (O, s, s, I, S, S)."""
    jacobian = torch.autograd.functional.jacobian(lambda x: part(x[None])[0], maps(inputs, side)[0])
    return jacobian != 0


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(("inputs", "outputs", "side", "stride"), PLACES)
def test_every_kernel_is_where_it_says_and_has_a_bias_a_channel(
    word: str, inputs: int, outputs: int, side: int, stride: int
) -> None:
    part = made(word, inputs, outputs, side, stride)
    expected = 1 if word == "flat" else (side + stride - 1) // stride
    assert part.side == expected
    assert part(maps(inputs, side)).shape == (7, outputs, expected, expected)
    assert part.bias.shape == (outputs,)
    with torch.no_grad():
        before = part(maps(inputs, side))
        part.bias += 1
        torch.testing.assert_close(part(maps(inputs, side)), before + 1)


@pytest.mark.parametrize(("inputs", "outputs", "side", "stride"), PLACES)
def test_weights_and_operations_in_closed_form(inputs: int, outputs: int, side: int, stride: int) -> None:
    positions = ((side + stride - 1) // stride) ** 2
    counts = {word: made(word, inputs, outputs, side, stride) for word in WORDS}
    assert {word: weights(part) for word, part in counts.items()} == {
        "shared": 9 * inputs * outputs,
        "local": 9 * inputs * outputs * positions,
        "dense": inputs * side**2 * outputs * positions,
        "flat": inputs * side**2 * outputs,
    }
    assert counts["shared"].flops == counts["local"].flops == 2 * 9 * inputs * outputs * positions
    assert {counts[word].flops // weights(counts[word]) for word in ("local", "dense", "flat")} == {2}


@pytest.mark.parametrize(("inputs", "outputs", "side", "stride"), PLACES)
def test_local_weights_that_are_tied_are_a_convolution(inputs: int, outputs: int, side: int, stride: int) -> None:
    one, other = (made(word, inputs, outputs, side, stride) for word in ("shared", "local"))
    with torch.no_grad():
        other.weights.copy_(one.weight.flatten(1).repeat(other.side**2, 1))
    x = maps(inputs, side)
    torch.testing.assert_close(other(x), one(x))


@pytest.mark.parametrize(("inputs", "outputs", "side", "stride"), PLACES)
def test_the_matrix_of_a_convolution_is_a_dense_kernel(inputs: int, outputs: int, side: int, stride: int) -> None:
    one, other = (made(word, inputs, outputs, side, stride) for word in ("shared", "dense"))
    units = torch.eye(inputs * side**2).unflatten(1, (inputs, side, side))
    with torch.no_grad():
        other.matrix.copy_((one(units) - one.bias[:, None, None]).flatten(1).T)
    x = maps(inputs, side)
    torch.testing.assert_close(other(x), one(x), rtol=1e-5, atol=1e-5)


def test_local_kernels_see_what_a_convolution_sees_and_dense_ones_all() -> None:
    shared, local, dense = (seen(made(word, 2, 3, 6), 2, 6) for word in ("shared", "local", "dense"))
    assert torch.equal(shared, local)
    assert shared.sum((3, 4, 5))[0, 2, 2] == 2 * 9
    assert dense.all()


def test_no_position_of_a_local_kernel_shares_a_weight() -> None:
    part = made("local", 1, 2, 4)
    found = []
    for row in range(4):
        for column in range(4):
            (gradient,) = torch.autograd.grad(part(maps(1, 4))[:, :, row, column].sum(), part.weights)
            found.append(gradient != 0)
    assert (torch.stack(found).sum(0) <= 1).all()


@pytest.mark.parametrize(("word", "fan"), [("shared", 9 * 8), ("local", 9 * 8), ("dense", 36 * 8), ("flat", 36 * 8)])
def test_weights_start_for_as_many_inputs_as_they_see(word: str, fan: int) -> None:
    part = getattr(kernel, word)(8, 64, 6, 1)
    initial.fill(part, initial.he, lambda name: generator(0, name))
    [drawn] = [p for p in part.parameters() if p.ndim > 1]
    assert drawn.double().var().item() == pytest.approx(2 / fan, rel=0.1)
    assert (part.bias == 0).all()
