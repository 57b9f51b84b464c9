"""Solved or not, and capped scores: a run that did not finish never scores well."""

import math

import pandas as pd
import pytest

from ablatlas.stats.solving import Cap, capped, solved


def frame(values: list[float | None], states: list[str] | None = None) -> pd.DataFrame:
    states = states or ["finished"] * len(values)
    return pd.DataFrame({"key": [f"run{i}" for i in range(len(values))], "loss": values, "state": states})


@pytest.mark.parametrize(("op", "expected"), [
    ("<", [True, False, False]),
    ("<=", [True, True, False]),
    (">", [False, False, True]),
    (">=", [False, True, True]),
])  # fmt: skip
def test_a_criterion_is_what_it_says(op: str, expected: list[bool]) -> None:
    assert solved(frame([0.5, 1.0, 2.0]), "loss", op, 1.0).tolist() == expected


@pytest.mark.parametrize("op", ["<", ">"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_unsolved(op: str, value: float | None) -> None:
    assert not solved(frame([value, 1.0]), "loss", op, 1.0).any()


@pytest.mark.parametrize("state", ["diverged", "out-of-memory", "out-of-time"])
def test_a_run_that_did_not_finish_is_unsolved_whatever_it_reached(state: str) -> None:
    runs = frame([0.1, 0.1], ["finished", state])
    assert solved(runs, "loss", "<", 1.0).tolist() == [True, False]
    assert capped(runs, "loss", Cap(2.3, lower_is_better=True)).tolist() == [0.1, 2.3]


def test_runs_lost_to_infrastructure_are_refused_by_name() -> None:
    runs = frame([0.1, 0.2], ["finished", "infrastructure"])
    with pytest.raises(ValueError, match=r"never scored: run1"):
        solved(runs, "loss", "<", 1.0)
    with pytest.raises(ValueError, match=r"never scored: run1"):
        capped(runs, "loss", None)


def test_no_score_is_worse_than_the_cap() -> None:
    assert capped(frame([0.1, 5.0]), "loss", Cap(2.3, lower_is_better=True)).tolist() == [0.1, 2.3]
    assert capped(frame([0.9, 0.2]), "loss", Cap(0.5, lower_is_better=False)).tolist() == [0.9, 0.5]


def test_without_a_cap_a_diverged_run_has_no_score() -> None:
    assert capped(frame([0.1, 0.1], ["finished", "diverged"]), "loss", None).isna().tolist() == [False, True]
