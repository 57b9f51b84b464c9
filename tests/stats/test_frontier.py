"""The compute frontier against closed forms, and arms whose operations differ by a known factor."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablatlas.stats.curve import Curve
from ablatlas.stats.frontier import RUNGS, Trained, budgets, envelope
from ablatlas.stats.resource import Resource

STEPS = np.geomspace(10, 1000, 15)
WIDTHS = (8.0, 16.0, 32.0, 64.0)


def law(width: float, steps: np.ndarray) -> np.ndarray:
    """Wider is better in the end, and slower: each width has budgets at which it is the cheapest."""
    return np.asarray(0.1 + 2 / width + 2 * (width / steps) ** 0.8)


def arm(factor: float = 1.0, runs: int = 3, spread: float = 0.0, seed: int = 0) -> list[Trained]:
    """All widths; a step costs `factor` times width squared. A run's luck is the same at all of its evaluations."""
    random = np.random.default_rng(seed)
    luck = np.exp(spread * random.normal(size=(2, len(WIDTHS), runs, 1)))
    return [
        Trained(width, factor * width**2 * STEPS, luck[0, i] * law(width, STEPS), luck[1, i] * law(width, STEPS))
        for i, width in enumerate(WIDTHS)
    ]


def one(level: float, flops: Sequence[float], tuning: Sequence[float], confirmation: Sequence[float]) -> Trained:
    return Trained(level, np.array(flops, float), np.array([tuning], float), np.array([confirmation], float))


def test_a_loss_between_evaluations_lies_on_the_line_in_logarithms() -> None:
    """A power law is such a line, so it is read exactly, and stands still beyond the last evaluation."""
    trained = one(1, [10, 100, 1000], [1, 1, 1], [10**-0.5, 100**-0.5, 1000**-0.5])
    for budget in (10, 37, 500, 1000):
        assert trained.losses(trained.confirmation, budget) == pytest.approx([budget**-0.5])
    assert trained.losses(trained.confirmation, 5000) == pytest.approx([1000**-0.5])


def test_tuning_chooses_the_width_and_confirmation_is_what_is_printed() -> None:
    """The other width did better in confirmation: that it would have been the better choice is not taken."""
    lucky = one(8, [10, 100], [1.0, 0.5], [1.2, 0.9])
    other = one(16, [10, 100], [1.1, 0.6], [0.4, 0.3])
    found = envelope([lucky, other], (10, 100))
    assert found.widths == (8, 8)
    assert found.curve.means == pytest.approx([1.2, 0.9])


def test_a_width_that_a_budget_cannot_begin_is_no_choice() -> None:
    small, large = one(8, [10, 100], [1.0, 0.9], [1.0, 0.9]), one(16, [50, 500], [0.5, 0.1], [0.5, 0.1])
    found = envelope([small, large], (10, 49, 50, 400))
    assert found.widths == (8, 8, 16, 16)
    with pytest.raises(ValueError, match="no width can spend 9 operations"):
        envelope([small, large], (9, 50))


def test_budgets_are_what_both_arms_can_spend() -> None:
    levels = budgets({"with": arm(1), "without": arm(2)})
    assert len(levels) == RUNGS
    assert (levels[0], levels[-1]) == pytest.approx((2 * 64 * 10, 64**2 * 1000))
    assert np.diff(np.log(levels)) == pytest.approx(np.diff(np.log(levels))[0])
    assert budgets({"with": [one(8, [10, 20], [1, 1], [1, 1])], "without": [one(8, [30, 40], [1, 1], [1, 1])]}) == ()


def test_the_envelope_is_below_every_width_and_moves_to_wider_ones() -> None:
    widths = arm()
    levels = budgets({"with": widths})
    found = envelope(widths, levels)
    for trained in widths:
        fits = [i for i, level in enumerate(levels) if trained.affords(level)]
        alone = [trained.losses(trained.confirmation, levels[i]).mean() for i in fits]
        assert (found.curve.means[fits] <= np.array(alone) + 1e-12).all()
    assert list(found.widths) == sorted(found.widths)
    assert len(set(found.widths)) >= 3
    assert (np.diff(found.curve.means) <= 0).all()


@given(st.floats(1.05, 4.0))
def test_a_costlier_step_moves_the_frontier_by_its_factor(factor: float) -> None:
    """Equal losses at `factor` times the operations: the denominator's curve is the numerator's, stretched."""
    cheap, dear = arm(1), arm(factor)
    levels = np.array(budgets({"with": cheap, "without": dear}))
    inside = levels[levels * factor <= levels[-1]]
    assert envelope(dear, inside * factor).curve.means == pytest.approx(envelope(cheap, inside).curve.means)
    assert envelope(dear, inside * factor).widths == envelope(cheap, inside).widths


@given(st.sampled_from([1e-6, 1 / 3, 1e9]))
def test_units_of_operations_change_nothing(unit: float) -> None:
    plain, scaled = arm(1), arm(unit)
    levels = budgets({"with": plain})
    assert budgets({"with": scaled}) == pytest.approx([level * unit for level in levels])
    assert envelope(scaled, [level * unit for level in levels]).curve.losses == pytest.approx(
        envelope(plain, levels).curve.losses
    )


def test_a_loss_that_is_no_number_is_refused() -> None:
    broken = one(8, [10, 100], [1.0, 0.5], [math.nan, 0.9])
    with pytest.raises(ValueError, match="capped and positive"):
        envelope([broken], (10, 100))


def curves(factor: float, seed: int) -> tuple[Curve, Curve]:
    arms = {"with": arm(1, 10, 0.02, seed), "without": arm(factor, 10, 0.02, seed + 1)}
    levels = budgets(arms)
    return envelope(arms["with"], levels).curve, envelope(arms["without"], levels).curve


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_coverage_and_false_verdicts(factor: float) -> None:
    """Ten runs a width with 2 % of luck each, tuned on ten others."""
    draws, covered, relaxed = 200, 0, 0
    for seed in range(draws):
        numerator, denominator = curves(factor, 2 * seed)
        found = Resource(numerator, denominator, numerator.levels[RUNGS // 2])
        ratio = found.ratio(0.05)
        covered += ratio.low <= factor * 1.02 and ratio.high >= factor / 1.02
        relaxed += found.p_relaxed <= 0.05
    assert covered / draws >= 0.93 - 0.02
    assert relaxed / draws <= 0.05 if factor == 1 else relaxed / draws > 0.8
