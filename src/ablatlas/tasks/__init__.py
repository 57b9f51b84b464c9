"""Tasks: `task: x` in a study is `tasks/x.py`, whose `Task` holds the data of one run and judges a model on it.

A task gives the sizes that a model needs (`inputs`, `outputs`, and what else `sizes` names), a `floor` for every
metric (what the best predictor scores that ignores all input and position, fitted on the training split), a
`batch` for a step, a `loss` with the state that it carries to the next step, what is `held_out` in a split, and the
`metrics` of a model on that. Batches are tuples of tensors whose shapes no seed changes, so that runs can be stacked;
an image is flat, plane by plane and row by row, and its size says its shape (`nn.image`). Every random choice comes
from `keys(purpose, index)`, a generator keyed by the run's seed.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Keys = Callable[[str, int], torch.Generator]


class Epochs:
    """The indices of batches: epochs are fresh permutations, and the last partial batch of each is left out.

    Raises ValueError where an epoch holds no whole batch.
    """

    def __init__(self, keys: Keys, size: int, examples: int) -> None:
        if not 1 <= size <= examples:
            raise ValueError(f"recipe.batch: found {size}, expected a whole number from 1 to {examples}, the examples")
        self.keys, self.size, self.examples = keys, size, examples
        self.epoch, self.order = -1, torch.empty(0)

    def __call__(self, step: int) -> Tensor:
        """Shape (size,); a function of (seed, step) alone, so that a resumed run sees what an undisturbed one sees."""
        epoch, place = divmod(step, self.examples // self.size)
        if epoch != self.epoch:
            self.epoch, self.order = epoch, torch.randperm(self.examples, generator=self.keys("order", epoch))
        return self.order[place * self.size : (place + 1) * self.size]

    def rows(self, step: int, *parts: Tensor) -> tuple[Tensor, ...]:
        """Of each tensor the rows of a step: the same as `part[self(step)]`, in half the time."""
        index = self(step)
        return tuple(part.index_select(0, index.to(part.device)) for part in parts)


def entropy(counts: Tensor) -> float:
    """The cross-entropy, in nats, of predicting `counts`' own frequencies everywhere: a task's floor."""
    p = counts.double() / counts.sum()
    return float(-(p[p > 0] * p[p > 0].log()).sum())
