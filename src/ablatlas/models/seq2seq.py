"""A recurrent encoder and decoder, linked by a fixed vector and, where there is attention, by all the encoder's states.

As in Cho et al. 2014 (arXiv 1406.1078, §2.2) the decoder reads the encoder's last state at every step, and so does the
read-out, where attention replaces it by a mean of all states that the decoder's state of that step asks for. Bahdanau
et al. 2014 (arXiv 1409.0473, §3.1) ask with the state before it and feed the mean back into the decoder, which has to
go step by step then; with the mean at the read-out alone, as in Luong et al. 2015 (arXiv 1508.04025, §3.1), the fused
recurrence runs over all that is written at once, at a fraction of the time. Nor does the encoder here read both ways.
Legend: B batch, L symbols of the source, K of the target, I inputs, C outputs, W width.
"""

import torch
from torch import Tensor, nn

from ablatlas.nn import attend as attends
from ablatlas.nn import cell as cells
from ablatlas.nn import entry, initial
from ablatlas.nn import order as orders

VERSION = 1


class Model(nn.Module):
    """`depth` layers of `width` cells each way: source (B, L) and what is written so far (B, K) -> (B, K, C).

    Beside the logits it gives the weights (B, K, L) of the read-out's context by place in the source. `link` says how
    the two are linked: its `attend`, a word of `nn.attend`, and the `order` in which the source is read, of `nn.order`.
    Raises ValueError where there is no layer.
    """

    def __init__(
        self, *, inputs: int, outputs: int, source: int, target: int, width: int, depth: int, cell: str,
        link: dict[str, str],
    ) -> None:  # fmt: skip
        super().__init__()
        if depth < 1:
            raise ValueError(f"model.depth: found {depth}, expected a whole number from 1")
        part = getattr(cells, cell)

        def layers(inputs: int) -> list[cells.Cell]:
            return [part(width if above else inputs, width) for above in range(depth)]

        encoder, decoder = layers(inputs), layers(inputs + width)
        self.width = width
        self.entry = entry.symbols(inputs)
        self.order = getattr(orders, link["order"])()
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)
        self.attend = getattr(attends, link["attend"])(width)
        self.head = initial.linear(2 * width, outputs)
        self.layers = [*encoder, *decoder]
        read, written = (sum(layer.products for layer in half) for half in (encoder, decoder))
        per_step = source * read + target * (written + 2 * width * outputs)
        self.flops = 2 * (per_step + self.attend.products(target, source))

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.uniform(self.width**-0.5), keyed)

    def forward(self, source_BL: Tensor, before_BK: Tensor) -> tuple[Tensor, Tensor]:
        h_BLW = self.encoder(self.order(self.entry(source_BL), 1))
        before_BKI = self.entry(before_BK)
        last_BKW = h_BLW[:, -1:].expand(-1, before_BK.shape[1], -1)
        s_BKW = self.decoder(torch.cat([before_BKI, last_BKW], 2))
        context_BKW, weights_BKL = self.attend(s_BKW, h_BLW)
        return self.head(torch.cat([s_BKW, context_BKW], 2)), self.order(weights_BKL, 2)
