"""Hidden layers: learned, perturbed or frozen, at the same initial values and under the same names."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import nn

from ablatlas.nn import hidden, initial
from ablatlas.randomness import generator


def stack(word: str) -> Any:
    torch.manual_seed(0)
    layer = nn.Sequential(initial.linear(4, 3), nn.Tanh())
    made = nn.Sequential(getattr(hidden, word)(layer), initial.linear(3, 2))
    initial.fill(made, initial.xavier, lambda name: generator(5, name))
    return made


@pytest.mark.parametrize("word", ["perturbed", "frozen"])
def test_other_layers_start_as_learned_ones_do(word: str) -> None:
    learned, other = stack("learned").state_dict(), stack(word).state_dict()
    assert learned.keys() == other.keys()
    assert all(torch.equal(learned[name], other[name]) for name in learned)
    assert (learned["0.0.0.weight"] != 0).all()


def test_a_gradient_reaches_learned_layers_alone() -> None:
    x = torch.randn(7, 4, generator=generator(1))
    for word, reached in (("learned", True), ("frozen", False)):
        made = stack(word)
        made(x).square().sum().backward()
        assert [p.grad is not None for p in made.parameters()] == [reached, reached, True, True]
        assert all(p.requires_grad == reached for p in made[0].parameters())


def guessed(signs: torch.Tensor) -> list[torch.Tensor]:
    """The gradients of a loss with these signs (B, units); its value is that of layers that learn."""
    made, x = stack("perturbed"), torch.randn(2, 4, generator=generator(1))
    made[0][0][-1].noise = signs / 2 + 0.25
    loss = made(x).square().sum()
    assert loss == stack("learned")(x).square().sum()
    loss.backward()
    return [p.grad for p in made.parameters()]


def test_what_is_guessed_is_right_on_average() -> None:
    """Over all signs there are; what reads the layer has its own gradient whatever they are."""
    learned = stack("learned")
    learned(torch.randn(2, 4, generator=generator(1))).square().sum().backward()
    found = [guessed(torch.tensor(signs).float().view(2, 3)) for signs in product((0, 1), repeat=6)]
    for exact, *guesses in zip(learned.parameters(), *found, strict=True):
        torch.testing.assert_close(torch.stack(guesses).mean(0), exact.grad)
    assert all(torch.equal(one[2], found[0][2]) for one in found)
    assert not torch.allclose(found[0][0], found[1][0])


def test_a_guess_is_what_the_loss_answers_to_a_small_change() -> None:
    """One example: the layer's gradient is a difference of two losses, along the signs, and nothing beside it."""
    made, x = stack("perturbed").double(), torch.randn(1, 4, generator=generator(2)).double()
    sign = torch.tensor([[1.0, -1.0, 1.0]]).double()
    made[0][0][-1].noise = sign / 4 + 0.5
    units = made[0][0][:2](x).detach().requires_grad_()
    made[1](made[0][0][-1](units)).square().sum().backward()
    step = 1e-6
    up, down = (made[1](units + way * step * sign).square().sum() for way in (1, -1))
    torch.testing.assert_close(units.grad, (up - down) / (2 * step) * sign, rtol=1e-6, atol=1e-8)


def test_the_layers_that_are_trained() -> None:
    learned, frozen = stack("learned")[0], stack("frozen")[0]
    assert list(learned.trained) == list(learned)
    assert list(frozen.trained) == []


def test_the_products_of_a_backward_pass() -> None:
    assert hidden.Learned.backward([6, 5, 3]) == 6 + 2 * (5 + 3)
    assert hidden.Frozen.backward([6, 5, 3]) == 3
    assert hidden.Learned.backward([4]) == hidden.Frozen.backward([4]) == 4
