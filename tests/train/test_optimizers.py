"""Optimizers against their formulas and torch's own classes, and the rate's course."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ablatlas.train.optimizers import factor, optimizer

START, PULLS = 2.0, (0.5, -1.0, 3.0)  # a parameter and the gradients that it gets


def walked(recipe: dict[str, Any]) -> list[float]:
    """Where a single parameter is after each step."""
    parameter = nn.Parameter(torch.tensor([START], dtype=torch.float64))
    rule, places = optimizer([parameter], recipe), []
    for pull in PULLS:
        rule.zero()
        (pull * parameter).sum().backward()
        rule.step([(None, 0.1)])
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
    recipe = {"optimizer": "sgd", "momentum": momentum, "weight_decay": decay}
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
    recipe = {"optimizer": "adam", "betas": [0.8, 0.99], "weight_decay": decay}
    assert walked(recipe) == pytest.approx(expected, rel=1e-10)


def test_adam_without_the_correction_of_its_moments() -> None:
    """Algorithm 1 without its lines that correct a bias: the first steps are as much too long as 0.2 is over 0.1."""
    place, first, second, expected = START, 0.0, 0.0, []
    for pull in PULLS:
        first, second = 0.8 * first + 0.2 * pull, 0.99 * second + 0.01 * pull**2
        place -= 0.1 * first / (math.sqrt(second) + 1e-8)
        expected.append(place)
    recipe = {"optimizer": "adam_uncorrected", "betas": [0.8, 0.99], "weight_decay": 0.0}
    assert walked(recipe) == pytest.approx(expected, rel=1e-7)
    assert START - walked(recipe)[0] == pytest.approx(0.1 * 0.2 / 0.1)


def test_adam_with_its_second_moment_alone() -> None:
    """Without the first moment it is RMSProp, its mean corrected: the first step is the rate, whatever the gradient."""
    recipe = {"optimizer": "adam", "betas": [0.0, 0.99], "weight_decay": 0.0}
    assert START - walked(recipe)[0] == pytest.approx(0.1)


def test_an_unknown_optimizer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"recipe.optimizer: found lion, expected sgd, adam, adam_uncorrected"):
        optimizer([], {"optimizer": "lion", "weight_decay": 0.0})


# --- torch's own classes, bit for bit ---

SHAPES = [(3,), (7, 5), (64, 33), (1,)]
RATES = (0.01, 0.1, 0.1, 0.003, 0.05, 0.02)  # of the steps
SGDS: list[dict[str, Any]] = [{"optimizer": "sgd", "momentum": momentum} for momentum in (0.0, 0.9)]
ADAMS: list[dict[str, Any]] = [{"optimizer": "adam", "betas": betas} for betas in ([0.9, 0.999], [0.5, 0.9])]
RECIPES = [{**words, "weight_decay": decay} for words in (*SGDS, *ADAMS) for decay in (0.0, 0.1)]


def drawn(step: int, shapes: list[tuple[int, ...]]) -> list[Tensor]:
    """Numbers of all magnitudes."""
    generator = torch.Generator().manual_seed(step)
    return [torch.randn(shape, generator=generator) * 10.0 ** (place - 2) for place, shape in enumerate(shapes)]


def started(shapes: list[tuple[int, ...]]) -> list[nn.Parameter]:
    return [nn.Parameter(start) for start in drawn(99, shapes)]


def pulled(parameters: list[nn.Parameter], gradients: list[Tensor], absent: int | None = None) -> None:
    """Give gradients, but none to the parameter at `absent`."""
    for place, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        parameter.grad = None if place == absent else gradient.clone()


def torchs(parameters: list[nn.Parameter], recipe: dict[str, Any]) -> torch.optim.Optimizer:
    decay = recipe["weight_decay"]
    if recipe["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, RATES[0], recipe["momentum"], weight_decay=decay, fused=True)
    return torch.optim.Adam(parameters, RATES[0], recipe["betas"], weight_decay=decay, fused=True)


def told(recipe: dict[str, Any]) -> str:
    return " ".join(map(str, recipe.values()))


@pytest.mark.parametrize("recipe", RECIPES, ids=told)
@pytest.mark.parametrize("absent", [None, 1])
def test_every_step_has_the_bits_of_torchs_own_classes(recipe: dict[str, Any], absent: int | None) -> None:
    """Whatever the rate's course, and where a parameter never gets a gradient."""
    ours, theirs = started(SHAPES), started(SHAPES)
    rule, oracle = optimizer(ours, recipe), torchs(theirs, recipe)
    for step, rate in enumerate(RATES):
        for parameters in (ours, theirs):
            pulled(parameters, drawn(step, SHAPES), absent)
        rule.step([(None, rate)])
        oracle.param_groups[0]["lr"] = rate
        oracle.step()
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert torch.equal(one, other), (step, place)
            kept = oracle.state[other]
            names = [name for name in ("momentum_buffer", "exp_avg", "exp_avg_sq") if kept.get(name) is not None]
            assert len(names) == (len(rule.moments) if place != absent else 0)
            assert all(torch.equal(kind[place], kept[name]) for kind, name in zip(rule.moments, names, strict=False))
        assert absent is None or torch.equal(ours[absent], started(SHAPES)[absent])
    assert rule.count == len(RATES)


@pytest.mark.parametrize("recipe", RECIPES, ids=told)
def test_a_step_leaves_the_gradients_as_they_are(recipe: dict[str, Any]) -> None:
    """Their norms are logged after the step."""
    parameters, gradients = started(SHAPES), drawn(0, SHAPES)
    pulled(parameters, gradients)
    optimizer(parameters, recipe).step([(None, 0.1)])
    assert all(p.grad is not None and torch.equal(p.grad, g) for p, g in zip(parameters, gradients, strict=True))


@pytest.mark.parametrize("recipe", RECIPES, ids=told)
def test_restored_moments_and_count_go_on_with_the_same_bits(recipe: dict[str, Any]) -> None:
    undisturbed, stopped = started(SHAPES), started(SHAPES)
    rule = optimizer(undisturbed, recipe)
    first, second = optimizer(stopped, recipe), optimizer(stopped, recipe)
    for step, rate in enumerate(RATES):
        if step == 3:
            second.restore(first.moments, first.count)
            first.restore([[torch.full_like(m, 9.0) for m in kind] for kind in first.moments], 9)  # copies, not views
        for parameters, own in ((undisturbed, rule), (stopped, first if step < 3 else second)):
            pulled(parameters, drawn(step, SHAPES))
            own.step([(None, rate)])
    assert all(torch.equal(one, other) for one, other in zip(undisturbed, stopped, strict=True))


@pytest.mark.parametrize("recipe", RECIPES, ids=told)
def test_stacked_rows_go_at_rates_of_their_own(recipe: dict[str, Any]) -> None:
    """Rows of whole vectors and others: each is where it would be alone at its rate."""
    shapes = [(3, 4, 8), (3, 5)]
    stack = started(shapes)
    alone = [[nn.Parameter(p.detach()[row].clone()) for p in stack] for row in range(3)]
    rule, rules = optimizer(stack, recipe, stacked=True), [optimizer(one, recipe) for one in alone]
    for step, rate in enumerate(RATES):
        rates = [rate, rate, 2 * rate]
        gradients = drawn(step, shapes)
        pulled(stack, gradients)
        rule.step([(slice(0, 2), rate), (slice(2, 3), 2 * rate)])
        for row, (one, own) in enumerate(zip(alone, rules, strict=True)):
            pulled(one, [g[row] for g in gradients])
            own.step([(None, rates[row])])
    for row, one in enumerate(alone):
        torch.testing.assert_close([p[row] for p in stack], list(one), rtol=1e-5, atol=1e-6)


# --- the rate's course ---


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
