"""What a ladder can show, against statsmodels, the method's numbers, and simulated verdicts."""

import math

import numpy as np
import pytest
from curves import Truth, power
from statsmodels.stats.power import TTestIndPower, TTestPower

from ablatlas.stats.curve import Curve
from ablatlas.stats.difference import difference
from ablatlas.stats.power import detectable, detectable_effect, identifiable, noise, seeds, seeds_that_show

LEVELS = tuple(2.0**k for k in range(-4, 8))


@pytest.mark.parametrize(("n", "effect"), [(5, 2.02), (10, 1.33)])
def test_the_effects_of_the_method(n: int, effect: float) -> None:
    assert detectable_effect(n) == pytest.approx(effect, abs=0.006)
    assert TTestIndPower().power(detectable_effect(n), n, 0.05) == pytest.approx(0.8)
    assert math.log2(detectable(n, 0.3)) == pytest.approx(0.3 * effect, rel=0.005)
    assert detectable(n, 0.3, delta=1.1) == pytest.approx(1.1 * detectable(n, 0.3))


def test_pairs_that_resemble_each_other_show_more() -> None:
    effect = TTestPower().solve_power(nobs=10, alpha=0.05, power=0.8) * math.sqrt(2 * (1 - 0.9))
    assert math.log2(detectable(10, 1, correlation=0.9)) == pytest.approx(effect)
    assert detectable(10, 1, correlation=0.9) < detectable(10, 1) < detectable(10, 1, correlation=0.0)
    assert detectable(10, 1, correlation=1.0) == 1


def test_seeds_are_the_fewest_that_detect() -> None:
    needed = seeds(2.0, 0.5, delta=1.1)
    assert needed is not None
    assert detectable(needed, 0.5, delta=1.1) <= 2 < detectable(needed - 1, 0.5, delta=1.1)
    assert seeds(1.05, 1.0, delta=1.1) is None
    assert seeds(50.0, 0.1) == 3


def test_noise_of_a_known_law() -> None:
    random = np.random.default_rng(0)
    r = np.array([1.0, 2.0, 4.0])
    losses = np.array([1.2, 1.0, 0.8])[:, None] + 0.05 * random.normal(size=(3, 20_000))
    assert noise(Curve(tuple(r), losses), 2.0) == pytest.approx(0.05 / 0.2, rel=0.02)
    assert noise(Curve(tuple(r), losses), 4.0) == pytest.approx(0.05 / 0.2, rel=0.02)
    assert noise(Curve(tuple(r), losses[::-1]), 2.0) == math.inf


@pytest.mark.parametrize("n", [5, 10])
def test_an_effect_is_found_as_often_as_promised(n: int) -> None:
    """At the detectable effect and, as the controls ask, at twice its logarithm; s is far from the gate's limit."""
    s, exponent = 0.2, 0.7
    fall = (2**exponent - 2**-exponent) / 2
    found = []
    for times in (1, 2):
        rho = detectable(n, s, delta=1.1) ** times
        law = power(exponent, floor=0)
        truth = Truth(law, power(exponent, floor=0, data=rho), LEVELS, 1.0, spread=s * fall, cap=1e9)
        random = np.random.default_rng(9)
        found.append(np.mean([truth.resource(n, random).p_relaxed <= 0.05 for _ in range(200)]))
    assert 0.7 < found[0] < 0.95
    assert found[1] > 0.97


@pytest.mark.parametrize("n", [5, 10])
def test_noise_beyond_the_limit_leaves_a_ladder_flat(n: int) -> None:
    s = identifiable(n)
    random = np.random.default_rng(4)
    falls = difference(1 + s * random.normal(size=(4000, n)), s * random.normal(size=(4000, n)), paired=True)
    assert (falls.p_positive <= 0.05).mean() == pytest.approx(0.8, abs=0.02)


def test_the_seeds_that_show_an_effect_have_its_power() -> None:
    random = np.random.default_rng(2)
    test = difference(0.6 + random.normal(size=(1, 6)), random.normal(size=(1, 6)) * 0.01, paired=True)
    needed = seeds_that_show(test, 6, 0.025)
    assert needed is not None
    effect = float(test.t[0]) / math.sqrt(6)
    power_of = [TTestPower().power(effect, n, 0.025, alternative="larger") for n in (needed - 1, needed)]
    assert power_of[0] < 0.8 <= power_of[1] or needed == 7
    assert seeds_that_show(test, 6, 0.025, sign=-1) is None
    assert seeds_that_show(difference(np.ones((0, 4)), np.ones(4)), 4, 0.05) is None
    exact = difference(np.full((1, 4), 2.0), np.full(4, 1.0))
    assert seeds_that_show(exact, 4, 0.05) == 5
