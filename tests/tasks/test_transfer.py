"""Transfer: two groups of digits that share no image, and lessons that make one batch of what is shown."""

from typing import Any

import pytest
import torch

from ablatlas.randomness import generator
from ablatlas.tasks import lesson
from ablatlas.tasks.scans import scans
from ablatlas.tasks.transfer import Task

USUAL: dict[str, Any] = {"lesson": "source_first", "before": 3, "examples": 100, "places": 1}


def task(seed: int = 0, **changes: Any) -> Task:
    return Task(batch=8, steps=10, keys=lambda *key: generator(seed, *key), **{**USUAL, **changes})


class Keeps:
    """A model that keeps what it was called with, and says nothing."""

    def __call__(self, x: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
        self.x, self.group = x, group
        return torch.zeros(len(x), 5)


def taught(made: Task, step: int) -> Keeps:
    model = Keeps()
    made.loss(model, made.batch(step), None)
    return model


def test_source_and_target_are_the_digits_0_to_4_and_5_to_9() -> None:
    made = task(examples=700)
    for split, (grey, labels) in scans().items():
        (x, y), (z, w) = made.held_out(split)
        assert {tuple(row) for row in (16 * x).tolist()} <= {tuple(row) for row in grey[labels < 5].float().tolist()}
        assert {tuple(row) for row in (16 * z).tolist()} <= {tuple(row) for row in grey[labels > 4].float().tolist()}
        assert len(y) == int((labels < 5).sum())
        assert set(y.tolist()) == set(w.tolist()) == set(range(5))
        assert split == "train" or len(w) == int((labels > 4).sum())


def test_labels_are_few_of_the_target_alone_nested_and_balanced() -> None:
    few, many = task(examples=25).held_out("train"), task(examples=100).held_out("train")
    assert torch.equal(few[1][0], many[1][0][:25])
    assert few[1][1].bincount().tolist() == [5] * 5
    assert torch.equal(few[0][0], many[0][0])


def test_the_source_comes_first_and_then_the_target_as_it_would_alone() -> None:
    first, alone = task(), task(lesson="target_alone")
    for step in range(6):
        one, other, shown = taught(first, step), taught(alone, step), first.batch(step)
        assert torch.equal(one.x, shown.source if step < 3 else shown.target)
        assert one.group.tolist() == [int(step >= 3)] * 8
        assert torch.equal(other.x, shown.target)
        assert other.group.tolist() == [1] * 8


def test_what_is_unsaid_is_which_label_is_whose() -> None:
    made = task()
    shown = made.batch(0)
    said, unsaid = (word(shown, 3) for word in (lesson.source_first, lesson.unsaid_first))
    assert torch.equal(said[0], unsaid[0])
    assert said[1].sort()[0].tolist() == unsaid[1].sort()[0].tolist()
    assert not torch.equal(said[1], unsaid[1])
    later = made.batch(3)
    assert all(
        torch.equal(a, b) for a, b in zip(lesson.source_first(later, 3), lesson.unsaid_first(later, 3), strict=True)
    )


def test_of_both_there_is_half_a_batch_each() -> None:
    shown = task().batch(5)
    x, y, group = lesson.both(shown, 3)
    assert group.tolist() == [0] * 4 + [1] * 4
    assert torch.equal(x, torch.cat([shown.source[:4], shown.target[4:]]))
    assert torch.equal(y, torch.cat([shown.source_labels[:4], shown.target_labels[4:]]))


@pytest.mark.parametrize("before", [0, 10])
def test_both_lessons_need_a_step(before: int) -> None:
    with pytest.raises(ValueError, match=f"task.before: found {before}, expected a whole number from 1 to 9"):
        task(before=before)


def test_a_constant_predictor_scores_the_floor() -> None:
    made = task()
    held = made.held_out("train")
    judged = made.metrics(lambda x, group: torch.zeros(len(x), 5), held)
    assert float(judged["loss"]) == pytest.approx(made.floor["loss"])
    assert float(judged["error"]) == pytest.approx(made.floor["error"])
    assert made.floor.keys() == judged.keys()
