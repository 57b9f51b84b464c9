"""Initial values: functions of a tensor's name alone, with the variance that their source gives."""

import pytest
import torch
from torch import nn

from ablatlas.nn import initial
from ablatlas.randomness import generator


def keyed(name: str) -> torch.Generator:
    return generator(5, "initial", name)


class Two(nn.Module):
    """A layer that every variant has and, before it, one that only some have."""

    def __init__(self, extra: bool) -> None:
        super().__init__()
        if extra:
            self.added = initial.linear(7, 7)
        self.shared = initial.linear(4, 3)


def test_a_tensor_starts_alike_whatever_else_the_model_holds() -> None:
    small, large = Two(False), Two(True)
    torch.manual_seed(1)
    initial.fill(small, initial.he, keyed)
    torch.manual_seed(2)
    initial.fill(large, initial.he, keyed)
    assert torch.equal(small.shared.weight, large.shared.weight)
    assert (large.added.weight != 0).any()


def test_only_trainable_matrices_are_drawn() -> None:
    model = Two(True)
    model.added.weight.requires_grad_(False)
    before = model.added.weight.clone()
    initial.fill(model, initial.he, keyed)
    assert torch.equal(model.added.weight, before)
    assert (model.shared.bias == 0).all()


def test_parts_apply_their_own_start_after_the_drawing() -> None:
    class Halved(nn.Linear):
        @torch.no_grad()
        def start(self) -> None:
            self.weight.mul_(0.5)

    plain, halved = nn.Sequential(nn.Linear(3, 3)), nn.Sequential(Halved(3, 3))
    for model in (plain, halved):
        initial.fill(model, initial.xavier, keyed)
    (before,), (after,) = ([p for p in model.parameters() if p.ndim > 1] for model in (plain, halved))
    assert torch.equal(after, before / 2)


@pytest.mark.parametrize(
    ("draw", "variance", "bound"),
    [
        (initial.he, 2 / 200, None),
        (initial.xavier, 2 / 500, (6 / 500) ** 0.5),
        (initial.uniform(0.3), 0.3**2 / 3, 0.3),
    ],
)
def test_the_variance_is_the_cited_one(draw: initial.Draw, variance: float, bound: float | None) -> None:
    weight = draw(torch.empty(300, 200), keyed("x"))  # fan in 200, fan out 300
    assert weight.double().var().item() == pytest.approx(variance, rel=0.03)
    assert weight.double().mean().item() == pytest.approx(0, abs=4 * (variance / weight.numel()) ** 0.5)
    if bound is not None:
        assert weight.abs().max().item() <= bound
