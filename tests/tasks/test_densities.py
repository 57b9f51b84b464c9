"""Densities in the plane against their definitions, and the energy distance against brute force and closed forms."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made import judged, made
from torch import Tensor

from ablatlas.randomness import generator
from ablatlas.tasks import density
from ablatlas.tasks import energy as energies
from ablatlas.tasks.energy import energy_distance, nearest_point, unbiased

WORDS = ["gaussians", "swiss_roll", "moons", "checkerboard"]
COUNT = 4000


def points(word: str) -> Tensor:
    return getattr(density, word)(COUNT, generator("test")).double()


# --- densities ---


@pytest.mark.parametrize("word", WORDS)
def test_points_lie_around_the_origin(word: str) -> None:
    x = getattr(density, word)(COUNT, generator("test"))
    assert (x.shape, x.dtype) == ((COUNT, 2), torch.float32)
    assert float(x.abs().max()) < 1.3
    assert float(x.mean(0).abs().max()) < 0.2
    assert 0.3 < float(x.std(0).min()) < float(x.std(0).max()) < 0.9


def test_eight_gaussians() -> None:
    x = points("gaussians")
    mode = (torch.atan2(x[:, 1], x[:, 0]) / (math.pi / 4)).round().long() % 8
    counts = mode.bincount(minlength=8)
    assert (counts - COUNT / 8).abs().max() < 5 * math.sqrt(COUNT / 8)
    centres = torch.stack([(mode * math.pi / 4).cos(), (mode * math.pi / 4).sin()], 1)
    assert (x - centres).square().mean().sqrt().item() == pytest.approx(0.05, rel=0.05)


def test_a_spiral_grows_with_its_angle() -> None:
    x = points("swiss_roll")
    turn = torch.arange(1.5, 4.5, 0.001, dtype=torch.float64) * math.pi
    curve = torch.stack([turn * turn.cos(), turn * turn.sin()], 1) / (4.5 * math.pi)
    distance, where = torch.cdist(x, curve).min(1)
    assert distance.max() < 5 * 0.02
    assert distance.square().mean().sqrt().item() == pytest.approx(0.02, rel=0.1), "along one of two directions"
    counts = (where // 1000).bincount(minlength=3)
    assert (counts - COUNT / 3).abs().max() < 150, "each half turn of it as often"


def test_two_moons_are_each_other_turned() -> None:
    x = points("moons")
    angle = torch.arange(0, math.pi, 0.001, dtype=torch.float64)
    arc = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], 1) / 1.5
    upper, lower = (torch.cdist(x, sign * arc).amin(1) for sign in (1, -1))
    mine = upper < lower
    distance = torch.minimum(upper, lower)
    assert distance.max() < 5 * 0.03
    assert distance.square().mean().sqrt().item() == pytest.approx(0.03, rel=0.1), "along one of two directions"
    assert abs(float(mine.double().mean()) - 0.5) < 0.05
    assert energy_distance(x[mine], -x[~mine]) < 0.01


def test_a_checkerboard_is_dark_on_every_other_square() -> None:
    x = points("checkerboard")
    assert -1 <= float(x.min()) < float(x.max()) < 1
    square = ((x + 1) * 2).floor().long()
    assert (square.sum(1) % 2 == 0).all()
    counts = (4 * square[:, 1] + square[:, 0]).bincount(minlength=16)
    assert ((counts == 0) | ((counts - COUNT / 8).abs() < 5 * math.sqrt(COUNT / 8))).all()
    assert int((counts > 0).sum()) == 8
    within = (x + 1) * 2 % 1
    assert (within.mean(0) - 0.5).abs().max() < 5 * 0.29 / math.sqrt(COUNT)


# --- the energy distance ---


def by_hand(x: Tensor, y: Tensor, own: int) -> float:
    """Over all pairs in Python; `own` is 1 where a point and itself are no pair."""

    def mean(a: list, b: list, leave: int) -> float:
        pairs = [math.dist(p, q) for i, p in enumerate(a) for j, q in enumerate(b) if not (leave and i == j)]
        return sum(pairs) / len(pairs)

    a, b = x.tolist(), y.tolist()
    return 2 * mean(a, b, 0) - mean(a, a, own) - mean(b, b, own)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 3), st.integers(0, 99))
def test_the_energy_distance_is_that_over_all_pairs(n: int, m: int, size: int, seed: int) -> None:
    draw = generator(seed)
    x, y = (torch.randn(k, size, generator=draw, dtype=torch.float64) for k in (n, m))
    assert float(energy_distance(x, y)) == pytest.approx(by_hand(x, y, own=0), rel=1e-9, abs=1e-12)
    assert float(unbiased(x, y)) == pytest.approx(by_hand(x, y, own=1), rel=1e-9, abs=1e-12)
    assert float(energy_distance(x, y)) == pytest.approx(float(energy_distance(y, x)), rel=1e-9)
    assert float(energy_distance(x, y)) > 0
    assert float(energy_distance(x, x.flip(0))) == pytest.approx(0, abs=1e-12)


def test_rows_at_a_time_are_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = points("moons")[:50], points("gaussians")[:70]
    whole = energy_distance(x, y)
    monkeypatch.setattr(energies, "ROWS", 8)
    torch.testing.assert_close(energy_distance(x, y), whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_of_two_normal_distributions_it_is_known(shift: float) -> None:
    """In one dimension E|N(d, 2)| = 2/√π exp(-d²/4) + d erf(d/2)."""
    x, y = (torch.randn(3000, 1, generator=generator(i), dtype=torch.float64) for i in (0, 1))
    apart = 2 / math.sqrt(math.pi) * math.exp(-(shift**2) / 4) + shift * math.erf(shift / 2)
    expected = 2 * apart - 4 / math.sqrt(math.pi)
    assert float(unbiased(x + shift, y)) == pytest.approx(expected, abs=0.01 + 0.05 * shift)


def test_the_estimate_has_no_bias_where_the_distance_has() -> None:
    """Of samples of four points from one distribution, 500 times."""
    pairs = torch.randn(500, 2, 4, 2, generator=generator("test"), dtype=torch.float64)
    estimates = torch.stack([unbiased(x, y) for x, y in pairs])
    error = float(estimates.std()) / 500**0.5
    assert abs(float(estimates.mean())) < 4 * error
    assert min(float(energy_distance(x, y)) for x, y in pairs) > 0


def test_equal_points_have_a_finite_gradient() -> None:
    x = torch.zeros(5, 2, requires_grad=True)
    unbiased(x, torch.ones(4, 2)).backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.full((5, 2), -2 / 5 / math.sqrt(2)))


def test_the_nearest_point_is_the_geometric_median() -> None:
    """Three corners that see each other under less than 120°: it sees every two of them under 120° (Fermat's point)."""
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.3, 0.8]], dtype=torch.float64)
    [at] = nearest_point(corners)
    rays = torch.nn.functional.normalize(corners - at, dim=1)
    torch.testing.assert_close(rays @ rays.T, 1.5 * torch.eye(3).double() - 0.5, rtol=0.0, atol=1e-6)


# --- the task ---


def test_a_model_that_draws_from_the_density_is_next_to_it() -> None:
    task = made("gaussians", judged=1000)
    assert judged(task, density.gaussians(1000, generator("another")))["loss"] < 0.02 < task.floor["loss"] / 20
    assert judged(task, task.held_out("test")[0])["loss"] == pytest.approx(0, abs=1e-5)


def test_noise_is_fresh_at_every_step_and_points_are_not() -> None:
    task = made("moons", examples=8, batch=8)
    (points, noise), (again, other) = task.batch(0), task.batch(1)
    assert torch.equal(points.sort(0).values, again.sort(0).values)
    assert not torch.equal(noise, other)
    assert noise.shape == (8, 3)
