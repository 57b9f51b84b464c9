"""The chain's products against the arithmetic of a run's own bill, MOVER against its closed form and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from ablatlas.stats.chain import exact, product
from ablatlas.stats.ratio import Ratio

sizes = st.floats(0.01, 100)


@st.composite
def ratios(draw: st.DrawFn) -> Ratio:
    value, down, up = draw(sizes), draw(st.floats(1, 10)), draw(st.floats(1, 10))
    return Ratio(value, value / down, value * up)


def inverse(ratio: Ratio) -> Ratio:
    return Ratio(1 / ratio.value if ratio.value else None, 1 / ratio.high, 1 / ratio.low if ratio.low else math.inf)


def same(one: Ratio, other: Ratio) -> bool:
    ends = (one.low, one.high) == pytest.approx((other.low, other.high))
    return ends and (one.value is other.value is None or one.value == pytest.approx(other.value))


@given(*[st.tuples(sizes, sizes, sizes, sizes)] * 2)
def test_the_identity_holds_on_point_values(
    own: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> None:
    """Steps, FLOPs a step, FLOP/s and watts of either arm: the chain ends at the ratio of their joules."""
    steps, flops, rate, watts = zip(own, other, strict=True)
    terms = [exact(steps[1] / steps[0]), exact(flops[1] / flops[0]), exact(rate[0] / rate[1])]
    seconds = [s * f / r for s, f, r in zip(steps, flops, rate, strict=True)]
    assert product(terms).value == pytest.approx(seconds[1] / seconds[0])
    joules = product([*terms, exact(watts[1] / watts[0])])
    assert joules.value == pytest.approx(seconds[1] * watts[1] / (seconds[0] * watts[0]))
    assert joules.low == joules.high == pytest.approx(joules.value)


def test_twice_the_work_a_step_and_nothing_else() -> None:
    """A denominator that computes every step twice: rho_C = 2, and so on down if rate and power are the same."""
    assert product([exact(1), exact(2), exact(1), exact(1)]) == Ratio(2, 2, 2)


@given(ratios(), sizes)
def test_an_exact_term_shifts_an_interval_and_does_not_widen_it(term: Ratio, factor: float) -> None:
    assert term.value is not None
    shifted = Ratio(term.value * factor, term.low * factor, term.high * factor)
    assert same(product([term, exact(factor)]), shifted)


def test_mover_by_hand() -> None:
    """Log distances of 0.3 and 0.4 make 0.5, each side for itself."""
    one, other = (Ratio(v, v * math.exp(-down), v * math.exp(up)) for v, down, up in ((2, 0.3, 0.6), (3, 0.4, 0.8)))
    assert same(product([one, other]), Ratio(6, 6 * math.exp(-0.5), 6 * math.exp(1.0)))


@given(ratios(), ratios(), ratios())
def test_terms_may_be_taken_in_any_order_and_one_after_another(a: Ratio, b: Ratio, c: Ratio) -> None:
    assert same(product([a, b, c]), product([c, a, b]))
    assert same(product([a, b, c]), product([product([a, b]), c]))


@given(ratios(), ratios())
def test_swapping_arms_inverts(a: Ratio, b: Ratio) -> None:
    assert same(product([inverse(a), inverse(b)]), inverse(product([a, b])))


@given(ratios(), ratios())
def test_a_product_is_wider_than_its_terms_and_narrower_than_their_ends(a: Ratio, b: Ratio) -> None:
    found = product([a, b])
    assert found.value
    assert found.low >= a.low * b.low * (1 - 1e-9)
    assert found.high <= a.high * b.high * (1 + 1e-9)
    for term in (a, b):
        assert term.value
        assert found.high / found.value >= term.high / term.value * (1 - 1e-9)
        assert found.low / found.value <= term.low / term.value * (1 + 1e-9)


def test_a_censored_term_censors_what_follows_on_its_side_alone() -> None:
    censored = Ratio(None, 4.0, math.inf)
    assert product([censored, exact(0.5)]) == Ratio(None, 2.0, math.inf)
    assert product([censored, Ratio(2.0, 1.5, 2.5)]) == Ratio(None, 6.0, math.inf)
    valued = product([Ratio(5.0, 4.0, math.inf), Ratio(2.0, 2.0, 2.0)])
    assert valued.value == pytest.approx(10)
    assert (valued.low, valued.high) == (pytest.approx(8), math.inf)
    assert product([Ratio(0.2, 0.0, 0.4), exact(3)]).low == 0


def test_mover_covers_a_product_of_two_samples() -> None:
    """Two geometric means of ten draws with their t intervals: 94 % of products or more are covered at 95 %."""
    random, draws, n = np.random.default_rng(2), 3000, 10
    reach = t.ppf(0.975, n - 1) / math.sqrt(n)
    covered = 0
    for spread in ((0.3, 0.3), (0.05, 0.5)):
        for _ in range(draws // 2):
            logs = [s * random.normal(size=n) for s in spread]
            terms = [Ratio(*(math.exp(x.mean() + side * reach * x.std(ddof=1)) for side in (0, -1, 1))) for x in logs]
            found = product(terms)
            covered += found.low <= 1 <= found.high
    assert 0.94 <= covered / draws <= 0.98
