"""The generalization gap at matched training loss, on curves whose gap is known."""

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablatlas.stats.gap import gaps
from ablatlas.stats.solving import Cap

CAP = Cap(2.0, lower_is_better=True)


def run(arm: str, seed: int, train: list[float], held_out: list[float], cell: str = "base") -> pd.DataFrame:
    steps = [10 * (i + 1) for i in range(len(train))]
    return pd.DataFrame(
        {"arm": arm, "cell": cell, "seed": seed, "step": steps, "train_loss": train, "val_loss": held_out}
    )


def by_variant(*runs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["variant"]: row for row in gaps(pd.concat(runs, ignore_index=True), CAP)}


def test_arms_are_read_at_the_loss_that_both_reach() -> None:
    """`with` goes on to 0.2, `without` ends at 0.5: there their gaps are 0.1 and 0.3, at the end 0.7 and 0.3."""
    found = by_variant(
        run("with", 0, [1.0, 0.5, 0.2], [1.0, 0.6, 0.9]),
        run("without", 0, [1.5, 0.8, 0.5], [1.5, 1.0, 0.8]),
    )
    assert {name: row["train_loss"] for name, row in found.items()} == {"with": 0.5, "without": 0.5}
    assert {name: row["gap"] for name, row in found.items()} == pytest.approx({"with": 0.1, "without": 0.3})


def test_between_evaluations_the_gap_is_on_the_line() -> None:
    """Training falls from 0.9 to 0.3 and held-out loss from 1 to 0.8: at 0.5, two thirds of the way, 0.8667."""
    found = by_variant(run("with", 0, [0.9, 0.3], [1.0, 0.8]), run("without", 0, [0.9, 0.5], [1.0, 1.0]))
    assert found["with"]["gap"] == pytest.approx(1 - 0.2 * 2 / 3 - 0.5)


def test_the_interval_is_over_seeds() -> None:
    runs = [run("with", seed, [1.0, 0.5], [1.0, 0.5 + gap]) for seed, gap in enumerate((0.1, 0.2, 0.3))]
    found = by_variant(*runs)["with"]
    reach = 4.302653 * 0.1 / math.sqrt(3)
    assert (found["n"], found["gap"]) == (3, pytest.approx(0.2))
    assert (found["low"], found["high"]) == pytest.approx((0.2 - reach, 0.2 + reach))


def test_a_diverged_run_scores_the_cap_and_counts() -> None:
    """Its losses turn to NaN: it ends at the cap, is read where it was lowest, and no other run's seed is lost."""
    found = by_variant(
        run("with", 0, [1.0, 0.5], [1.0, 0.7]),
        run("with", 1, [0.8, math.nan], [1.0, math.nan]),
        run("without", 0, [1.0, 0.6], [1.0, 0.9]),
    )
    # The mean final training loss of `with` is (0.5 + 2) / 2.
    assert found["with"]["train_loss"] == found["without"]["train_loss"] == 1.25
    assert found["with"]["n"] == 2
    assert found["with"]["gap"] == pytest.approx((0.0 + 0.2) / 2)


def test_a_run_above_the_common_loss_is_read_where_it_is_lowest() -> None:
    found = by_variant(
        run("with", 0, [1.0, 0.3], [1.0, 0.5]),
        run("with", 1, [0.9, 1.0], [1.2, 1.2]),
    )
    # The mean final loss is 0.65: the first run passes it half of the way, the second never does.
    assert found["with"]["gap"] == pytest.approx((0.75 - 0.65 + 0.3) / 2)


def test_only_the_base_cell_is_read() -> None:
    alone = by_variant(run("with", 0, [1.0, 0.5], [1.0, 0.6]))
    more = by_variant(run("with", 0, [1.0, 0.5], [1.0, 0.6]), run("with", 0, [9.0, 9.0], [9.0, 9.0], cell="depth=8"))
    assert alone == more


@given(st.lists(st.tuples(st.floats(0.05, 2), st.floats(0.05, 2)), min_size=1, max_size=6), st.floats(0.0, 0.5))
def test_a_constant_gap_is_found_wherever_curves_are_matched(curve: list[tuple[float, float]], constant: float) -> None:
    first, second = ([pair[side] for pair in curve] for side in (0, 1))
    wide = Cap(10.0, lower_is_better=True)
    frame = pd.concat(
        [
            run("with", 0, first, [x + constant for x in first]),
            run("without", 0, second, [x + constant for x in second]),
        ]
    )
    assert [row["gap"] for row in gaps(frame, wide)] == pytest.approx([constant] * 2, abs=1e-9)
