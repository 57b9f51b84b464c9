"""Dropout: the right expectation, and masks that depend on nothing but the noise that the module is given."""

import pytest
import torch
from torch import nn

from ablatlas.nn.dropout import Dropout, dropout


def drawn(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def masked(seed: int, p: float = 0.3, size: int = 64) -> torch.Tensor:
    part = Dropout(p)
    part.noise = drawn(seed, size, size)
    return part(torch.ones(size, size))


def test_a_mask_is_a_function_of_the_noise_alone() -> None:
    first = masked(7)
    torch.manual_seed(123)
    torch.rand(10)
    assert torch.equal(masked(7), first)
    assert not torch.equal(masked(8), first)


def test_it_draws_nothing_from_the_global_generator() -> None:
    before = torch.get_rng_state()
    masked(7)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_it_keeps_the_mean_and_zeroes_a_share_p(p: float) -> None:
    y = masked(0, p, 300)
    assert set(y.unique().tolist()) == {0.0, torch.tensor(1 / (1 - p)).item()}
    error = (p * (1 - p) / y.numel()) ** 0.5
    assert (y == 0).double().mean().item() == pytest.approx(p, abs=4 * error)
    assert y.double().mean().item() == pytest.approx(1, abs=4 * error / (1 - p))


def test_a_dropped_activation_gets_no_gradient() -> None:
    part, x = Dropout(0.5), torch.ones(50, requires_grad=True)
    part.noise = drawn(0, 50)
    y = part(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient, y.detach())


def test_what_is_below_p_is_zeroed_and_the_rest_divided_by_what_is_kept() -> None:
    part = Dropout(0.25)
    part.noise = torch.tensor([0.0, 0.2, 0.25, 0.99])
    assert part(torch.full((4,), 3.0)).tolist() == [0.0, 0.0, 4.0, 4.0]


def test_no_checkpoint_holds_the_noise() -> None:
    part = Dropout(0.5)
    part.noise = drawn(0, 5)
    assert dict(part.state_dict()) == {}
    assert [name for name, _ in part.named_buffers()] == ["noise"], "but it is a buffer, so that runs can be stacked"


def test_evaluation_is_the_identity() -> None:
    x = torch.randn(5)
    assert dropout(0.9).eval()(x) is x


def test_no_dropout_is_an_identity_that_draws_nothing() -> None:
    assert isinstance(dropout(0.0), nn.Identity)


@pytest.mark.parametrize("p", [-0.1, 1.0, 2.0])
def test_a_share_that_is_none_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match=r"expected a probability in \[0, 1\)"):
        dropout(p)
