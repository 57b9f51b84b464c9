"""Text of words of which few are frequent and most are rare, as Zipf found: each is predicted from those before.

A word's share of the text is a power of its rank, and a word hangs on the one before it. Both are the same in every
run, and so are known in closed form what each loss could be at best, and what it is without looking. The heavier the
tail, the more a gradient is one of the frequent words (Kunstner et al. 2024, arXiv 2402.19449). Legend: V symbols,
T positions.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys, entropy
from ablatlas.tasks.generated import Examples, Generated, at_least, fixed

VERSION = 1

Batch = tuple[Tensor, ...]  # words seen (B, T), and the next ones (B, T)

ROUNDS = 200  # of scaling, which ends long before at numbers that no longer move


def shares(symbols: int, tail: float) -> Tensor:
    """What share of a text each word is (V,), float64, the most frequent first: all alike where the tail is 0."""
    weights = torch.arange(1, symbols + 1, dtype=torch.float64) ** -tail
    return weights / weights.sum()


@cache
def pairs(symbols: int, tail: float, sharpness: float) -> Tensor:
    """How often a word (row) is followed by another (column), (V, V), float64; both have the `shares`.

    The exponential of `sharpness` times standard normal numbers, its rows and columns scaled in turn until they sum to
    what they should (Sinkhorn & Knopp 1967, Pacific Journal of Mathematics 21:343).
    """
    share = shares(symbols, tail)
    normal = torch.randn(symbols, symbols, generator=fixed("word", symbols), dtype=torch.float64)
    joint = (sharpness * normal).exp()
    for _ in range(ROUNDS):
        joint = joint * (share / joint.sum(0))
        joint = joint * (share / joint.sum(1))[:, None]
    return joint


def texts(count: int, draw: torch.Generator, length: int, joint: Tensor) -> Examples:
    """Words (count, length) and the next ones (count, length), int64."""
    share = joint.sum(1)
    after, last = (joint / share[:, None]).cumsum(1), len(share) - 1
    u = torch.rand(length + 1, count, 1, generator=draw, dtype=torch.float64)
    written = [torch.searchsorted(share.cumsum(0), u[0, :, 0]).clamp(max=last)]
    for each in u[1:]:
        written.append(torch.searchsorted(after[written[-1]], each).squeeze(1).clamp(max=last))
    text = torch.stack(written, 1)
    return text[:, :-1], text[:, 1:]


def nats(p: Tensor) -> float:
    """The entropy of shares."""
    return float(torch.special.entr(p).sum())


class Task(Generated):
    """Metrics: `loss` (nats per word), `left`, the share of what the word before tells that is not learnt, and the
    loss on the `frequent` words, the first that make up half of a text, and on all others, the `rare`.

    `best["loss"]` is the least that any model can have on average. Raises ValueError where there is no choice of
    words, a negative tail, or nothing to learn.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, symbols: int, tail: float, sharpness: float, length: int,
        examples: int, judged: int,
    ) -> None:  # fmt: skip
        for name, found, low in (("symbols", symbols, 2), ("tail", tail, 0), ("length", length, 1)):
            at_least(name, found, low)
        if not sharpness > 0:
            raise ValueError(f"task.sharpness: found {sharpness}, expected a positive number")
        joint = pairs(symbols, float(tail), float(sharpness))
        share = joint.sum(1)
        self.blind = nats(share)
        self.best = {"loss": nats(joint) - self.blind}
        self.rare = share.cumsum(0) - share > 0.5 - 1e-9

        def make(count: int, draw: torch.Generator) -> Examples:
            return texts(count, draw, length, joint)

        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        self.sizes = {"inputs": symbols, "outputs": symbols, "length": length}
        self.floor = {"loss": entropy(self.data["train"][1].flatten().bincount(minlength=symbols)), "left": 1.0}

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        seen, wanted = batch
        return self.criterion(model(seen).flatten(0, 1), wanted.flatten()), carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        seen, wanted = held
        each = F.cross_entropy(model(seen).flatten(0, 1), wanted.flatten(), reduction="none")
        loss, rare = each.mean(), self.rare[wanted.flatten()]
        return {
            "loss": loss,
            "left": (loss - self.best["loss"]) / (self.blind - self.best["loss"]),
            "frequent": each[~rare].mean(),
            "rare": each[rare].mean(),
        }
