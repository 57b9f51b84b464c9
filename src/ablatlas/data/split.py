"""Splits: the published ones where there are, and one fixed rule for what is carved out of a training part."""

import random

from ablatlas.data.registry import DataError

SPLITS = TRAIN, VALIDATION, TEST = "train", "validation", "test"
# How many of the last of a published training part are set aside to validate.
LAST = {"mnist": 5000, "fashion_mnist": 5000, "cifar10": 5000, "sst2": 872, "gsm8k": 500}


def known(name: str, split: str) -> None:
    """Raise DataError unless `split` is one of the three."""
    if split not in SPLITS:
        raise DataError(f"{name}: found the split {split}, expected one of {', '.join(SPLITS)}")


def test_only(name: str, split: str) -> None:
    """Raise DataError for any split but the test split, of a set that nothing is trained on."""
    known(name, split)
    if split != TEST:
        raise DataError(f"{name}: found the split {split}, expected test: nothing is trained on it")


def carved(split: str, count: int, last: int) -> slice:
    """The rows of a split in the file that holds it: all to test, the last ones of a training part to validate."""
    return {TRAIN: slice(0, count - last), VALIDATION: slice(count - last, count), TEST: slice(0, count)}[split]


def tenths(split: str, count: int) -> slice:
    """The first 80 % to train, the next 10 % to validate, the last 10 % to test."""
    first, second = count * 8 // 10, count * 9 // 10
    return {TRAIN: slice(0, first), VALIDATION: slice(first, second), TEST: slice(second, count)}[split]


def shuffled(count: int) -> list[int]:
    """One fixed order of so many rows: for a seed Python promises the same `random()` in any version."""
    source = random.Random(0)
    key = [source.random() for _ in range(count)]
    return sorted(range(count), key=key.__getitem__)
