"""The embedded Reber grammar (Hochreiter & Schmidhuber 1997, §5.1): one string at a time, predicted symbol by symbol.

The grammar is that of `tasks.reber`, which reads its strings as a stream. Here each stands alone, followed by blanks up
to a common length; a longer one is not drawn.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys, entropy
from ablatlas.tasks.generated import BLOCK, Examples, Generated, at_least
from ablatlas.tasks.reber import SHORTEST, SYMBOLS, strings

VERSION = 1

Batch = tuple[Tensor, ...]  # symbols seen (B, T), to predict (B, T), and which of these had to be remembered (B, T)

BLANK = len(SYMBOLS)


def padded(count: int, draw: torch.Generator, longest: int) -> Examples:
    """Strings (count, longest) of at most so many symbols, and what place each symbol has (see `reber.strings`)."""
    random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draw)))
    rows: list[Tensor] = []
    while sum(map(len, rows)) < count:
        symbols, places = (torch.as_tensor(part) for part in strings(BLOCK, random))
        both = F.pad(torch.stack([symbols, places], 2), (0, 0, 0, longest), value=-1)
        rows.append(both[(symbols >= 0).sum(1) <= longest, :longest])
    symbols, places = torch.cat(rows)[:count].unbind(2)
    return symbols.where(symbols >= 0, BLANK), places


class Task(Generated):
    """Metrics: `loss` (nats per symbol, blanks among them) and `error` (share of last-but-one symbols, each a fair coin
    to whoever has not remembered the second one, that are predicted wrong).

    Raises ValueError where no string is so short as the longest may be.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(self, *, batch: int, keys: Keys, steps: int, longest: int, examples: int, judged: int) -> None:
        at_least("longest", longest, SHORTEST)

        def make(count: int, draw: torch.Generator) -> Examples:
            symbols, places = padded(count, draw, longest)
            return symbols[:, :-1], symbols[:, 1:], places[:, 1:] == 2

        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        self.sizes = {"inputs": BLANK + 1, "outputs": BLANK + 1, "length": longest - 1}
        self.floor = {"loss": entropy(self.data["train"][1].flatten().bincount(minlength=BLANK + 1)), "error": 0.5}

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        seen, wanted, _ = batch
        return self.criterion(model(seen).flatten(0, 1), wanted.flatten()), carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        seen, wanted, asked = held
        logits = model(seen)
        wrong = asked & (logits.argmax(-1) != wanted)
        loss = self.criterion(logits.flatten(0, 1), wanted.flatten())
        return {"loss": loss, "error": wrong.sum().double() / asked.sum()}
