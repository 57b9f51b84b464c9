"""Successive halving worked by hand, against training each run to its end."""

from itertools import accumulate

import pytest

from ablatlas.models.search import Model
from ablatlas.tasks.pool import Replayed

EVALUATIONS = 9
# The lowest loss so far after evaluations 1, 3 and 9 of nine runs. A leads at first, of those that go on C is the best
# after a third of the training; D is the best in the end and eighth at first.
SHOWN = {
    "A": (1.0, 0.9, 0.8), "B": (1.1, 0.8, 0.7), "C": (1.2, 0.6, 0.5), "D": (1.7, 0.7, 0.1), "E": (1.3, 0.5, 0.4),
    "F": (1.4, 1.0, 0.9), "G": (1.5, 1.1, 0.9), "H": (1.6, 1.2, 0.9), "I": (1.8, 1.3, 0.9),
}  # fmt: skip


def run(name: str, step: float = 1.0) -> Replayed:
    """A run each of whose evaluations costs `step`."""
    first, third, last = SHOWN[name]
    losses = (first, first, third, third, third, third, third, third, last)
    return Replayed(name, tuple(accumulate([step] * EVALUATIONS)), losses, EVALUATIONS, floor=2.0, judged=last)


RUNS = [run(name) for name in SHOWN]


def test_halving_by_hand() -> None:
    """Nine runs for a ninth, A, B and C for two ninths more, C for the rest: 9 + 6 + 6 FLOPs, where all take 81."""
    [found] = Model(stop="halving").search(RUNS, 21.0)
    assert (found.best.name, found.spent, found.begun) == ("C", 21.0, 9)  # type: ignore[attr-defined]


def test_one_look_by_hand() -> None:
    """Nine runs for a third, of which E leads, which goes on: 27 + 6 FLOPs."""
    [found] = Model(stop="once").search(RUNS, 80.0)
    assert (found.best.name, found.spent) == ("E", 33.0)  # type: ignore[attr-defined]


def test_without_stopping_all_are_trained_and_the_best_in_the_end_is_found() -> None:
    finds = list(Model(stop="none").search(RUNS, 81.0))
    assert [find.best.name for find in finds] == [*"ABCDDDDDD"]  # type: ignore[attr-defined]
    assert [find.spent for find in finds] == [9.0 * (i + 1) for i in range(9)]


@pytest.mark.parametrize(("budget", "brackets"), [(20.9, 0), (21.0, 1), (41.9, 1), (42.0, 2), (1000.0, 2)])
def test_a_bracket_that_cannot_be_paid_for_is_not_begun(budget: float, brackets: int) -> None:
    assert len(list(Model(stop="halving").search([*RUNS, *RUNS], budget))) == brackets


def test_a_bracket_may_be_short_where_the_pool_ends() -> None:
    *_, found = Model(stop="halving").search([*RUNS, run("D")], 1000.0)
    assert (found.best.name, found.spent, found.begun) == ("D", 21.0 + 9.0, 10)  # type: ignore[attr-defined]


def test_runs_of_different_cost_are_paid_for_as_they_are() -> None:
    """C costs twice as much at each evaluation: 8 + 2 for all nine, 2·(1 + 1 + 2) and 6·2 for those that go on."""
    [found] = Model(stop="halving").search([run(name, 1 + (name == "C")) for name in SHOWN], 1000.0)
    assert found.spent == 10 + 8 + 12


def test_a_run_that_diverges_shows_the_floor_and_costs_no_more() -> None:
    short = Replayed("X", (1.0, 2.0), (0.1, 0.1), EVALUATIONS, floor=2.0, judged=2.0)
    assert [short.shown(share) for share in (1 / 9, 1 / 3, 1.0)] == [0.1, 2.0, 2.0]
    assert [short.spent(share) for share in (0.0, 1 / 9, 1 / 3, 1.0)] == [0.0, 1.0, 2.0, 2.0]
    [found] = Model(stop="halving").search([short, *RUNS[:8]], 1000.0)
    assert (found.best.name, found.spent) == ("B", 9 + (1 + 2 + 2) + 6)  # type: ignore[attr-defined]
