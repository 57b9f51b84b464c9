"""Closure against Fieller's closed form, by its limits, and by what each kind of innovation must show."""

import math

import numpy as np
import pytest
from curves import Truth, flat, power
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, ttest_1samp, ttest_ind

from ablatlas.stats.closure import Closure, closure, fieller
from ablatlas.stats.curve import Curve

LEVELS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
BASE = power(0.5, floor=0.1)


def sample(denominator: object, n: int = 10, spread: float = 0.01, seed: int = 0) -> Closure:
    truth = Truth(BASE, denominator, LEVELS, spread=spread)  # type: ignore[arg-type]
    return closure(*truth.draw(n, np.random.default_rng(seed)), 4.0)


def test_paired_limits_are_where_a_one_sample_test_gives_alpha() -> None:
    """T - q Z is one number a pair, so the limits are exact: scipy's test of them has p = alpha."""
    random = np.random.default_rng(1)
    a, b = 1 + 0.1 * random.random((2, 8)), 0.5 + 0.1 * random.random((2, 8))
    limits = fieller(a, b, True, 0.05)
    assert limits is not None
    gap = a - b
    for q in (limits[0], limits[2]):
        assert ttest_1samp(gap[1] - q * gap[0], 0).pvalue == pytest.approx(0.05)
    assert limits[1] == pytest.approx(gap[1].mean() / gap[0].mean())


def test_unpaired_limits_solve_fiellers_equation() -> None:
    random = np.random.default_rng(2)
    a, b = 1 + 0.2 * random.random((2, 7)), 0.5 + 0.1 * random.random((2, 5))
    limits = fieller(a, b, False, 0.1)
    assert limits is not None
    value = limits[1]
    df = ttest_ind(a[1] - value * a[0], b[1] - value * b[0], equal_var=False).df
    for q in (limits[0], limits[2]):
        test = ttest_ind(a[1] - q * a[0], b[1] - q * b[0], equal_var=False)
        assert abs(test.statistic) == pytest.approx(t.ppf(0.95, df))


@pytest.mark.parametrize(
    ("denominator", "label", "holds_fall"),
    [
        (power(0.5, floor=0.1, data=2), "closing", False),  # multiplies the resource
        (power(0.5, floor=0.2), "persistent", False),  # raises the floor
        (lambda r: 1.3 * BASE(r), "closing", True),  # a constant factor
        (lambda r: BASE(r) + 0.1 * (r / 4) ** 0.5, "widening", False),
        (BASE, "undefined", False),
    ],
)
def test_labels(denominator: object, label: str, holds_fall: bool) -> None:
    found = sample(denominator)
    assert (found.label, found.holds_fall) == (label, holds_fall)
    assert found.fall == pytest.approx(1 - (0.1 + 32**-0.5) / 0.6, abs=0.02)
    if label == "undefined":
        assert (found.value, found.low, found.high) == (None, -math.inf, math.inf)


def test_a_better_denominator_has_no_gap_to_close() -> None:
    assert sample(power(0.5, floor=0.05)).label == "undefined"


def test_too_few_seeds_or_no_rung_above_the_reference_are_undefined() -> None:
    truth = Truth(BASE, power(0.5, floor=0.3), LEVELS, spread=0.01)
    arms = truth.draw(2, np.random.default_rng(0))
    assert closure(*arms, 4.0).label == "undefined"
    arms = truth.draw(5, np.random.default_rng(0))
    assert closure(*arms, 32.0).label == "undefined"


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-4, 7.0]), st.booleans())
def test_units_change_nothing(seed: int, factor: float, paired: bool) -> None:
    arms = Truth(BASE, power(0.5, floor=0.3), LEVELS).draw(5, np.random.default_rng(seed))
    a, b = (Curve(tuple(r * factor for r in arm.levels), arm.losses * factor) for arm in arms)
    plain, other = closure(*arms, 4.0, paired), closure(a, b, 4.0 * factor, paired)
    assert (plain.label, plain.holds_fall, plain.question) == (other.label, other.holds_fall, other.question)
    assert (other.value, other.low, other.high) == pytest.approx((plain.value, plain.low, plain.high), rel=1e-6)


def test_a_curve_that_no_additive_law_fits_carries_a_question_mark() -> None:
    assert sample(lambda r: 0.1 + 1 / (1 + np.exp(1.5 * (np.log2(r) - 3))) + 0.3 * r**-0.5).question
    assert not sample(power(0.5, floor=0.2)).question


def test_arms_without_noise() -> None:
    r = np.array(LEVELS)[:, None]
    a, b = Curve(LEVELS, np.tile(BASE(r), 4)), Curve(LEVELS, np.tile(BASE(r) + 0.2, 4))
    found = closure(a, b, 4.0)
    assert found.value == pytest.approx(0, abs=1e-9)
    assert not found.holds_fall
    twice = closure(a, Curve(LEVELS, 2 * a.losses), 4.0)
    assert twice.value == pytest.approx(twice.fall)
    assert twice.holds_fall


def test_coverage_and_the_share_of_constant_factors_that_are_recognised() -> None:
    truth = Truth(BASE, lambda r: 1.3 * BASE(r), LEVELS, spread=0.05, luck=0.4)
    random = np.random.default_rng(4)
    made = [closure(*truth.draw(6, random), 4.0) for _ in range(500)]
    c = 1 - (0.1 + 32**-0.5) / 0.6
    assert np.mean([m.low <= c <= m.high for m in made]) > 0.93
    # The interval of c takes the fall as known and would hold it in 92 %.
    assert np.mean([m.holds_fall for m in made]) > 0.93


def test_a_flat_ladder_neither_closes_nor_widens() -> None:
    truth = Truth(flat(0.5), flat(0.7), LEVELS, spread=0.02)
    random = np.random.default_rng(6)
    labels = [closure(*truth.draw(6, random), 4.0).label for _ in range(300)]
    assert labels.count("persistent") > 0.92 * 300
