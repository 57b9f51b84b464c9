"""The gate and the difference that it rests on, against scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from ablatlas.stats.difference import difference
from ablatlas.stats.gate import gate


@pytest.mark.parametrize("paired", [False, True])
@given(st.integers(3, 12), st.integers(3, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.01, 1.0, 30.0]))
def test_the_tests_are_those_of_scipy(paired: bool, n: int, m: int, seed: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(1, 1, (4, n)), random.normal(1.5, spread, (4, n if paired else m))
    expected = ttest_rel(a, b, axis=1) if paired else ttest_ind(a, b, axis=1, equal_var=False)
    found = difference(a, b, paired)
    assert found.t == pytest.approx(expected.statistic, rel=1e-6)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6)
    assert found.df == pytest.approx(expected.df)
    interval = expected.confidence_interval(0.9)
    assert found.interval(0.1)[0] == pytest.approx(interval.low, rel=1e-6, abs=1e-9)
    assert found.interval(0.1)[1] == pytest.approx(interval.high, rel=1e-6, abs=1e-9)
    assert found.p_positive + found.p_negative == pytest.approx(np.ones(4))


def test_no_variance_is_no_warning() -> None:
    same, other = np.full(4, 0.7), np.full(4, 0.9)
    assert difference(same, same.copy()).p == pytest.approx(1)
    assert difference(same, other).p < 1e-9
    assert difference(same, other, paired=True).p < 1e-9
    # A mean of equal numbers is off by rounding, which is no difference.
    assert difference(np.full(3, 0.1), np.full(7, 0.1)).p > 0.9


def test_opens_only_where_the_denominator_is_worse() -> None:
    good, bad = np.array([0.5, 0.52, 0.48, 0.51]), np.array([0.8, 0.83, 0.79, 0.85])
    forward, back = gate(good, bad), gate(bad, good)
    assert forward is not None
    assert back is not None
    assert forward.open
    assert not back.open
    assert forward.p == back.p == pytest.approx(ttest_ind(bad, good, equal_var=False).pvalue)
    assert (forward.difference, forward.low) == (-back.difference, -back.high)
    assert 0 < forward.low < forward.difference < forward.high
    assert forward.n == 4
    none = gate(good, good)
    assert none is not None
    assert not none.open


def test_p_and_interval_agree() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        found = gate(random.normal(1, 0.1, 5), random.normal(1.1, 0.1, 5), alpha=0.1)
        assert found is not None
        assert (found.p <= 0.1) == (found.low > 0 or found.high < 0)


def test_too_few_seeds_give_none_and_nan_is_refused() -> None:
    assert gate(np.ones(2), np.ones(5)) is None
    with pytest.raises(ValueError, match="not finite"):
        gate(np.array([1, math.nan, 1]), np.ones(3))
