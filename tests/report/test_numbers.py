"""Numbers in print: a bound never reads like an estimate, and always holds as printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablatlas.report import numbers


def rho(value: float | None, low: float | None, high: float | None) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("ratio", "printed", "spoken"),
    [
        (rho(4.2, 2.8, 6.1), "4.2× (2.8 to 6.1)", "4.2 times (between 2.8 and 6.1)"),
        (rho(None, 2.8, None), "> 2.8×", "more than 2.8 times"),
        (rho(None, None, 0.36), "< 0.36×", "less than 0.36 times"),
        (rho(None, 0.5, 2.0), "0.5 to 2×", "between 0.5 and 2 times"),
        (rho(None, None, None), "no bound", "an unknown number of times"),
    ],
)
def test_a_ratio_is_printed_as_far_as_it_is_known(ratio: dict[str, float | None], printed: str, spoken: str) -> None:
    assert numbers.ratio(ratio) == printed
    assert numbers.ratio_words(ratio) == spoken


@given(st.floats(1e-3, 1e4))
def test_a_bound_holds_as_printed(bound: float) -> None:
    below = float(numbers.ratio(rho(None, bound, None))[2:-1].replace(",", ""))
    above = float(numbers.ratio(rho(None, None, bound))[2:-1].replace(",", ""))
    assert below <= bound <= above
    assert above - below <= 0.011 * bound


@pytest.mark.parametrize(
    ("value", "printed"),
    [(None, "–"), (0.0, "0"), (575.0, "575"), (921600, "921,600"), (0.01234, "0.0123"), (-2.5, "−2.5"),
     (1234.5, "1,234"), (5.61e-9, "5.61×10⁻⁹")],
)  # fmt: skip
def test_numbers(value: float | None, printed: str) -> None:
    assert numbers.number(value) == printed


@pytest.mark.parametrize(("p", "printed"), [(None, "–"), (0.00390625, "0.0039"), (1.0, "1"), (1e-5, "< 0.001")])
def test_p_values(p: float | None, printed: str) -> None:
    assert numbers.p_value(p) == printed


def test_a_mean_without_an_interval_stands_alone() -> None:
    assert numbers.estimate({"mean": 0.5, "low": None, "high": None}) == "0.5"
    assert numbers.estimate({"mean": 0.5, "low": 0.4, "high": 0.6}) == "0.5 (0.4 to 0.6)"
    assert numbers.estimate({"mean": None, "low": None, "high": None}) == "–"
