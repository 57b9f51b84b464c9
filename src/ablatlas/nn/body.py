"""What becomes of a network that learned one group of classes when it learns another: tuned as a whole, or its head.

Legend: B batch, F features.
"""

import torch
from torch import Tensor, nn

SOURCE = 0  # the group that is learned first


class Tuned(nn.Module):
    """Every image teaches what is below the head. (B, F), (B,) -> (B, F)."""

    def forward(self, h_BF: Tensor, group_B: Tensor) -> Tensor:
        return h_BF


class Frozen(nn.Module):
    """Images of the source alone do; what they taught others read as it is (Yosinski et al. 2014, §2).

    No value changes, only whose errors go down. (B, F), (B,) -> (B, F).
    """

    def forward(self, h_BF: Tensor, group_B: Tensor) -> Tensor:
        return torch.where((group_B == SOURCE)[:, None], h_BF, h_BF.detach())


tuned = Tuned
frozen = Frozen
