"""scikit-learn's digits: 1,797 real 8×8 scans of handwritten digits in 17 grey levels (UCI, Alpaydin & Kaynak 1998).

One fixed, class-balanced split for every task on them: 1,437 to train, 180 to validate, 180 to test. It is recorded in
`digits_split.json`, by the rows of the set.
"""

import json
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ablatlas.tasks import Keys

SPLITS = ("train", "validation", "test")
CLASSES, SIDE = 10, 8


@cache
def scans() -> dict[str, tuple[Tensor, Tensor]]:
    """Split -> (grey levels (n, 64) of 0 … 16, labels (n,) of 0 … 9), both int64."""
    # Its file is read as it lies there: to import scikit-learn costs more processor time than a small training.
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    rows = np.loadtxt(str(file), delimiter=",", dtype=np.int64)
    split = json.loads(Path(__file__).with_name("digits_split.json").read_text(encoding="utf-8"))
    data = {name: torch.as_tensor(rows[split[name]]) for name in SPLITS}
    return {name: (each[:, :-1].contiguous(), each[:, -1].contiguous()) for name, each in data.items()}


def study_scans(examples: int, copies: int, places: int, keys: Keys) -> dict[str, tuple[Tensor, Tensor]]:
    """`scans` as one run sees them: a training subset, every image rolled around to one of `places` in the frame.

    Raises ValueError where the subset or the places do not fit.
    """
    data = scans()
    chosen = subset(data["train"][1], examples, copies, keys)
    data = data | {"train": (data["train"][0][chosen], data["train"][1][chosen])}
    return {split: (rolled(grey, places, keys, split), labels) for split, (grey, labels) in data.items()}


def subset(labels: Tensor, examples: int, copies: int, keys: Keys) -> Tensor:
    """Indices of `examples` training images, of which `examples / copies` differ; shape (examples,).

    Subsets of one seed are nested and balanced: the images stand class by class in turn, in an order of its own.
    Raises ValueError where there are not so many images, or copies do not divide them.
    """
    if copies < 1 or examples % copies:
        raise ValueError(f"task.copies: found {copies}, expected a divisor of the {examples} examples")
    most = len(labels) * copies
    if not 1 <= examples <= most:
        raise ValueError(f"task.examples: found {examples}, expected a whole number from 1 to {most}, all images")
    order = torch.randperm(len(labels), generator=keys("subset", 0))
    turn = torch.stack([(labels[order] == label).cumsum(0) * (labels[order] == label) for label in range(CLASSES)]).sum(
        0
    )
    return order[turn.argsort(stable=True)][: examples // copies].repeat(copies)


def rolled(grey: Tensor, places: int, keys: Keys, split: str) -> Tensor:
    """Images (n, 64), each rolled around the frame by one of the first `places` of its 64 offsets.

    Raises ValueError where the frame has no so many places.
    """
    if not 1 <= places <= SIDE * SIDE:
        raise ValueError(f"task.places: found {places}, expected a whole number from 1 to {SIDE * SIDE}")
    offsets = torch.randint(places, (len(grey),), generator=keys(f"places, {split}", 0))
    rows, columns = offsets // SIDE, offsets % SIDE
    down = (torch.arange(SIDE) - rows[:, None]) % SIDE  # (n, 8): the row that each row comes from
    across = (torch.arange(SIDE) - columns[:, None]) % SIDE
    image = grey.view(-1, SIDE, SIDE).gather(1, down[:, :, None].expand(-1, -1, SIDE))
    return image.gather(2, across[:, None, :].expand(-1, SIDE, -1)).flatten(1)
