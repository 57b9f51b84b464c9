"""The digits: splits, floors and batches of the two tasks on them."""

import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from ablatlas.randomness import generator
from ablatlas.tasks import Epochs, Keys, digit_pixels, digits, entropy
from ablatlas.tasks.sampling import subset
from ablatlas.tasks.scans import SPLITS, rolled, scans, study_scans

ALL = 1437  # images to train on
WHOLE = {"examples": ALL, "copies": 1, "places": 1}


def keyed(seed: int = 0) -> Keys:
    return lambda *key: generator(seed, *key)


def pixels(seed: int = 0, **changes: int) -> digit_pixels.Task:
    return digit_pixels.Task(**{"batch": 8, "steps": 10, **WHOLE, **changes}, keys=keyed(seed))


def classes(seed: int = 0, **changes: int) -> digits.Task:
    return digits.Task(**{"batch": 64, "steps": 10, **WHOLE, **changes}, keys=keyed(seed))


# --- the data ---


def test_splits_are_disjoint_and_together_the_whole_set() -> None:
    assert [len(scans()[split][1]) for split in SPLITS] == [1437, 180, 180]
    grey, labels = load_digits(return_X_y=True)
    every = [(*row, label) for split in SPLITS for row, label in zip(*map(Tensor.tolist, scans()[split]), strict=True)]
    theirs = [(*row, label) for row, label in zip(grey.astype(int).tolist(), labels.tolist(), strict=True)]
    # equal as multisets: nothing is in two splits, nothing is left out
    assert Counter(every) == Counter(theirs)


def test_the_recorded_split_is_the_stratified_one() -> None:
    """Drawn by scikit-learn, class by class, from seed 0: 360 set aside, and half of those to test."""
    grey, labels = load_digits(return_X_y=True)
    train, rest = train_test_split(np.arange(len(labels)), test_size=360, stratify=labels, random_state=0)
    validation, test = train_test_split(rest, test_size=180, stratify=labels[rest], random_state=0)
    for split, index in zip(SPLITS, (train, validation, test), strict=True):
        assert np.array_equal(scans()[split][0], grey[index])
        assert np.array_equal(scans()[split][1], labels[index])


def test_the_digits_are_read_without_scikit_learn() -> None:
    program = "import sys; from ablatlas.tasks.scans import scans; assert scans(); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


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
    # a subset of all has an order of its own
    order = subset(labels, ALL, 1, keyed()) if split == "train" else torch.arange(len(labels))
    assert torch.equal(x * 16, grey[order].float())
    assert torch.equal(y, labels[order])


# --- subsets ---

LABELS = scans()["train"][1]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, ALL), st.integers(1, ALL), st.integers(0, 3))
def test_the_images_of_fewer_examples_are_the_first_of_those_of_more(one: int, other: int, seed: int) -> None:
    few, many = sorted((one, other))
    assert torch.equal(subset(LABELS, few, 1, keyed(seed)), subset(LABELS, many, 1, keyed(seed))[:few])


@pytest.mark.parametrize("examples", [1, 7, 10, 45, 90, 360, 720, 1290])
def test_a_subset_is_balanced_and_holds_no_image_twice(examples: int) -> None:
    chosen = subset(LABELS, examples, 1, keyed())
    counts = LABELS[chosen].bincount(minlength=10)
    assert len(set(chosen.tolist())) == examples == int(counts.sum())
    assert int(counts.max() - counts.min()) <= 1, "up to the size of the smallest class, ten times over"


def test_the_largest_subset_is_all() -> None:
    assert sorted(subset(LABELS, ALL, 1, keyed()).tolist()) == list(range(ALL))


def test_each_seed_has_images_of_its_own() -> None:
    """Two draws of 90 of 1,437 share 90²/1437 = 5.6 images on average, and more than 25 next to never."""
    chosen = [set(subset(LABELS, 90, 1, keyed(seed)).tolist()) for seed in range(4)]
    assert max(len(one & other) for one, other in combinations(chosen, 2)) < 25
    assert len(set().union(*chosen)) > 250


def test_classes_take_turns_in_no_fixed_order_within_a_turn() -> None:
    turns = LABELS[subset(LABELS, 40, 1, keyed())].view(4, 10)
    assert all(sorted(turn) == list(range(10)) for turn in turns.tolist())
    assert len({tuple(turn) for turn in turns.tolist()}) == 4


@pytest.mark.parametrize(("examples", "copies"), [(90, 2), (90, 3), (1437, 3), (2874, 2), (10, 10)])
def test_copies_repeat_a_smaller_subset(examples: int, copies: int) -> None:
    chosen = subset(LABELS, examples, copies, keyed())
    assert chosen.shape == (examples,)
    once = subset(LABELS, examples // copies, 1, keyed())
    assert Counter(chosen.tolist()) == dict.fromkeys(once.tolist(), copies)


@pytest.mark.parametrize(
    ("examples", "copies", "message"),
    [
        (0, 1, "task.examples: found 0"),
        (1438, 1, "task.examples: found 1438, expected a whole number from 1 to 1437"),
        (2876, 2, "task.examples: found 2876, expected a whole number from 1 to 2874"),
        (90, 4, "task.copies: found 4, expected a divisor of the 90 examples"),
        (90, 0, "task.copies: found 0, expected a divisor of the 90 examples"),
        (90, -1, "task.copies: found -1"),
    ],
)
def test_a_subset_that_does_not_fit_is_refused(examples: int, copies: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        subset(LABELS, examples, copies, keyed())


@pytest.mark.parametrize("task", [classes, pixels])
def test_a_task_trains_on_its_subset_and_is_judged_on_all(task: Callable[..., Any]) -> None:
    made = task(examples=90, copies=2)
    train, validation = (made.data[split] for split in ("train", "validation"))
    images = (train[0] * 16 if isinstance(train, tuple) else train).long()
    assert torch.equal(images, scans()["train"][0][subset(LABELS, 90, 2, keyed())])
    assert len(images) == 90
    assert len(set(map(tuple, images.tolist()))) == 45
    assert len(validation[0] if isinstance(validation, tuple) else validation) == 180


@pytest.mark.parametrize("task", [classes, pixels])
def test_the_floor_is_that_of_the_subset(task: Callable[..., Any]) -> None:
    seen = task(examples=45, batch=8)
    train = seen.data["train"]
    counts = (train[1] if isinstance(train, tuple) else train.flatten()).bincount()
    assert seen.floor["loss"] == pytest.approx(entropy(counts), rel=1e-12)


def test_a_batch_larger_than_the_subset_is_refused() -> None:
    with pytest.raises(ValueError, match=r"recipe.batch: found 64, expected a whole number from 1 to 45"):
        classes(examples=45).batch(0)


# --- places ---

IMAGES = torch.arange(5 * 64).view(5, 64)  # every pixel another number


def offsets(places: int, count: int = len(IMAGES), split: str = "train", seed: int = 0) -> list[int]:
    """Where the pixel of the upper left corner is found after rolling."""
    images = torch.arange(64).expand(count, 64)
    return (rolled(images, places, keyed(seed), split) == 0).nonzero()[:, 1].tolist()


@pytest.mark.parametrize("places", [1, 2, 8, 9, 64])
def test_images_are_rolled_around_the_frame(places: int) -> None:
    moved = rolled(IMAGES, places, keyed(), "train").view(-1, 8, 8)
    for image, before, offset in zip(moved, IMAGES.view(-1, 8, 8), offsets(places), strict=True):
        assert 0 <= offset < places
        assert torch.equal(image, torch.roll(before, (offset // 8, offset % 8), (0, 1)))


def test_one_place_is_where_they_stand() -> None:
    seen = study_scans(ALL, 1, 1, keyed())
    for split in ("validation", "test"):
        assert all(torch.equal(one, other) for one, other in zip(seen[split], scans()[split], strict=True))
    assert torch.equal(rolled(IMAGES, 1, keyed(), "train"), IMAGES)


@pytest.mark.parametrize("places", [2, 8, 16, 64])
def test_every_place_is_taken_as_often(places: int) -> None:
    counts = np.bincount(offsets(places, 6400), minlength=places)
    assert len(counts) == places
    expected = 6400 / places
    assert np.abs(counts - expected).max() < 5 * math.sqrt(expected)


def test_splits_and_seeds_have_places_of_their_own_and_keep_them() -> None:
    drawn = [offsets(64, 50, split, seed) for split in SPLITS for seed in (0, 1)]
    assert len(set(map(tuple, drawn))) == 6
    assert offsets(64, 50) == drawn[0]


@pytest.mark.parametrize("places", [0, -1, 65])
def test_places_that_the_frame_has_not_are_refused(places: int) -> None:
    with pytest.raises(ValueError, match=f"task.places: found {places}, expected a whole number from 1 to 64"):
        classes(places=places)


def test_rolling_moves_every_split_of_a_task_and_no_label() -> None:
    moved, still = classes(places=64).data, classes().data
    for split in SPLITS:
        assert not torch.equal(moved[split][0], still[split][0])
        assert torch.equal(moved[split][0].sort(1).values, still[split][0].sort(1).values), "the same pixels"
        assert torch.equal(moved[split][1], still[split][1])


# --- floors ---


@settings(deadline=None)
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


def judged(task: Any, model: nn.Module, split: str) -> dict[str, float]:
    """A model's metrics on a split, as plain numbers."""
    return {name: value.item() for name, value in task.metrics(model, task.held_out(split)).items()}


def test_the_floor_of_digits_is_what_the_class_frequencies_score() -> None:
    task = classes()
    counts = scans()["train"][1].bincount()
    scored = judged(task, Constant(counts.log(), ()), "train")
    assert scored == pytest.approx(task.floor, rel=1e-6)
    assert task.floor["loss"] == pytest.approx(math.log(10), abs=1e-3)


def test_the_floor_of_pixels_is_what_the_grey_frequencies_score() -> None:
    task = pixels()
    counts = scans()["train"][0].flatten().bincount()
    assert judged(task, Constant(counts.log(), (64,)), "train") == pytest.approx(task.floor, rel=1e-6)


# --- batches ---


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 120), st.integers(0, 3))
def test_an_epoch_gives_every_example_at_most_once(size: int, examples: int, epoch: int) -> None:
    size = min(size, examples)
    steps = examples // size
    order = Epochs(keyed(), size, examples)
    drawn = [order(epoch * steps + i) for i in range(steps)]
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
    order = Epochs(keyed(), 50, 50)
    orders = [order(epoch).tolist() for epoch in range(3)]
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
    [grey] = batch = task.batch(0)
    loss, carry = task.loss(model, batch, None)
    assert carry is None
    assert loss.item() == pytest.approx(math.log(17))
    assert (model.seen[:, 0] == digit_pixels.START).all()
    assert torch.equal(model.seen[:, 1:], grey[:, :-1])
    assert digit_pixels.START == 17 == task.sizes["inputs"] - 1
    assert not (grey == digit_pixels.START).any()


def test_the_targets_are_the_pixels_themselves() -> None:
    """Who is shown the answers scores zero, and no one who is shown them one place off."""
    task = pixels()
    [grey] = batch = task.batch(0)

    class Oracle(nn.Module):
        def __init__(self, answer: Tensor) -> None:
            super().__init__()
            self.answer = answer

        def forward(self, symbols: Tensor) -> Tensor:
            return 100.0 * nn.functional.one_hot(self.answer, digit_pixels.GREYS)

    assert task.loss(Oracle(grey), batch, None)[0].item() == pytest.approx(0, abs=1e-6)
    assert task.loss(Oracle(grey.roll(1, 1)), batch, None)[0].item() > 1
