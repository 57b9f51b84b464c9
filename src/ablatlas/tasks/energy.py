"""The energy distance of two samples (Székely & Rizzo 2013, J. Stat. Plan. Inference 143:1249, eq. 2.1).

2 E|X - Y| - E|X - X'| - E|Y - Y'|: zero exactly where both distributions are the same.
Legend: N, M points, D coordinates.
"""

import torch
from torch import Tensor

ROWS = 512


def energy_distance(x_ND: Tensor, y_MD: Tensor) -> Tensor:
    """Between the two empirical distributions: never negative, and zero where the points are the same. A scalar."""
    return 2 * between(x_ND, y_MD) - between(x_ND, x_ND) - between(y_MD, y_MD)


def unbiased(x_ND: Tensor, y_MD: Tensor) -> Tensor:
    """An estimate, without bias, of that between the distributions drawn from; it may fall below zero. A scalar."""
    n, m = len(x_ND), len(y_MD)
    own = between(x_ND, x_ND) * (n / (n - 1)) + between(y_MD, y_MD) * (m / (m - 1))
    return 2 * between(x_ND, y_MD) - own


def between(x_ND: Tensor, y_MD: Tensor) -> Tensor:
    """The mean distance of a point of the one to a point of the other."""
    # Some rows at a time: all distances between many points do not fit into memory.
    sums = [torch.linalg.vector_norm(rows[:, None] - y_MD, dim=-1).sum() for rows in x_ND.split(ROWS)]
    return torch.stack(sums).sum() / (len(x_ND) * len(y_MD))


def nearest_point(x_ND: Tensor, rounds: int = 200) -> Tensor:
    """The point (1, D) of the least energy distance to a sample: its geometric median (Weiszfeld 1937)."""
    at = x_ND.mean(0, keepdim=True)
    for _ in range(rounds):
        weight = 1 / torch.linalg.vector_norm(x_ND - at, dim=-1, keepdim=True).clamp(min=1e-9)
        at = (weight * x_ND).sum(0, keepdim=True) / weight.sum()
    return at
