"""Failure levels, Kaplan-Meier and log-rank against a hand-computed example and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, binomtest, logrank

from ablatlas.stats.survival import Failures, failures, kaplan_meier, log_rank

LEVELS = (100.0, 200.0, 400.0, 800.0)


def test_a_run_fails_at_the_first_level_that_it_does_not_solve() -> None:
    solved = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 0]], bool)
    found = failures(LEVELS, solved)
    assert found.level.tolist() == [400, 100, 800, 800]
    assert found.failed.tolist() == [True, True, False, True]


def test_kaplan_meier_by_hand() -> None:
    """Five runs; one fails at 100, two at 400, one at 800: 4/5 survive, then 4/5 * 2/4, then half of that."""
    arm = Failures(np.array([100.0, 400, 400, 800, 800]), np.array([True, True, True, True, False]))
    curve = kaplan_meier(arm, LEVELS)
    assert [row.level for row in curve] == list(LEVELS)
    assert [row.at_risk for row in curve] == [5, 4, 4, 2]
    assert [row.surviving for row in curve] == pytest.approx([0.8, 0.8, 0.4, 0.2])
    wilson = binomtest(4, 5).proportion_ci(method="wilson")
    assert (curve[0].low, curve[0].high) == pytest.approx((wilson.low, wilson.high))


def test_an_arm_that_never_fails_survives_with_an_interval() -> None:
    rows = kaplan_meier(Failures(np.full(10, 800.0), np.zeros(10, bool)), LEVELS)
    assert all(row.surviving == 1 and 0 < row.low < 1 and row.at_risk == 10 for row in rows)


def test_log_rank_by_hand() -> None:
    """Two against two, all of one arm fail at 100: (O - E)^2 / V = (2 - 1)^2 / (1/3) = 3."""
    one = Failures(np.array([100.0, 100]), np.array([True, True]))
    other = Failures(np.array([800.0, 800]), np.array([False, False]))
    result = log_rank(one, other)
    assert result is not None
    assert result.chi2 == pytest.approx(3)


runs = st.lists(st.tuples(st.sampled_from(LEVELS), st.booleans()), min_size=2, max_size=12)


@given(runs, runs)
def test_log_rank_agrees_with_scipy(a: list[tuple[float, bool]], b: list[tuple[float, bool]]) -> None:
    """Runs are censored at the top alone, as on every evaluated ladder."""
    one, other = (
        Failures(np.array([d for d, _ in arm]), np.array([failed or d < 800 for d, failed in arm])) for arm in (a, b)
    )
    result = log_rank(one, other)
    if result is None:
        everything = {*one.level, *other.level}
        assert not (one.failed.any() or other.failed.any()) or len(everything) == 1
        return
    ours, theirs = (
        CensoredData(uncensored=arm.level[arm.failed], right=arm.level[~arm.failed]) for arm in (one, other)
    )
    assert result.p == pytest.approx(logrank(ours, theirs).pvalue)
    assert log_rank(other, one).p == pytest.approx(result.p)  # type: ignore[union-attr]


def test_log_rank_has_no_answer_where_nothing_or_all_fail_at_once() -> None:
    never = Failures(np.full(3, 800.0), np.zeros(3, bool))
    at_once = Failures(np.full(3, 100.0), np.ones(3, bool))
    assert log_rank(never, never) is None
    assert log_rank(at_once, at_once) is None
