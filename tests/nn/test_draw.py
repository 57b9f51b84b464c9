"""What weights are drawn from for a nonlinearity: the cited variances, and signals that neither fade nor grow."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from ablatlas.nn import activation, draw
from ablatlas.randomness import generator

KINDS = {name: getattr(activation, name) for name in ("relu", "softplus", "gelu", "tanh", "sigmoid")}
IN, OUT = 200, 300
HE, GLOROT, STANDARD = 2 / IN, 2 / (IN + OUT), 1 / (3 * IN)


def drawn(word: str, active: nn.Module, outputs: int = OUT) -> torch.Tensor:
    return getattr(draw, word)(active)(torch.empty(outputs, IN), generator(5, "x"))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("suited", dict.fromkeys(["relu", "softplus", "gelu"], HE) | dict.fromkeys(["tanh", "sigmoid"], GLOROT)),
        ("fourfold", dict.fromkeys(KINDS, 16 * GLOROT)),
        ("standard", dict.fromkeys(KINDS, STANDARD)),
    ],
)
def test_the_variance_is_the_cited_one(word: str, expected: dict[str, float]) -> None:
    for name, active in KINDS.items():
        weight = drawn(word, active()).double()
        assert weight.var().item() == pytest.approx(expected[name], rel=0.03), name
        assert weight.mean().item() == pytest.approx(0, abs=4 * (expected[name] / weight.numel()) ** 0.5)


def test_what_suits_one_nonlinearity_is_what_suits_another_at_another_scale() -> None:
    rectifier, logistic = drawn("suited", nn.ReLU()), drawn("suited", nn.Sigmoid())
    torch.testing.assert_close(rectifier * (GLOROT / HE) ** 0.5, logistic)
    torch.testing.assert_close(drawn("fourfold", nn.Sigmoid()), 4 * logistic)


def test_the_standard_draw_is_torchs_own() -> None:
    torch.manual_seed(3)
    theirs = nn.Linear(IN, OUT).weight
    ours = draw.standard(nn.ReLU())(torch.empty(OUT, IN), torch.Generator().manual_seed(3))
    assert torch.equal(ours, theirs)


def through(word: str, active: Callable[[], nn.Module]) -> float:
    """The norm of a gradient below ten layers over that above them."""
    layers = [nn.Linear(IN, IN) for _ in range(10)]
    with torch.no_grad():
        for index, layer in enumerate(layers):
            getattr(draw, word)(active())(layer.weight, generator(0, index))
            layer.bias.zero_()
    x = torch.randn(50, IN, generator=generator(1)).requires_grad_()
    above = torch.randn(50, IN, generator=generator(2))
    nn.Sequential(*(part for layer in layers for part in (layer, active())))(x).backward(above)
    assert x.grad is not None
    return (x.grad.norm() / above.norm()).item()


def test_a_suited_draw_carries_a_gradient_through_rectifiers_and_tanh_and_no_logistic_function() -> None:
    """The mechanism that the study of nonlinearities rests on."""
    assert through("suited", nn.ReLU) > 0.2
    assert through("suited", nn.Tanh) > 0.2
    assert through("standard", nn.ReLU) < 0.01
    assert through("suited", nn.Sigmoid) < 1e-4
    assert through("fourfold", nn.Sigmoid) > 100 * through("suited", nn.Sigmoid)
