"""A vector for every word, learnt by foretelling the words beside it: the skip-gram model (Mikolov et al. 2013, §2).

Legend: B batch, K drawn words, W width.
"""

from torch import Tensor, nn

from ablatlas.nn import initial
from ablatlas.nn import output as outputs_of

VERSION = 1


class Model(nn.Module):
    """Words (B,), the words beside them (B,), words drawn as noise (B, K) -> vectors (B, W) and nats (B,).

    `output` is a word of `nn.output`.
    """

    def __init__(self, *, inputs: int, outputs: int, noise: int, width: int, output: str) -> None:
        super().__init__()
        self.width = width
        self.vector = nn.Embedding(inputs, width)
        self.output = getattr(outputs_of, output)(outputs, width, noise)
        self.layers = [self.vector, self.output]
        self.flops = 2 * self.output.products

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.uniform(0.5 / self.width), keyed)

    def forward(self, word_B: Tensor, beside_B: Tensor, noise_BK: Tensor) -> tuple[Tensor, Tensor]:
        v_BW = self.vector(word_B)
        return v_BW, self.output(v_BW, beside_B, noise_BK)
