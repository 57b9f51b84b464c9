"""Tables against scipy's intervals, and what they do with runs that stopped early."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ttest_1samp

from ablatlas.stats import summary
from ablatlas.stats.solving import Cap

VALUES = [0.3, 0.5, 0.4, 0.9]


def curve(**columns: list[object]) -> pd.DataFrame:
    """Two seeds of one variant; the second diverges after the first of three evaluations."""
    rows = {"seed": [0, 0, 0, 1], "step": [10, 20, 30, 10], "state": ["finished"] * 3 + ["diverged"]}
    return pd.DataFrame({"arm": "with", "cell": "base", **rows, **columns})


def test_t_interval_agrees_with_scipy() -> None:
    found = summary.t_interval(VALUES)
    expected = ttest_1samp(VALUES, 0).confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high))
    assert (found["n"], found["mean"]) == (4, pytest.approx(np.mean(VALUES)))


def test_intervals_that_do_not_exist_are_none() -> None:
    assert summary.t_interval([0.5]) == {"n": 1, "mean": 0.5, "low": None, "high": None}
    assert summary.t_interval([math.nan]) == {"n": 0, "mean": None, "low": None, "high": None}


def test_geometric_interval_is_that_of_the_logarithms() -> None:
    found, logs = summary.geometric_interval(VALUES), summary.t_interval(np.log(VALUES))
    assert [math.log(found[key]) for key in ("mean", "low", "high")] == pytest.approx(
        [logs[key] for key in ("mean", "low", "high")]
    )


def test_a_vanished_gradient_has_a_geometric_mean() -> None:
    assert 0 < summary.geometric_interval([0.0, 1e-30])["mean"] < 1e-30


def test_a_share_has_the_wilson_interval() -> None:
    wilson = binomtest(9, 10).proportion_ci(method="wilson")
    found = summary.share(9, 10)
    assert (found["low"], found["high"]) == pytest.approx((wilson.low, wilson.high))
    assert found["share"] == 0.9


def test_a_stopped_run_scores_the_cap_in_the_mean_curve() -> None:
    """A mean over survivors would fall when a run diverges."""
    frame = curve(train_loss=[1.0, 0.5, 0.2, 5.0])
    rows = summary.curves(frame, ["train_loss"], {"train_loss": Cap(2.0, lower_is_better=True)})
    assert [(row["step"], row["n"], row["mean"]) for row in rows] == [
        (10, 2, 1.5),
        (20, 2, 1.25),
        (30, 2, 1.1),
    ]


def test_without_a_cap_the_number_of_runs_shows_who_is_left() -> None:
    rows = summary.curves(curve(recall=[0.9, 0.8, 0.7, 0.1]), ["recall"], {})
    assert [row["n"] for row in rows] == [2, 1, 1]


def test_a_cap_from_below() -> None:
    cap = {"recall": Cap(0.5, lower_is_better=False)}
    rows = summary.curves(curve(recall=[0.9, 0.8, None, 0.1]), ["recall"], cap)
    assert [row["mean"] for row in rows] == pytest.approx([0.7, 0.65, 0.5])
    assert rows[-1]["n"] == 1  # a finished run that was not evaluated at a step is no failure there


def test_mechanism_is_read_at_each_runs_last_whole_evaluation() -> None:
    norms = [[1.0, 4.0], [2.0, 8.0], [None, 1.0], [8.0, 2.0]]
    frame = curve(gradient_norms=norms, largest=[1.0, 2.0, 3.0, None])
    rows = summary.mechanism(frame, ["gradient_norms", "largest"])
    assert [(row["name"], row["x"], row["n"]) for row in rows] == [
        ("gradient_norm", 0, 2), ("gradient_norm", 1, 2), ("largest", None, 1),
    ]  # fmt: skip
    assert [row["mean"] for row in rows] == pytest.approx([4, 4, 3])
    assert {row["average"] for row in rows} == {"geometric"}


def test_a_mechanism_variable_with_a_sign_has_no_geometric_mean() -> None:
    [row] = summary.mechanism(curve(slope=[0.0, 0.0, 2.0, -1.0]), ["slope"])
    assert (row["average"], row["mean"]) == ("arithmetic", 0.5)


def test_a_share_is_averaged_as_it_is_though_it_may_be_zero() -> None:
    rows = summary.mechanism(curve(dead_units=[[0.5, 0.5], [0.5, 0.0], [0.0, 1.0], [1.0, 0.5]]), ["dead_units"])
    assert [(row["x"], row["average"], row["mean"]) for row in rows] == [
        (0, "arithmetic", 0.5),
        (1, "arithmetic", 0.75),
    ]


def test_what_drifts_is_its_largest_over_its_smallest_value_of_a_run_at_each_depth() -> None:
    """Of a run of three evaluations, and of one that has a single one, or none that is finite."""
    column = "preactivation_spread"
    spread: list[object] = [[1.0, 4.0], [4.0, 2.0], [9.0, 1.0]]
    for last, means in (([1.0, 8.0], [3, 2]), ([None, 8.0], [9, 4])):
        rows = summary.mechanism(curve(**{column: [*spread, last]}), [column])
        drift = [row for row in rows if row["name"] == "preactivation_drift"]
        assert [row["mean"] for row in drift] == pytest.approx(means)
        assert len(rows) == 4


def test_drift_counts_from_a_tenth_of_the_steps_on_and_not_below_rounding() -> None:
    frame = curve(preactivation_spread=[[1e-3, 1e-9], [4.0, 1e-12], [9.0, 1e-30], None])
    frame.loc[frame["step"] == 10, "step"] = 2
    rows = summary.mechanism(frame, ["preactivation_spread"])
    assert [row["mean"] for row in rows if row["name"] == "preactivation_drift"] == pytest.approx([9 / 4, 1])


def test_mechanism_without_a_value_has_no_rows() -> None:
    assert summary.mechanism(curve(gradient_norms=[[], [], [], []]), ["gradient_norms"]) == []
    assert summary.mechanism(curve(largest=[None] * 4), ["largest"]) == []


def runs(**columns: list[object]) -> pd.DataFrame:
    counts = {"parameters": [10, 10], "trainable": [8, 8], "flops_per_step": [1.5, 1.5]}
    return pd.DataFrame({"arm": "with", "cell": "base"} | counts | columns)


def test_meters_are_exact_counts() -> None:
    assert summary.meters(runs()) == [
        {"variant": "with", "cell": "base", "parameters": 10, "trainable": 8, "flops_per_step": 1.5}
    ]
    with pytest.raises(ValueError, match=r"parameters differs .*\[10, 12\]"):
        summary.meters(runs(parameters=[10, 12]))


def test_the_ledger_lists_every_rate_in_units_of_the_metric() -> None:
    trials = [
        {"variant": "with", "rate": rate, "seed": seed, "score": -score, "state": state}
        for rate, seed, score, state in [
            (0.1, 0, 0.9, "finished"),
            (0.1, 1, 0.7, "finished"),
            (1.0, 0, 0.5, "diverged"),
            (1.0, 1, 0.5, "finished"),
        ]
    ]  # fmt: skip
    entry = {"trials": trials, "goal": "max", "chosen": {"with": 0.1}, "grids": {"with": [0.1, 1.0]}}
    rows = summary.ledger("base", entry)
    assert [(row["rate"], row["chosen"], row["n"], row["diverged"]) for row in rows] == [
        (0.1, True, 2, 0), (1.0, False, 2, 1),
    ]  # fmt: skip
    assert [row["seed_mean"] for row in rows] == pytest.approx([0.8, 0.5])
    assert rows[0]["se"] == pytest.approx(0.1)
