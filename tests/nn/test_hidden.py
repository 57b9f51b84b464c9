"""Hidden layers: learned or frozen, at the same initial values and under the same names."""

from typing import Any

import torch
from torch import nn

from ablatlas.nn import hidden, initial
from ablatlas.randomness import generator


def stack(word: str) -> Any:
    torch.manual_seed(0)
    made = nn.Sequential(getattr(hidden, word)(initial.linear(4, 3), nn.Tanh()), initial.linear(3, 2))
    initial.fill(made, initial.xavier, lambda name: generator(5, name))
    return made


def test_frozen_layers_start_as_learned_ones_do() -> None:
    learned, frozen = stack("learned").state_dict(), stack("frozen").state_dict()
    assert learned.keys() == frozen.keys()
    assert all(torch.equal(learned[name], frozen[name]) for name in learned)
    assert (learned["0.0.weight"] != 0).all()


def test_a_gradient_reaches_learned_layers_alone() -> None:
    x = torch.randn(7, 4, generator=generator(1))
    for word, reached in (("learned", True), ("frozen", False)):
        made = stack(word)
        made(x).square().sum().backward()
        assert [p.grad is not None for p in made.parameters()] == [reached, reached, True, True]
        assert all(p.requires_grad == reached for p in made[0].parameters())


def test_the_layers_that_are_trained() -> None:
    learned, frozen = stack("learned")[0], stack("frozen")[0]
    assert list(learned.trained) == list(learned)
    assert list(frozen.trained) == []


def test_the_products_of_a_backward_pass() -> None:
    assert hidden.Learned.backward([6, 5, 3]) == 6 + 2 * (5 + 3)
    assert hidden.Frozen.backward([6, 5, 3]) == 3
    assert hidden.Learned.backward([4]) == hidden.Frozen.backward([4]) == 4
