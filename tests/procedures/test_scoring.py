"""What a tuning run is worth: by the study's score, or by the time to what the base cell's curves set."""

import math
from typing import Any

import pytest

from ablatlas.crossing import crossing
from ablatlas.procedures.scoring import FRACTIONS, Scoring, Timing, aims, curve
from ablatlas.record import Record
from ablatlas.study import Criterion, Score


def work(*runs: dict[str, Any]) -> Record:
    """A record of runs, of each of which some of arm, rate, state, outcome and losses (step -> loss) is given."""
    made = Record()
    for seed, run in enumerate(runs):
        identity = {"digest": str(seed), "seed": seed, "arm": "with", "rate": 0.1, "state": "finished"}
        points = [{"step": step, "loss": loss} for step, loss in run.get("losses", {}).items()]
        given = {key: value for key, value in run.items() if key in identity}
        made.add(identity | given, points, run.get("outcome", {}), {}, {})
    return made


# --- by the study's score ---


def scoring(op: str, floor: dict[str, float], value: Any = "midpoint", metrics: tuple[str, ...] = ()) -> Scoring:
    """By a metric of its own, or by the training loss."""
    criterion = Criterion(metrics[0].split("@")[0] if metrics else "train_loss", op, value)
    return Scoring(Score(criterion, metrics or ("train_loss",)), floor)


@pytest.mark.parametrize(
    ("outcome", "state", "score"),
    [
        ({"train_loss": 1.0}, "finished", 1.0),
        ({"train_loss": 2.0}, "finished", 2.0),
        ({"train_loss": 9.0}, "finished", 2.0),  # capped at the floor
        ({"train_loss": 0.1}, "diverged", 2.0),
        ({"train_loss": None}, "diverged", 2.0),
        ({"train_loss": 0.1}, "out-of-memory", 2.0),
    ],
)
def test_a_run_scores_its_capped_loss_and_the_floor_where_it_has_not_finished(
    outcome: dict[str, float], state: str, score: float
) -> None:
    by = scoring("<", {"loss": 2.0})
    assert by.cap == 2.0
    assert by(work({}, {"outcome": outcome, "state": state}), 1) == score


RECALL = ("recall@50", "recall@100")


def test_what_should_be_high_is_scored_as_a_loss_and_averaged_over_evaluated_levels() -> None:
    by = scoring(">=", {"loss": 1.9, "recall@50": 0.5, "recall@100": 0.5}, 0.98, RECALL)
    runs = [{"outcome": dict(zip(RECALL, values, strict=True))} for values in ((1.0, 0.8), (1.0, 0.3))]
    found = work(*runs, {"outcome": dict.fromkeys(RECALL), "state": "diverged"})
    assert by.cap == -0.5
    assert [by(found, row) for row in range(3)] == pytest.approx([-0.9, -0.75, -0.5])


@pytest.mark.parametrize(
    ("by", "best", "value"),
    [
        (scoring("<", {"loss": 2.0}), {"with": 0.4, "without": 1.0, "strong": 0.0}, 1.2),
        (scoring("<", {"loss": 2.0}), {"with": 1.6, "without": 1.0}, 1.5),
        (scoring("<", {"loss": 2.0}, 0.7), {"with": 0.4, "without": 1.0}, 0.7),
        (scoring(">", {"accuracy": 0.1}, metrics=("accuracy",)), {"with": -0.9, "without": -0.5}, 0.5),
    ],
)
def test_the_midpoint_lies_between_the_floor_and_the_better_of_with_and_without(
    by: Scoring, best: dict[str, float], value: float
) -> None:
    told = by.ledger(best)["criterion"]
    assert told == {"metric": by.metric, "op": by.criterion.op, "value": pytest.approx(value)}
    assert by.ledger(None)["criterion"]["value"] is None, "no cell but the base one sets it"


# --- by the time to a target ---

FLOOR = 2.0
TIMES = Timing({"0.25": 1.5, "0.5": 0.8, "0.75": 0.6}, 90, FLOOR)


def timed(losses: dict[int, float | None], **run: Any) -> float:
    return TIMES(work({"losses": {10: 0.1}}, {"losses": losses, **run}), 1)


def test_the_score_is_where_the_second_target_is_crossed() -> None:
    assert timed({30: 1.6, 60: 0.4, 90: 0.2}) == crossing([30, 60, 90], [1.6, 0.4, 0.2], 0.8, FLOOR)
    assert timed({30: 1.6, 60: 0.4, 90: 0.2}) == pytest.approx(45)  # half of the way from 1.6 to 0.4
    assert timed({30: 0.8}) == 30


def test_who_does_not_reach_it_scores_the_limit() -> None:
    assert TIMES.cap == 90
    assert timed({30: 1.6, 60: 1.0, 90: 0.9}) == 90


@pytest.mark.parametrize("losses", [{30: None}, {30: 1.6, 40: None}, {30: 9.0, 60: 99.0}, {30: 0.8, 60: None}])
def test_a_diverged_run_scores_the_limit_wherever_it_was_before(losses: dict[int, float | None]) -> None:
    assert timed(losses, state="diverged") == 90


def test_a_loss_above_the_floor_counts_as_the_floor() -> None:
    assert timed({30: 50.0, 60: 0.8}) == timed({30: FLOOR, 60: 0.8}) == 60


def test_a_ledger_holds_all_targets_and_lower_times_are_better() -> None:
    assert TIMES.ledger(None) == {"targets": {"0.25": 1.5, "0.5": 0.8, "0.75": 0.6}}
    assert (TIMES.higher, TIMES.metric) == (False, "steps to target")


# --- what is aimed at ---


def test_the_targets_are_the_mean_losses_of_with_at_fractions_of_its_budget() -> None:
    """By hand: between evaluations the logarithm of the loss falls on a line, from the floor at step 0."""
    tuned = work(
        {"losses": {20: 1.0, 40: 0.25}},
        {"losses": {20: 3.0, 40: 0.5}},  # above the floor of 2 at first
        {"losses": {20: 0.01, 40: 0.01}, "rate": 0.3},  # another rate
        {"losses": {20: 0.01, 40: 0.01}, "arm": "without"},
    )
    tuned.ledger = {"chosen": {"with": 0.1, "without": 0.3}}
    one = (math.sqrt(2.0 * 1.0), 1.0, math.sqrt(1.0 * 0.25))
    other = (2.0, 2.0, math.sqrt(2.0 * 0.5))
    expected = {str(q): pytest.approx((a + b) / 2) for q, a, b in zip((0.25, 0.5, 0.75), one, other, strict=True)}
    assert aims(tuned, FLOOR) == expected
    assert tuple(expected) == tuple(str(q) for q in FRACTIONS)


def test_a_run_that_stopped_early_stands_where_it_ended() -> None:
    tuned = work({"losses": {20: 1.0, 40: 0.5}}, {"losses": {20: 1.0, 25: None}, "state": "diverged"})
    tuned.ledger = {"chosen": {"with": 0.1}}
    assert aims(tuned, FLOOR)["0.75"] == pytest.approx((math.sqrt(0.5) + FLOOR) / 2)


def test_a_curve_is_capped_at_the_floor_and_stands_there_once_it_has_diverged() -> None:
    found = work({}, {"losses": {2: 9.0, 4: 1.0, 5: None}})
    assert curve(found, 1, FLOOR) == ([2, 4, 5], [FLOOR, 1.0, FLOOR])
    assert curve(found, 0, FLOOR) == ([], [])
