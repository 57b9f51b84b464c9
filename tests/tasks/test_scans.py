"""The digits: splits, floors and batches of the two tasks on them."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from torch import Tensor, nn

from ablatlas.tasks import digit_pixels, digits, entropy, epoch_batch
from ablatlas.tasks.scans import SPLITS, scans
from ablatlas.train.randomness import generator


def pixels(seed: int = 0, batch: int = 8) -> digit_pixels.Task:
    return digit_pixels.Task(batch=batch, steps=10, keys=lambda *key: generator(seed, *key))


def classes(seed: int = 0, batch: int = 64) -> digits.Task:
    return digits.Task(batch=batch, steps=10, keys=lambda *key: generator(seed, *key))


# --- the data ---


def test_splits_are_disjoint_and_together_the_whole_set() -> None:
    assert [len(scans()[split][1]) for split in SPLITS] == [1437, 180, 180]
    grey, labels = load_digits(return_X_y=True)
    every = [(*row, label) for split in SPLITS for row, label in zip(*map(Tensor.tolist, scans()[split]), strict=True)]
    theirs = [(*row, label) for row, label in zip(grey.astype(int).tolist(), labels.tolist(), strict=True)]
    # equal as multisets: nothing is in two splits, nothing is left out
    assert Counter(every) == Counter(theirs)


@pytest.mark.parametrize("split", SPLITS)
def test_splits_are_balanced(split: str) -> None:
    counts = scans()[split][1].bincount(minlength=10)
    everywhere = np.bincount(load_digits(return_X_y=True)[1]) / 1797
    assert np.abs(counts.numpy() - everywhere * int(counts.sum())).max() <= 1


@pytest.mark.parametrize("split", SPLITS)
def test_ranges(split: str) -> None:
    grey, labels = scans()[split]
    assert (grey.min(), grey.max()) == (0, 16)
    assert sorted(set(labels.tolist())) == list(range(10))
    x, y = classes().data[split]
    assert (x.min(), x.max()) == (0, 1)
    assert torch.equal(x * 16, grey.float())
    assert torch.equal(y, labels)


# --- floors ---


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any))
def test_entropy_is_the_loss_of_the_best_constant_prediction(counts: list[int]) -> None:
    total = sum(counts)
    expected = -sum(n / total * math.log(n / total) for n in counts if n)
    assert entropy(torch.tensor(counts)) == pytest.approx(expected, abs=1e-12)


class Constant(nn.Module):
    """The same logits whatever comes."""

    def __init__(self, logits: Tensor, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.logits, self.shape = logits, shape

    def forward(self, x: Tensor) -> Tensor:
        return self.logits.expand(len(x), *self.shape, -1)


def test_the_floor_of_digits_is_what_the_class_frequencies_score() -> None:
    task = classes()
    counts = scans()["train"][1].bincount()
    scored = task.evaluate(Constant(counts.log(), ()), "train")
    assert scored == pytest.approx(task.floor, rel=1e-6)
    assert task.floor["loss"] == pytest.approx(math.log(10), abs=1e-3)


def test_the_floor_of_pixels_is_what_the_grey_frequencies_score() -> None:
    task = pixels()
    counts = scans()["train"][0].flatten().bincount()
    assert task.evaluate(Constant(counts.log(), (64,)), "train") == pytest.approx(task.floor, rel=1e-6)


# --- batches ---


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 120), st.integers(0, 3))
def test_an_epoch_gives_every_example_at_most_once(size: int, examples: int, epoch: int) -> None:
    size = min(size, examples)
    steps = examples // size
    drawn = [epoch_batch(lambda *key: generator(0, *key), epoch * steps + i, size, examples) for i in range(steps)]
    seen = torch.cat(drawn).tolist()
    assert len(seen) == len(set(seen)) == steps * size
    assert set(seen) <= set(range(examples))
    assert len(set(range(examples)) - set(seen)) == examples % size


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    torch.manual_seed(1)
    task = classes()
    later = task.batch(30)
    for step in (0, 5, 29):
        task.batch(step)
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(later, classes().batch(30), strict=True))
    assert not torch.equal(later[0], classes(seed=1).batch(30)[0])
    assert not torch.equal(later[0], task.batch(31)[0])


def test_epochs_are_shuffled_anew() -> None:
    orders = [epoch_batch(lambda *key: generator(0, *key), epoch, 50, 50).tolist() for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert len({tuple(sorted(order)) for order in orders}) == 1


def test_labels_stay_with_their_images() -> None:
    table = {tuple(row): label for row, label in zip(*map(Tensor.tolist, scans()["train"]), strict=True)}
    x, y = classes().batch(3)
    assert [table[tuple(row)] for row in (x * 16).long().tolist()] == y.tolist()


# --- the pixel model ---


class Recorder(nn.Module):
    """Keeps what it was shown and predicts nothing in particular."""

    def forward(self, symbols: Tensor) -> Tensor:
        self.seen = symbols
        return torch.zeros(*symbols.shape, digit_pixels.GREYS)


def test_a_pixel_is_predicted_from_those_before_it() -> None:
    model, task = Recorder(), pixels()
    batch = task.batch(0)
    loss, carry = task.loss(model, batch, None)
    assert carry is None
    assert loss.item() == pytest.approx(math.log(17))
    assert (model.seen[:, 0] == digit_pixels.START).all()
    assert torch.equal(model.seen[:, 1:], batch[:, :-1])
    assert digit_pixels.START == 17 == task.sizes["inputs"] - 1
    assert not (batch == digit_pixels.START).any()


def test_the_targets_are_the_pixels_themselves() -> None:
    """Who is shown the answers scores zero, and no one who is shown them one place off."""
    task = pixels()
    batch = task.batch(0)

    class Oracle(nn.Module):
        def __init__(self, answer: Tensor) -> None:
            super().__init__()
            self.answer = answer

        def forward(self, symbols: Tensor) -> Tensor:
            return 100.0 * nn.functional.one_hot(self.answer, digit_pixels.GREYS)

    assert task.loss(Oracle(batch), batch, None)[0].item() == pytest.approx(0, abs=1e-6)
    assert task.loss(Oracle(batch.roll(1, 1)), batch, None)[0].item() > 1
