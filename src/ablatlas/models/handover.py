"""A recurrent encoder whose last state is the one that its decoder starts from (Sutskever et al. 2014, §2).

Nothing else links the two, unless the read-out attends to the encoder's states as well, so that a symbol of the source
lies as many steps before the symbol of the target as are read and written between them; in `models.seq2seq` the decoder
is given the encoder's last state at every step. Legend: B batch, L symbols of the source, K of the target, I inputs,
C outputs, W width.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ablatlas.nn import attend as attends
from ablatlas.nn import cell as cells
from ablatlas.nn import entry, initial
from ablatlas.nn import order as orders

VERSION = 1


class Model(nn.Module):
    """`depth` layers of `width` cells each way: source (B, L) and what is written so far (B, K) -> (B, K, C).

    Each layer of the decoder starts from the last state of the encoder's layer beside it. Beside the logits it gives
    the weights (B, K, L) of the read-out's context by place in the source. `link` says what that context is, its
    `attend`, a word of `nn.attend`, and the `order` in which the source is read, of `nn.order`. Raises ValueError where
    there is no layer.
    """

    def __init__(
        self, *, inputs: int, outputs: int, source: int, target: int, width: int, depth: int, cell: str,
        link: dict[str, str],
    ) -> None:  # fmt: skip
        super().__init__()
        if depth < 1:
            raise ValueError(f"model.depth: found {depth}, expected a whole number from 1")
        part = getattr(cells, cell)

        def layers() -> list[cells.Cell]:
            return [part(width if above else inputs, width) for above in range(depth)]

        self.width = width
        self.entry = entry.symbols(inputs)
        self.order = getattr(orders, link["order"])()
        encoder, decoder = layers(), layers()
        self.encoder, self.decoder = nn.ModuleList(encoder), nn.ModuleList(decoder)
        self.attend = getattr(attends, link["attend"])(width)
        self.head = initial.linear(2 * width, outputs)
        self.layers = [*encoder, *decoder]
        read = source * self.order.times
        per_step = sum(layer.products for layer in encoder)  # as many in the decoder, which reads what was written
        products = (read + target) * per_step + target * 2 * width * outputs + self.attend.products(target, read)
        self.flops = 2 * products

    def initialise(self, keyed: initial.Keyed) -> None:
        initial.fill(self, initial.uniform(self.width**-0.5), keyed)

    def forward(self, source_BL: Tensor, before_BK: Tensor) -> tuple[Tensor, Tensor]:
        h_BLW, s_BKW = self.order(self.entry(source_BL), 1), self.entry(before_BK)
        pairs: Any = zip(self.encoder, self.decoder, strict=True)
        for reads, writes in pairs:
            h_BLW, state = reads.scan(h_BLW, reads.rest(h_BLW))
            s_BKW, _ = writes.scan(s_BKW, state)
        context_BKW, weights_BKL = self.attend(s_BKW, h_BLW)
        return self.head(torch.cat([s_BKW, context_BKW], 2)), self.order.back(weights_BKL, 2)
