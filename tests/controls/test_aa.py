"""A/A: passes on the intervals of the code as it is, fails where they are half as wide, or where verdicts are false."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import beta

from ablatlas.controls.aa import check, excludes_one, rejected, share
from ablatlas.stats.curve import Curve
from ablatlas.stats.resource import Resource

Row = dict[str, Any]
# Means and standard deviations of the control's own losses, as its file reports them.
LEVELS, MEANS, SPREAD = (10.0, 20.0, 40.0, 80.0, 160.0), (1.85, 1.30, 0.96, 0.80, 0.78), 0.14


@pytest.fixture(scope="module")
def draws() -> list[Row]:
    """200 draws of an arm against itself, ten seeds each, through the code that measures the real ones."""
    rng = np.random.default_rng(5)

    def arm() -> Curve:
        return Curve(LEVELS, np.array(MEANS)[:, None] + SPREAD * rng.standard_normal((5, 10)))

    return [drawn(Resource(arm(), arm(), 40.0)) for _ in range(200)]


def drawn(compared: Resource) -> Row:
    ratio = compared.ratio()
    word = "INCONCLUSIVE" if compared.p > 0.05 else "RELAXED"
    low, high = ratio.low or None, ratio.high if math.isfinite(ratio.high) else None
    return {"value": ratio.value, "low": low, "high": high, "verdict": word, "reason": compared.reason}


def halved(draw: Row) -> Row:
    """The draw's interval at half its width on the log scale, about its centre."""
    if draw["low"] is None or draw["high"] is None:
        return draw
    centre, reach = math.sqrt(draw["low"] * draw["high"]), (draw["high"] / draw["low"]) ** 0.25
    return draw | {"low": centre / reach, "high": centre * reach}


def test_the_code_as_it_is_passes(draws: list[Row]) -> None:
    found = check(draws)
    assert found["passed"], found
    assert found["two_sided"] > 150  # intervals without ends would pass anything
    assert found["excluding_one"] > 0


def test_intervals_half_as_wide_fail(draws: list[Row]) -> None:
    found = check([halved(draw) for draw in draws])
    assert not found["passed"]
    assert found["excluding_one_low"] > 0.05


def test_false_verdicts_fail(draws: list[Row]) -> None:
    found = check([draw | {"verdict": "RELAXED"} if i < 20 else draw for i, draw in enumerate(draws)])
    assert found["false_verdicts"] >= 0.1
    assert not found["passed"]


def test_a_share_above_nine_per_cent_fails() -> None:
    """Of 60 draws six are 10 %, whose lower limit is below 5 %: the point decides."""
    draw = {"value": 1.4, "high": 2.0, "verdict": "INCONCLUSIVE", "reason": None}
    found = check([draw | {"low": 1.1 if i < 6 else 0.9} for i in range(60)])
    assert len(found["intervals"]) == 60
    assert found["excluding_one_low"] <= 0.05
    assert not found["passed"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.5, 2, False), (1.1, 2, True), (0.5, 0.9, True), (None, 0.9, True), (1.1, None, True), (None, None, False)],
)
def test_an_interval_excludes_one(low: float | None, high: float | None, expected: bool) -> None:
    assert excludes_one({"low": low, "high": high}) is expected


def test_limits_are_clopper_and_pearsons() -> None:
    found = share(18, 200)
    assert found["low"] == pytest.approx(beta.ppf(0.025, 18, 183))
    assert found["high"] == pytest.approx(beta.ppf(0.975, 19, 182))


def test_what_the_check_can_reject_is_told() -> None:
    rate = rejected(200)
    assert rate is not None
    assert 0.1 <= rate <= 0.13
