"""Synthetic ground truth: the truths are what they are said to be, and intervals or verdicts that lie are found out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ablatlas.controls import synthetic
from ablatlas.controls.simulated import Clocks, Gaps, Ranges, Resources, Stairs, Times, power_law
from ablatlas.controls.synthetic import GAPS, KINDS, SEEDS, gap_row, judge, keyed, row, table
from ablatlas.stats import closure
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.resource import Resource

FALLING = Resources("falling", power_law(0.1, 1.0, 1.0), 0.1)
EACH = (
    FALLING,
    Stairs("stairs", slope=40.0, middle=90.0, rho=8.0),
    Times("times", spread=0.15, limit=1e6),
    Ranges("ranges", slope=40.0, decades=4.4, rho=100.0),
    Clocks("clock", spread=0.05, drift=0.02),
)


@pytest.mark.parametrize("kind", EACH, ids=lambda kind: kind.measure)
def test_the_code_as_it_is_passes_on_every_measure(kind: Any) -> None:
    found = row(kind, 10, 100, keyed("test", kind.name, 10))
    assert found["passed"], found
    assert found["power"] > 0.9


def test_intervals_half_as_wide_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Resource.ratio

    def narrow(self: Resource, alpha: float = 0.05) -> Ratio:
        ratio = read(self, alpha)
        centre, reach = (ratio.low * ratio.high) ** 0.5, (ratio.high / ratio.low) ** 0.25
        return replace(ratio, low=centre / reach, high=centre * reach)

    monkeypatch.setattr(Resource, "ratio", narrow)
    found = row(FALLING, 10, 100, keyed("test", "narrow", 10))
    assert found["coverage"] < 0.93
    assert not found["passed"]


def test_verdicts_without_a_margin_for_noise_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Resource, "p_relaxed", property(lambda self: 0.01 if (self.ratio().value or 0) > 1.1 else 1.0))
    found = row(FALLING, 10, 100, keyed("test", "eager", 10))
    assert found["false_relaxed"] > 0.025
    assert not found["passed"]


def test_tests_that_never_reject_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Resource, "p", property(lambda self: 1.0))
    found = row(FALLING, 10, 50, keyed("test", "shy", 10))
    assert found["power"] == 0
    assert not found["passed"]


def test_a_closure_of_the_wrong_sign_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = GAPS[0]
    assert gap_row(kind, 10, 60, keyed("test", kind.name, 10))["passed"]
    read = closure.fieller

    def turned(*given: Any) -> Any:
        limits = read(*given)
        return limits and tuple(2 - limit for limit in reversed(limits))

    monkeypatch.setattr(closure, "fieller", turned)
    assert not gap_row(kind, 10, 60, keyed("test", kind.name, 10))["passed"]


SMOOTH = [kind for kind in KINDS if isinstance(kind, Resources) and kind.found and not kind.diverging]


@pytest.mark.parametrize("kind", SMOOTH, ids=lambda kind: kind.name)
def test_truths_are_what_they_are_said_to_be(kind: Resources) -> None:
    """With next to no noise and many seeds an interval closes in on rho."""
    # Laws are curved between rungs, and lines are drawn there.
    quiet = replace(kind, spread=1e-3, shared=0.0, rho=None, levels=tuple(2.0 ** (np.arange(-16, 33) / 8)))
    found = quiet.draw(keyed("test", kind.name, 0), 50, 3.0).ratio()
    assert found.low == pytest.approx(3, rel=0.05)
    assert found.high == pytest.approx(3, rel=0.05)


def test_true_closures_are_closed_forms() -> None:
    law, top = power_law(0.2, 0.6, 0.7), 8.0
    made = {
        "stays": Gaps("", law, power_law(0.6, 0.6, 0.7), "persistent"),
        "shared": Gaps("", law, lambda r: 1.5 * law(r), "closing"),
        "multiplied": Gaps("", law, lambda r: law(r / 3), "closing"),
    }
    assert made["stays"].truth == pytest.approx(0)
    assert made["shared"].truth == pytest.approx(1 - law(np.array([top]))[0] / law(np.array([1.0]))[0])
    assert made["multiplied"].truth == pytest.approx(1 - top**-0.7)


def test_every_kind_is_asked_once_at_each_number_of_seeds() -> None:
    parts = [list(table(1, part, 2)) for part in range(2)]
    asked = [(one["measure"], one["kind"], one["seeds"]) for one in (*parts[0], *parts[1])]
    assert len(asked) == len(set(asked)) == (len(KINDS) + len(GAPS)) * len(SEEDS)
    assert abs(len(parts[0]) - len(parts[1])) <= 1
    assert {measure for measure, _, _ in asked} == {
        "resource",
        "threshold",
        "time_to_target",
        "edges",
        "flop_rate",
        "closure",
    }


def test_a_row_is_a_function_of_its_name() -> None:
    kind = KINDS[0]
    first, second = (row(kind, 5, 20, keyed(kind.measure, kind.name, 5)) for _ in range(2))
    assert first == second
    other = keyed(kind.measure, kind.name, 10).random()
    assert other != keyed(kind.measure, kind.name, 5).random()


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"coverage": 0.929}, False),
        ({"false_relaxed": 0.026}, False),
        ({"power": 0.79}, False),
        ({"power": None}, True),
        ({"false_relaxed": 0.027, "label": "persistent"}, True),  # within chance of the 2.5 % that a label promises
        ({"false_relaxed": 0.04, "label": "persistent"}, False),
    ],
)
def test_what_passes(changes: dict[str, Any], passed: bool) -> None:
    base = {"simulations": 5000, "coverage": 0.95, "false_relaxed": 0.01, "power": 0.9, "label": None}
    assert judge(base | changes)["passed"] is passed
    assert judge(base)["conservative"] is False
    assert judge(base | {"coverage": 0.99})["conservative"] is True


def test_rows_are_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    parts = (len(KINDS) + len(GAPS)) * len(SEEDS)
    [found] = synthetic.told(3, 0, parts, lines.append)
    assert found["kind"] == KINDS[0].name
    assert lines[0].startswith(f"synthetic 1/{parts}: resource, steep, n = 5: coverage")
