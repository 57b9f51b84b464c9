"""The time to a target: closed forms, bounds, and that the two readings of a curve are each other's inverse."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ablatlas.crossing import crossing, height

START = 4.0
losses = st.floats(1e-3, 1e3)
# A curve: the steps between evaluations, and a loss at each.
curves = st.lists(st.tuples(st.integers(1, 100), losses), min_size=1, max_size=6)


def steps(curve: list[tuple[int, float]]) -> list[float]:
    return [float(sum(gap for gap, _ in curve[: i + 1])) for i in range(len(curve))]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (2 * math.sqrt(2), 5.0),  # half of the way from 4 to 2 in the logarithm
        (2.0, 10.0),
        (1.0, 20.0),
        (0.5, 30.0),
        (2**-0.5, 25.0),
        (0.4, None),
    ],
)
def test_a_halving_loss_is_crossed_on_its_line(target: float, expected: float | None) -> None:
    found = crossing([10, 20, 30], [2.0, 1.0, 0.5], target, START)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


@pytest.mark.parametrize(
    ("at", "expected"), [(0, 4.0), (5, 2 * math.sqrt(2)), (10, 2.0), (15, math.sqrt(2)), (30, 0.5), (99, 0.5)]
)
def test_the_height_of_a_halving_loss(at: float, expected: float) -> None:
    assert height([10, 20, 30], [2.0, 1.0, 0.5], at, START) == pytest.approx(expected, rel=1e-12)


def test_the_first_crossing_counts_and_what_comes_later_does_not() -> None:
    dipping = [2.0, 3.0, 1.0]
    assert crossing([10, 20, 30], dipping, 2.0, START) == 10
    assert crossing([10, 20, 30], dipping, 2.5, START) == pytest.approx(10 * math.log(4 / 2.5) / math.log(2))


@pytest.mark.parametrize("target", [START, START + 1])
def test_a_target_that_the_start_meets_is_reached_where_it_is_first_seen_to_be(target: float) -> None:
    assert crossing([10, 20], [2.0, 1.0], target, START) == 10


def test_a_first_loss_above_the_start_is_followed_from_the_start() -> None:
    assert crossing([10, 20], [8.0, 2.0], 3.9, START) == pytest.approx(10 + 10 * math.log(8 / 3.9) / math.log(4))


def test_a_loss_that_jumps_is_crossed_within_its_interval() -> None:
    assert crossing([10, 11], [4.0, 1e-9], 1.0, START) == pytest.approx(10 + math.log(4) / math.log(4e9))


def test_without_evaluations_nothing_is_reached() -> None:
    assert crossing([], [], 1.0, START) is None
    assert height([], [], 7.0, START) == START


@settings(deadline=None)
@given(curves, losses, losses, losses)
def test_a_lower_target_is_reached_no_sooner(
    curve: list[tuple[int, float]], start: float, one: float, other: float
) -> None:
    heights = [loss for _, loss in curve]
    assume(max(one, other) < start)
    later, sooner = (crossing(steps(curve), heights, target, start) for target in sorted((one, other)))
    if later is not None:
        assert sooner is not None
        assert sooner <= later + 1e-9


@settings(deadline=None)
@given(curves, losses, losses)
def test_it_is_reached_exactly_where_some_loss_is_no_higher(
    curve: list[tuple[int, float]], start: float, target: float
) -> None:
    heights = [loss for _, loss in curve]
    found = crossing(steps(curve), heights, target, start)
    first = next((step for step, loss in zip(steps(curve), heights, strict=True) if loss <= target), None)
    assert (found is None) == (first is None)
    if found is not None and first is not None:
        before = [0.0, *steps(curve)][steps(curve).index(first)]
        assert before - 1e-9 <= found <= first + 1e-9


@settings(deadline=None)
@given(curves, losses, st.floats(1e-3, 0.999))
def test_the_height_at_a_crossing_is_the_target(curve: list[tuple[int, float]], start: float, share: float) -> None:
    heights = [loss for _, loss in curve]
    target = start * share
    found = crossing(steps(curve), heights, target, start)
    assume(found is not None)
    assert found is not None
    assert height(steps(curve), heights, found, start) == pytest.approx(target, rel=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 100), st.floats(0.1, 0.9)), min_size=1, max_size=6), st.floats(1e-3, 1))
def test_on_a_falling_curve_the_crossing_of_a_height_is_where_it_was_read(
    curve: list[tuple[int, float]], share: float
) -> None:
    heights = [math.prod(fall for _, fall in curve[: i + 1]) for i in range(len(curve))]
    at = share * steps(curve)[-1]
    read = height(steps(curve), heights, at, 1.0) * (1 + 1e-12)  # a rounding above, so that the end is reached
    assert crossing(steps(curve), heights, read, 1.0) == pytest.approx(at, abs=1e-6)


@settings(deadline=None)
@given(curves, losses, losses, st.integers(2, 9))
def test_units_of_steps_and_of_losses_do_not_matter(
    curve: list[tuple[int, float]], start: float, target: float, unit: int
) -> None:
    """Losses four times as large, so that no rounding comes between."""
    heights = [loss for _, loss in curve]
    found = crossing(steps(curve), heights, target, start)
    scaled = crossing([unit * step for step in steps(curve)], [4 * loss for loss in heights], 4 * target, 4 * start)
    assert scaled == (None if found is None else pytest.approx(unit * found, rel=1e-9, abs=1e-9))


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
@pytest.mark.parametrize("place", ["loss", "target", "start"])
def test_what_has_no_logarithm_is_refused(bad: float, place: str) -> None:
    given_ = {"loss": 1.0, "target": 1.0, "start": 2.0} | {place: bad}
    with pytest.raises(ValueError, match="losses must be positive numbers"):
        crossing([1, 2], [given_["loss"], 0.5], given_["target"], given_["start"])


def test_steps_and_losses_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        crossing([1, 2, 3], [3.0, 2.0], 1.0, START)
    with pytest.raises(ValueError, match="argument 2"):
        height([1, 2, 3], [3.0, 2.0], 9.0, START)
