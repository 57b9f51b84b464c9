"""Optimizers and the rate's course against their formulas."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from ablatlas.train.optimizers import factor, optimizer

START, PULLS = 2.0, (0.5, -1.0, 3.0)  # a parameter and the gradients that it gets


def walked(recipe: dict[str, Any]) -> list[float]:
    """Where a single parameter is after each step."""
    parameter = nn.Parameter(torch.tensor([START], dtype=torch.float64))
    optimiser, places = optimizer([parameter], recipe), []
    for pull in PULLS:
        optimiser.zero_grad()
        (pull * parameter).sum().backward()
        optimiser.step()
        places.append(parameter.item())
    return places


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_sgd(momentum: float, decay: float) -> None:
    """Heavy ball as torch has it: v ← μ v + g + λ θ, θ ← θ − η v."""
    place, velocity, expected = START, 0.0, []
    for pull in PULLS:
        velocity = momentum * velocity + pull + decay * place
        place -= 0.1 * velocity
        expected.append(place)
    recipe = {"optimizer": "sgd", "lr": 0.1, "momentum": momentum, "weight_decay": decay}
    assert walked(recipe) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adam(decay: float) -> None:
    """Kingma & Ba 2015 (arXiv 1412.6980), algorithm 1."""
    place, first, second, expected = START, 0.0, 0.0, []
    for t, pull in enumerate(PULLS, start=1):
        gradient = pull + decay * place
        first, second = 0.8 * first + 0.2 * gradient, 0.99 * second + 0.01 * gradient**2
        place -= 0.1 * (first / (1 - 0.8**t)) / (math.sqrt(second / (1 - 0.99**t)) + 1e-8)
        expected.append(place)
    recipe = {"optimizer": "adam", "lr": 0.1, "betas": [0.8, 0.99], "weight_decay": decay}
    assert walked(recipe) == pytest.approx(expected, rel=1e-10)


def test_an_unknown_optimizer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"recipe.optimizer: found lion, expected sgd or adam"):
        optimizer([], {"optimizer": "lion", "lr": 0.1, "weight_decay": 0.0})


def course(**recipe: Any) -> list[float]:
    return [factor(step, {"warmup": 0, "steps": 10, **recipe}) for step in range(10)]


def test_a_constant_rate() -> None:
    assert course(schedule="constant") == [1.0] * 10


def test_a_half_cosine() -> None:
    expected = [0.5 * (1 + math.cos(math.pi * step / 10)) for step in range(10)]
    assert course(schedule="cosine") == pytest.approx(expected)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_the_warm_up_is_linear_and_ends_at_the_full_rate(schedule: str) -> None:
    rates = course(schedule=schedule, warmup=4)
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[4:] == sorted(rates[4:], reverse=True)
    if schedule == "cosine":
        assert rates[7] == pytest.approx(0.5)  # half-way from step 4 to step 10


def test_a_warm_up_may_take_all_of_the_budget() -> None:
    assert course(schedule="cosine", warmup=10) == pytest.approx([(step + 1) / 10 for step in range(10)])


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match=r"recipe.schedule: found step, expected constant or cosine"):
        factor(0, {"warmup": 0, "steps": 10, "schedule": "step"})
