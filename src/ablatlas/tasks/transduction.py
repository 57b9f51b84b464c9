"""Write symbols of a source sequence in another order, as `task.rule` says, cross-entropy in nats per symbol.

The rules copy, reverse and sort of `tasks.sequences`, in the layout of an encoder and a decoder: the source apart from
what is written, which begins with a separator and is given right up to the symbol that is due (teacher forcing).
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys, entropy
from ablatlas.tasks.generated import Examples, Generated, at_least

VERSION = 1

# the source (B, L), what is written before each symbol (B, L), the symbols to write and their places in the source
Batch = tuple[Tensor, ...]
Model = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # source and written -> logits (B, L, S), weights (B, L, L)


def copy(x: Tensor) -> Tensor:
    """The places of x (N, L) from first to last."""
    return torch.arange(x.shape[1]).expand_as(x)


def reverse(x: Tensor) -> Tensor:
    """From last to first."""
    return copy(x).flip(1)


def sort(x: Tensor) -> Tensor:
    """From the lowest symbol to the highest, equal ones from first to last."""
    return x.argsort(dim=1, stable=True)


def pairs(count: int, draw: torch.Generator, rule: Callable[[Tensor], Tensor], length: int, symbols: int) -> Examples:
    """Sources, what is written before each symbol, the symbols to write, their places: each (count, length) int64."""
    source = torch.randint(symbols, (count, length), generator=draw)
    places = rule(source)
    answers = source.gather(1, places)
    return source, F.pad(answers[:, :-1], (1, 0), value=symbols), answers, places


RULES = {"copy": copy, "reverse": reverse, "sort": sort}


class Task(Generated):
    """Metrics: `loss` (nats per symbol), `error` (share of wrong symbols) and `weight_on_source`, the mean weight that
    the model's context puts on the place of the symbol that is due.

    Raises ValueError where the rule is none of copy, reverse and sort, and where it has no such length or symbols.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, rule: str, length: int, symbols: int, examples: int, judged: int
    ) -> None:
        at_least("length", length, 1)
        at_least("symbols", symbols, 2)
        if rule not in RULES:
            raise ValueError(f"task.rule: found {rule}, expected {', '.join(RULES)}")
        make = partial(pairs, rule=RULES[rule], length=length, symbols=symbols)
        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        self.sizes = {"inputs": symbols + 1, "outputs": symbols, "source": length, "target": length}
        counts = self.data["train"][2].flatten().bincount(minlength=symbols)
        self.floor = {"loss": entropy(counts), "error": 1 - float(counts.max() / counts.sum())}

    def loss(self, model: Model, batch: Batch, carry: None) -> tuple[Tensor, None]:
        source, before, answers, _ = batch
        logits, _ = model(source, before)
        return self.criterion(logits.flatten(0, 1), answers.flatten()), carry

    def metrics(self, model: Model, held: Batch) -> dict[str, Tensor]:
        source, before, answers, places = held
        logits, weights = model(source, before)
        return {
            "loss": self.criterion(logits.flatten(0, 1), answers.flatten()),
            "error": (logits.argmax(-1) != answers).double().mean(),
            "weight_on_source": weights.gather(2, places[..., None]).double().mean(),
        }
