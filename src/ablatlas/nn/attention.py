"""What attention makes of queries, keys and values, in a module of its own so that an engine can give it another form.

Legend: B batch, N heads, T positions, D width of a head.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Causal(nn.Module):
    """Scaled dot products over earlier positions and one's own (Vaswani et al. 2017, arXiv 1706.03762, eq. 1)."""

    def forward(self, q_BNTD: Tensor, k_BNTD: Tensor, v_BNTD: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q_BNTD, k_BNTD, v_BNTD, is_causal=True)


class Explicit(Causal):
    """The same as it is written: all scores, their softmax and the means, each a tensor of its own."""

    def forward(self, q_BNTD: Tensor, k_BNTD: Tensor, v_BNTD: Tensor) -> Tensor:
        scores_BNTT = q_BNTD @ k_BNTD.mT / math.sqrt(q_BNTD.shape[-1])
        later_TT = torch.ones(scores_BNTT.shape[-2:], dtype=torch.bool, device=scores_BNTT.device).triu(1)
        return scores_BNTT.masked_fill(later_TT, -math.inf).softmax(-1) @ v_BNTD


fused = Causal
explicit = Explicit
