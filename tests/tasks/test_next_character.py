"""The task on real texts. Needs a mirror of them."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ablatlas.data import corpora
from ablatlas.randomness import generator
from ablatlas.tasks import text

pytestmark = pytest.mark.usefixtures("mirrored")


def task(dataset: str = "names", seed: int = 0, **changes: Any) -> text.Task:
    settings = {"batch": 20, "steps": 10, "window": 16, "examples": 100, "copies": 1, "judged": 50} | changes
    return text.Task(dataset=dataset, keys=lambda *key: generator(seed, *key), **settings)


@pytest.mark.parametrize(("dataset", "characters"), [("names", 27), ("tinyshakespeare", 65)])
def test_what_a_model_is_given(dataset: str, characters: int) -> None:
    made = task(dataset)
    assert made.sizes == {"inputs": characters, "outputs": characters, "length": 16}
    [windows] = made.batch(2)
    assert windows.shape == (20, 17)
    assert [made.held_out(split)[0].shape for split in ("train", "validation", "test")] == [
        (100, 17),
        (50, 17),
        (50, 17),
    ]


def test_what_a_seed_trains_on_stays_what_it_was() -> None:
    """Where this changes, every record of the task is of other data: its VERSION must rise."""
    made = task()
    drawn = [made.data.sum(1), made.order(7), made.held_out("validation")[0].sum(1)]
    assert [int((part * torch.arange(len(part))).sum()) for part in drawn] == [774339, 9309, 193569]


def test_windows_are_pieces_of_the_text_that_predict_every_character_once() -> None:
    made = task()
    whole = corpora.names("train")
    windows = made.windows(whole)
    assert made.characters.decode(windows[:, 1:].flatten().tolist()) == whole[1 : 1 + 16 * len(windows)]
    assert all(made.characters.decode(row) in whole for row in made.data.tolist())
    assert all(made.characters.decode(row) in corpora.names("test") for row in made.held_out("test")[0].tolist())


def test_fewer_examples_are_the_first_of_more() -> None:
    assert torch.equal(task(examples=40).data, task(examples=80).data[:40])
    assert not torch.equal(task().data, task(seed=1).data)
    assert len(task(copies=4).data.unique(dim=0)) <= 25


class Oracle(nn.Module):
    """Knows what comes next, if it is what came `late` before."""

    def __init__(self, windows: Tensor, late: int) -> None:
        super().__init__()
        self.answer = windows.roll(late, 1)[:, 1:]

    def forward(self, seen: Tensor) -> Tensor:
        assert seen.shape == self.answer.shape
        return 100.0 * nn.functional.one_hot(self.answer, 27)


def test_the_next_character_is_what_is_predicted() -> None:
    made = task()
    [windows] = made.batch(0)
    assert made.loss(Oracle(windows, 0), (windows,), None)[0].item() == pytest.approx(0, abs=1e-6)
    assert made.loss(Oracle(windows, 1), (windows,), None)[0].item() > 1


class Constant(nn.Module):
    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, seen: Tensor) -> Tensor:
        return self.logits.expand(*seen.shape, -1)


def test_the_floor_is_what_the_frequencies_score() -> None:
    made = task()
    counts = made.data[:, 1:].flatten().bincount(minlength=27)
    assert made.metrics(Constant(counts.log()), made.held_out("train"))["loss"].item() == pytest.approx(
        made.floor["loss"]
    )
    assert 0 < made.floor["loss"] < math.log(27)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"window": 0}, r"task.window: found 0, expected a whole number from 1 to"),
        ({"window": 10**6}, "task.window: found 1000000, expected a whole number from 1 to 182521"),
        ({"examples": 10**6}, "task.examples: found 1000000, expected"),
        ({"judged": 10**6}, "task.judged: found 1000000, expected a whole number from 1 to 1425, the windows of test"),
    ],
)
def test_what_a_text_has_not_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        task(**changes).held_out("test")
