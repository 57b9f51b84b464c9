"""A pool of trainings: what a search is shown of a configuration, and by what it is judged."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from ablatlas.randomness import generator
from ablatlas.tasks.pool import Task

FLOPS = (10.0, 20.0)
RUNS: dict[str, Any] = {
    "good": [(FLOPS, (0.5, 0.6)), (FLOPS, (0.9, 0.1))],  # lowest so far 0.5 and 0.1
    "bad": [(FLOPS, (3.0, 3.0)), (FLOPS[:1], (0.2,))],  # above the floor, and diverged
}


def keys(seed: int) -> Callable[..., torch.Generator]:
    return lambda *key: generator(seed, *key)


def pool(seed: int = 0, runs: dict[str, Any] = RUNS, evaluations: int = 2) -> Task:
    return Task(runs=runs, evaluations=evaluations, floor=2.0, keys=keys(seed))


def test_a_configuration_is_judged_by_its_other_seeds() -> None:
    seen = set()
    for seed in range(20):
        for one in pool(seed).trainings:
            seen.add((one.name, one.losses, one.judged))
    assert seen == {
        ("good", (0.5, 0.5), 0.1), ("good", (0.9, 0.1), 0.5),
        ("bad", (2.0, 2.0), 2.0), ("bad", (0.2,), 2.0),
    }  # fmt: skip


def test_a_seed_draws_the_order_and_no_training_twice() -> None:
    many = {str(i): RUNS["good"] for i in range(20)}
    orders = [[one.name for one in pool(seed, many).trainings] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(many)


def test_what_a_whole_training_costs_and_the_best_there_is() -> None:
    made = pool()
    assert made.whole == 20.0  # the one that diverged is none
    assert made.best == pytest.approx((0.5 + 0.1) / 2)


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found one seed of good, expected another to judge it by"):
        pool(runs={"good": RUNS["good"][:1]})
    with pytest.raises(ValueError, match=r"found no training with all of its 3 evaluations"):
        pool(evaluations=3)
