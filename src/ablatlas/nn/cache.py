"""What a decoder keeps of the positions that it has read: their keys and values, or nothing, and then it reads again.

Legend: B batch, N heads, Q positions that are read now, T all up to the last of them, D width of a head.
"""

import torch
from torch import Tensor


class Cached:
    """Keys and values of every layer, kept (Pope et al. 2022, arXiv 2211.05102, §2)."""

    def __init__(self) -> None:
        self.read = 0
        self.kept: dict[int, tuple[Tensor, Tensor]] = {}

    def fresh(self, total: int) -> int:
        """How many of `total` positions have to be read, which they then have been."""
        before, self.read = self.read, total
        return total - before

    def join(self, layer: int, k_BNQD: Tensor, v_BNQD: Tensor) -> tuple[Tensor, Tensor]:
        """A layer's keys and values of what was read before and now, (B, N, T, D) each."""
        if layer in self.kept:
            k, v = self.kept[layer]
            k_BNQD, v_BNQD = torch.cat([k, k_BNQD], 2), torch.cat([v, v_BNQD], 2)
        self.kept[layer] = k_BNQD, v_BNQD
        return self.kept[layer]


class Forgetful:
    """Nothing is kept: every position is read anew for each that is written."""

    def fresh(self, total: int) -> int:
        return total

    def join(self, layer: int, k_BNTD: Tensor, v_BNTD: Tensor) -> tuple[Tensor, Tensor]:
        return k_BNTD, v_BNTD


cached = Cached
none = Forgetful
