"""Exponent and floor against laws that are known, scipy's own least squares, and simulated coverage."""

import numpy as np
import pytest
from curves import Truth, flat, power
from numpy.typing import NDArray
from scipy.optimize import minimize

from ablatlas.stats.curve import Curve
from ablatlas.stats.scaling import law, misfit, residuals, scaling

LEVELS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def draw(exponent: float, floor: float, n: int = 8, spread: float = 0.03, seed: int = 0) -> Curve:
    truth = Truth(power(exponent, floor=floor), power(exponent, floor=floor), LEVELS, spread=spread)
    return truth.draw(n, np.random.default_rng(seed))[0]


@pytest.mark.parametrize(("exponent", "floor"), [(0.5, 0.1), (1.5, 0.4), (0.3, 0.0)])
def test_a_law_without_noise_is_found(exponent: float, floor: float) -> None:
    r = np.array(LEVELS)[:, None] * 100
    curve = Curve(tuple(r[:, 0]), np.tile(floor + 3 * r**-exponent, 4))
    found = law(curve)
    assert found == pytest.approx((floor, 3, exponent), rel=0.03, abs=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_the_least_squares_minimum(seed: int) -> None:
    curve = draw(0.5, 0.1, seed=seed)

    def misfit_of(theta: NDArray[np.float64]) -> float:
        floor, scale, exponent = np.exp(theta)
        gap = curve.means - floor - scale * np.array(LEVELS) ** -exponent
        return float(((gap / curve.errors) ** 2).sum())

    best = min(
        (
            minimize(misfit_of, np.log([f, 1, a]), method="Nelder-Mead", options={"maxiter": 4000})
            for f in (0.02, 0.2)
            for a in (0.2, 1)
        ),
        key=lambda found: found.fun,
    )
    assert misfit_of(np.log(np.maximum(law(curve), 1e-300))) == pytest.approx(best.fun, rel=1e-2)


def test_intervals_hold_the_truth() -> None:
    random = np.random.default_rng(8)
    for exponent, floor in ((0.5, 0.1), (0.5, 0.0)):
        truth = Truth(power(exponent, floor=floor), flat(1), LEVELS, spread=0.04)
        made = [scaling(truth.draw(6, random)[0]) for _ in range(300)]
        assert np.mean([(m.exponent_low or 0) <= exponent <= (m.exponent_high or 99) for m in made]) > 0.92
        assert np.mean([(m.floor_low or 0) <= floor <= (m.floor_high or 0) for m in made]) > 0.92
        assert all((m.exponent_low or 0) <= (m.exponent or 0) <= (m.exponent_high or 99) for m in made)


def test_units_scale_the_floor_and_leave_the_exponent() -> None:
    curve = draw(0.5, 0.1)
    plain, other = scaling(curve), scaling(Curve(tuple(r * 50 for r in LEVELS), curve.losses * 3))
    assert (other.exponent, other.exponent_low, other.exponent_high) == pytest.approx(
        (plain.exponent, plain.exponent_low, plain.exponent_high)
    )
    assert (other.floor, other.floor_high) == pytest.approx((3 * (plain.floor or 0), 3 * (plain.floor_high or 0)))


def test_what_is_not_identified_says_why() -> None:
    assert scaling(Curve(LEVELS[:3], draw(0.5, 0.1).losses[:3])).why == "fewer than 4 rungs"
    assert scaling(draw(0.5, 0.1, n=2)).why == "too few seeds"
    level = Truth(flat(0.5), flat(0.5), LEVELS).draw(6, np.random.default_rng(1))[0]
    assert (scaling(level).why, scaling(level).exponent) == ("flat", None)
    once = np.array([1, 0.5, 0.5, 0.5])[:, None] + 0.02 * np.random.default_rng(1).normal(size=(4, 5))
    cliff = scaling(Curve(LEVELS[:4], once))
    assert (cliff.why, cliff.exponent_high) == ("the ladder does not bound the exponent", None)
    assert cliff.exponent is not None
    assert cliff.exponent_low is not None


def test_residuals_of_arms_that_share_an_exponent() -> None:
    alike = draw(0.5, 0.1, seed=1), draw(0.5, 0.3, seed=2)
    assert residuals(alike).shape == (2, len(LEVELS))
    assert not misfit(alike)
    assert misfit((draw(0.2, 0.0, spread=0.002), draw(2.0, 0.5, spread=0.002, seed=1)))
