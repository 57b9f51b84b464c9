"""scikit-learn's digits: 1,797 real 8×8 scans of handwritten digits in 17 grey levels (UCI, Alpaydin & Kaynak 1998).

One fixed, class-balanced split for every task on them: 1,437 to train, 180 to validate, 180 to test.
"""

from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

SPLITS = ("train", "validation", "test")


@cache
def scans() -> dict[str, tuple[Tensor, Tensor]]:
    """Split -> (grey levels (n, 64) of 0 … 16, labels (n,) of 0 … 9), both int64."""
    grey, labels = load_digits(return_X_y=True)
    train, rest = train_test_split(np.arange(len(labels)), test_size=360, stratify=labels, random_state=0)
    validation, test = train_test_split(rest, test_size=180, stratify=labels[rest], random_state=0)
    return {
        split: (torch.as_tensor(grey[index]).long(), torch.as_tensor(labels[index]).long())
        for split, index in zip(SPLITS, (train, validation, test), strict=True)
    }
