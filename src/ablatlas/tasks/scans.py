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
from ablatlas.tasks.sampling import offsets, shifted, subset

SPLITS = ("train", "validation", "test")
SIDE = 8


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


def rolled(grey: Tensor, places: int, keys: Keys, split: str) -> Tensor:
    """Images (n, 64), each rolled around the frame by one of the first `places` of its 64 offsets.

    Raises ValueError where the frame has no so many places.
    """
    return shifted(grey, offsets(len(grey), places, SIDE, keys, split), SIDE)
