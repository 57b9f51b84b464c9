"""A clock's net terms against scipy's t tests, and simulated machines that drift while they are timed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablatlas.stats.clocked import NetTerm, units

DELTA = math.log(1.1)

samples = st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=12).filter(lambda x: np.std(x) > 1e-6)
alphas = st.sampled_from([0.01, 0.05, 0.3])


@given(samples)
def test_p_is_scipys_t_test(logs: list[float]) -> None:
    found, x = NetTerm(np.array(logs)), np.array(logs)

    def above(bound: float) -> float:
        return float(stats.ttest_1samp(x, bound, alternative="greater").pvalue)

    def below(bound: float) -> float:
        return float(stats.ttest_1samp(x, bound, alternative="less").pvalue)

    assert found.p_relaxed == pytest.approx(min(1, 2 * above(DELTA)))
    assert found.p_tightened == pytest.approx(min(1, 2 * below(-DELTA)))
    assert found.p == min(found.p_relaxed, found.p_tightened)
    assert found.p_unchanged == pytest.approx(max(above(-DELTA), below(DELTA)))


@given(samples, alphas)
def test_the_interval_is_scipys(logs: list[float], alpha: float) -> None:
    expected = stats.ttest_1samp(logs, 0).confidence_interval(1 - alpha)
    ratio = NetTerm(np.array(logs)).ratio(alpha)
    assert ratio.value == pytest.approx(stats.gmean(np.exp(logs)))
    assert (ratio.low, ratio.high) == pytest.approx((math.exp(expected.low), math.exp(expected.high)))


@given(samples, alphas)
def test_the_interval_and_p_say_the_same(logs: list[float], alpha: float) -> None:
    found = NetTerm(np.array(logs))
    ratio = found.ratio(alpha)
    assert (found.p_relaxed <= alpha) == (ratio.low >= 1.1)
    assert (found.p_tightened <= alpha) == (ratio.high <= 1 / 1.1)


@given(samples, alphas)
def test_swapping_arms_inverts(logs: list[float], alpha: float) -> None:
    one, other = NetTerm(np.array(logs)), NetTerm(-np.array(logs))
    assert (one.p_relaxed, one.p_tightened) == pytest.approx((other.p_tightened, other.p_relaxed))
    assert one.p_unchanged == pytest.approx(other.p_unchanged)
    a, b = one.ratio(alpha), other.ratio(alpha)
    assert (a.value, a.low, a.high) == pytest.approx((1 / (b.value or math.nan), 1 / b.high, 1 / b.low))


rates = st.lists(st.tuples(st.floats(0.1, 10), st.floats(0.1, 10)), min_size=2, max_size=12)


@given(rates, st.sampled_from([1e-9, 1 / 3, 1e12]))
def test_units_of_either_rate_change_nothing(pairs: list[tuple[float, float]], unit: float) -> None:
    a, b = np.array(pairs).T
    assert units(a * unit, b * unit) == pytest.approx(units(a, b), abs=1e-9)
    assert units(b, a) == pytest.approx(-units(a, b))
    assert units(a, a) == pytest.approx(np.zeros(len(a) // 2))


def test_two_passes_are_a_unit_and_an_odd_one_is_left_out() -> None:
    ratio = np.array([2.0, 8.0, 3.0, 3.0, 7.0])
    assert np.exp(units(ratio, np.ones(5))) == pytest.approx([4.0, 3.0])


def test_a_linear_drift_cancels_within_a_unit() -> None:
    """Log seconds that grow by the same amount from block to block, passes taken A B, B A, A B, B A."""
    clock = 0.01 * np.arange(8).reshape(4, 2)
    a, b = np.where([[True], [False]] * 2, clock, clock[:, ::-1]).T
    found = NetTerm(units(np.exp(-a), np.exp(-b)))
    assert found.logs == pytest.approx(np.zeros(2), abs=1e-12)
    passes = np.log(np.exp(-a) / np.exp(-b))
    assert np.abs(passes).min() == pytest.approx(0.01)


def test_blocks_that_never_vary_decide_by_their_value() -> None:
    for value, expected in ((1.2, (0, 1, 1)), (1.0, (1, 1, 0)), (0.8, (1, 0, 1)), (1.1, (1, 1, 1))):
        found = NetTerm(np.full(5, math.log(value)))
        assert (found.p_relaxed, found.p_tightened, found.p_unchanged) == expected
        assert found.ratio().low == found.ratio().high == pytest.approx(value)


def test_two_units_give_a_value_and_no_interval() -> None:
    found = NetTerm(np.log([2.0, 2.0]))
    assert (found.ratio().low, found.ratio().high) == (0, math.inf)
    assert found.ratio().value == pytest.approx(2)
    assert found.p == found.p_unchanged == 1


@pytest.mark.parametrize(("rate", "found"), [(math.nan, "nan"), (0.0, "-inf"), (math.inf, "inf")])
def test_a_rate_that_is_no_number_is_refused(rate: float, found: str) -> None:
    with np.errstate(divide="ignore"), pytest.raises(ValueError, match=f"positive numbers.*{found}"):
        NetTerm(units(np.array([1.0, rate]), np.ones(2)))


@pytest.mark.parametrize(("mean", "decided"), [(0.25, "p"), (0.0, "p_unchanged")])
def test_the_units_that_would_decide_would(mean: float, decided: str) -> None:
    pattern = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    why = NetTerm(mean + pattern).undecided()
    assert (why.reason, why.needs) == (
        "too few seeds",
        f"{2 * (why.n_needed or 0)} blocks of each variant if the machine stays as it is",
    )
    assert why.n_needed is not None
    sizes = [why.n_needed - 1, why.n_needed]
    # Samples of that size with the same mean and standard deviation.
    made = [np.resize([1.0, -1.0], n) for n in sizes]
    more = [mean + (x - x.mean()) / x.std(ddof=1) * pattern.std(ddof=1) for x in made]
    assert [getattr(NetTerm(x), decided) <= 0.05 for x in more] == [False, True]


def test_a_ratio_at_the_margin_is_beyond_ten_times_the_units() -> None:
    why = NetTerm(DELTA + np.array([-0.2, -0.1, 0.0, 0.1, 0.2])).undecided()
    assert (why.reason, why.n_needed) == ("too few seeds", None)


# --- machines that drift and remember while two variants are timed, ten blocks each ---


def machine(random: np.random.Generator, blocks: int, memory: float, drift: float, noise: float = 0.02) -> np.ndarray:
    """(blocks,) log seconds: AR(1) noise with correlation `memory` between blocks, and a trend of `drift` in all."""
    shocks = random.normal(size=blocks + 100) * noise * math.sqrt(1 - memory**2)
    x = np.zeros(len(shocks))
    for i in range(1, len(x)):
        x[i] = memory * x[i - 1] + shocks[i]
    return x[100:] + drift * np.linspace(0, 1, blocks)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("drift", [0.0, 0.3])
def test_coverage_and_false_verdicts(memory: float, drift: float) -> None:
    random, draws = np.random.default_rng(3), 1500
    covered = relaxed = 0
    for _ in range(draws):
        log = machine(random, 20, memory, drift).reshape(10, 2)
        a, b = np.where([[True], [False]] * 5, log, log[:, ::-1]).T
        found = NetTerm(units(1.1 * np.exp(-a), np.exp(-b)))
        ratio = found.ratio()
        covered += ratio.low <= 1.1 <= ratio.high
        relaxed += found.p_relaxed <= 0.05
    assert covered / draws >= 0.93
    assert relaxed / draws <= 0.025 + 3 * math.sqrt(0.025 / draws)
