"""Two workers against one: the same gradients to rounding, the same training, and no process that stays behind."""

from multiprocessing import active_children
from typing import Any

import pytest
import torch
from small import config

from ablatlas.train import stacked, workers
from ablatlas.train.build import deterministic
from ablatlas.train.crew import Member
from ablatlas.train.loop import train

TOLERANCE = 1e-5  # of a tensor's largest number
SEEDS = (0, 1, 2)


def members(engine: str, **recipe: Any) -> list[Member]:
    case = config("perceptron", dropout=0.0, norm="none", **recipe) | {"engine": engine}
    case["model"] = case["model"] | {"input_dropout": 0.0}
    return [Member(case, seed) for seed in SEEDS]


def test_two_workers_train_as_one_does_and_leave_no_process() -> None:
    alone, shared = (list(train(members(engine, steps=12, evaluations=3))) for engine in ("stacked", "workers"))
    assert not active_children()
    for one, two in zip(alone, shared, strict=True):
        assert two.state == "finished"
        for mine, theirs in zip(two.curve, one.curve, strict=True):
            assert mine["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-4)
            assert mine["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
            assert 0 <= mine["gradient_error"] < TOLERANCE
        assert any(point["gradient_error"] > 0 for point in two.curve), "sums in another order, not one sum twice"


def test_gradients_are_one_workers_also_when_a_member_has_ended() -> None:
    deterministic()
    [alone] = stacked.crews(members("stacked"))
    for crew in workers.crews(members("workers")):
        for index, rows in ((0, [0, 1, 2]), (1, [0, 2])):
            crew.keep(rows)
            alone.keep(rows)
            crew.look(index)
            alone.look(index)
            for mine, theirs in zip(crew.optimizer.parameters, alone.optimizer.parameters, strict=True):
                assert mine.grad is not None
                assert theirs.grad is not None
                largest = float(theirs.grad.abs().max())
                torch.testing.assert_close(mine.grad, theirs.grad, rtol=0.0, atol=TOLERANCE * largest)


def test_they_are_judged_also_when_a_member_has_just_ended() -> None:
    deterministic()
    for crew in workers.crews(members("workers")):
        crew.look(3)
        crew.keep([0, 2])
        judged = crew.judge("validation")
        assert [0 <= found["gradient_error"] < TOLERANCE for found in judged] == [True, True]
        assert all(parameter.grad is None for parameter in crew.optimizer.parameters)


def test_workers_have_as_much_each_and_all_of_it() -> None:
    def batch(index: int) -> tuple[torch.Tensor, ...]:
        return (torch.arange(6) + index, torch.arange(12).view(6, 2))

    halves = [workers.share(rank, batch, 3) for rank in range(workers.WORKERS)]
    assert all(
        torch.equal(torch.cat(parts), whole) for parts, whole in zip(zip(*halves, strict=True), batch(3), strict=True)
    )
    with pytest.raises(ValueError, match=r"found 5 examples a step, expected an even number for two workers"):
        workers.share(0, lambda index: (torch.arange(5),), 0)


def test_a_model_with_dropout_is_refused() -> None:
    case = config("perceptron") | {"engine": "workers"}
    with pytest.raises(ValueError, match="engine: found workers for a model with dropout"):
        list(workers.crews([Member(case, 0)]))


def test_ten_workers_are_one_with_ten_times_the_batch() -> None:
    [one], [ten] = (
        [list(train(members("stacked", steps=4, evaluations=2, batch=batch, **own)))[:1]]
        for batch, own in ((40, {}), (4, {"workers": 10}))
    )
    assert [point["loss"] for point in one[0].curve] == [point["loss"] for point in ten[0].curve]
    assert one[0].meters["flops_per_step"] == ten[0].meters["flops_per_step"]
