"""How a word's vector foretells the words beside it: by what is summed over to make a probability of a score.

A part maps vectors, the words beside them and words drawn as noise to nats, a number a vector; only `negative` looks at
the noise. What the nats of two parts say cannot be compared. Its vectors start at zero, as in the authors' own program.
`products` counts the multiply-adds of an example: looking rows up takes none. Legend: B batch, K drawn words, D depth
of the tree, V words, W width.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Table(nn.Module):
    """`rows` vectors of `width` numbers, from zeros."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width))

    @torch.no_grad()
    def start(self) -> None:
        self.weight.zero_()

    def scores(self, rows_BN: Tensor, v_BW: Tensor) -> Tensor:
        """Of each vector with some rows, (B, N): nothing is computed of the others."""
        return torch.bmm(F.embedding(rows_BN, self.weight), v_BW[:, :, None])[..., 0]


class Softmax(nn.Module):
    """The probability of a word among all (Mikolov et al. 2013, arXiv 1310.4546, eq. 2)."""

    def __init__(self, words: int, width: int, noise: int) -> None:
        super().__init__()
        self.words = Table(words, width)
        self.products = words * width

    def forward(self, v_BW: Tensor, beside_B: Tensor, noise_BK: Tensor) -> Tensor:
        return F.cross_entropy(v_BW @ self.words.weight.T, beside_B, reduction="none")


class Negative(nn.Module):
    """The probability that a word was beside, and that each drawn one was not (its §2.2, eq. 4)."""

    def __init__(self, words: int, width: int, noise: int) -> None:
        super().__init__()
        self.words = Table(words, width)
        self.products = (1 + noise) * width

    def forward(self, v_BW: Tensor, beside_B: Tensor, noise_BK: Tensor) -> Tensor:
        scores = self.words.scores(torch.cat([beside_B[:, None], noise_BK], 1), v_BW)
        return F.softplus(torch.cat([-scores[:, :1], scores[:, 1:]], 1)).sum(1)


class Hierarchical(nn.Module):
    """The probability of the turns that lead to a word in a binary tree (its §2.1, eq. 3).

    All words stand at one depth, in the order of their numbers, where the paper's tree is Huffman's.
    """

    def __init__(self, words: int, width: int, noise: int) -> None:
        super().__init__()
        self.depth = math.ceil(math.log2(words))
        self.nodes = Table(2**self.depth - 1, width)
        self.products = self.depth * width

    def forward(self, v_BW: Tensor, beside_B: Tensor, noise_BK: Tensor) -> Tensor:
        above_D = torch.arange(self.depth, 0, -1, device=beside_B.device)  # levels between a node and the words
        node_BD = (beside_B[:, None] >> above_D) + 2 ** (self.depth - above_D) - 1
        turn_BD = (beside_B[:, None] >> (above_D - 1)) & 1
        return F.softplus((1 - 2 * turn_BD) * self.nodes.scores(node_BD, v_BW)).sum(1)


softmax = Softmax
negative = Negative
hierarchical = Hierarchical
