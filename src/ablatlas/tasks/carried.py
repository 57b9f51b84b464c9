"""The loss of tasks that read streams side by side in windows: each begins in the state that the one before it left.

Legend: T steps, B streams, C symbols.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

State = tuple[Tensor, ...]
# symbols seen (T, B, C), symbols to predict (T, B), where a string or a speech begins (T, B), which streams start
# afresh (B,)
Batch = tuple[Tensor, ...]


class Carried:
    """`size` streams, whose next symbol is predicted."""

    size: int

    def loss(self, model: nn.Module, batch: Batch, carry: State | None) -> tuple[Tensor, State]:
        """Cross-entropy of the next symbol; the state goes on to the next window, its gradient does not."""
        seen, wanted, fresh, begins = batch
        before = model.rest(self.size) if carry is None else carry  # type: ignore[operator]
        state = tuple(torch.where(begins[:, None], 0.0, s) for s in before)
        logits, state = model(seen, state, fresh)
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten()), tuple(s.detach() for s in state)
