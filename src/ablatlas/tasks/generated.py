"""Generated data: what is trained on is drawn by a run's own keys, what is judged on by keys that hold no seed.

So all arms and seeds of a task are judged on the same examples. Of a task's examples fewer are the first of more.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ablatlas.randomness import generator
from ablatlas.tasks import Epochs, Keys

Examples = tuple[Tensor, ...]
Make = Callable[[int, torch.Generator], Examples]  # tensors with as many rows as are asked for

BLOCK = 64  # examples that one generator draws


def drawn(make: Make, count: int, keys: Keys, purpose: str) -> Examples:
    """`count` examples in blocks, each from a generator of its own, whatever a generator does with longer draws."""
    blocks = [make(BLOCK, keys(purpose, index)) for index in range(-(-count // BLOCK))]
    return tuple(torch.cat(part)[:count] for part in zip(*blocks, strict=True))


def fixed(purpose: str, index: int) -> torch.Generator:
    """A generator that is the same in every run."""
    return generator("fixed", purpose, index)


class Generated:
    """`examples` examples to train on in epochs, and `judged` of each kind to be judged on.

    Raises ValueError where the counts are not positive or an epoch holds no whole batch.
    """

    def __init__(self, make: Make, *, batch: int, keys: Keys, examples: int, judged: int) -> None:
        at_least("judged", judged, 1)
        self.order = Epochs(keys, batch, examples)
        self.data = {"train": drawn(make, examples, keys, "example")}
        self.data |= {split: drawn(make, judged, fixed, split) for split in ("validation", "test")}
        self.examples = batch  # a step

    def batch(self, step: int) -> Examples:
        """The rows of a step, of every tensor."""
        return self.order.rows(step, *self.data["train"])

    def held_out(self, split: str) -> Examples:
        """All rows of a split."""
        return self.data[split]


def at_least(name: str, found: float, least: float) -> None:
    """Raise ValueError where `task.name` is below its least value."""
    if found < least:
        raise ValueError(f"task.{name}: found {found}, expected at least {least}")
