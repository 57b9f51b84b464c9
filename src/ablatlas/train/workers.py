"""The engine of two workers: a stack whose gradients two processes compute, each on its half of every batch.

The second process holds the same members and data. Before a step it is told the numbers of the first, both look at
their halves, and torch.distributed (gloo) averages the gradients, as synchronous data parallelism does (Goyal et al.
2017, arXiv 1706.02677, §3). All else is the first one's. At every evaluation the averaged gradients are held
against those that one worker has of the whole batch: `gradient_error`.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, multiprocessing

from ablatlas.train import stacked
from ablatlas.train.build import deterministic
from ablatlas.train.crew import Crew, Member
from ablatlas.train.stacked import Batch, Stack

VERSION = 1

WORKERS = 2


def share(rank: int, batch: Callable[[int], Batch], index: int) -> Batch:
    """A worker's rows of the batch of step `index`. Raises ValueError where there is not as much for each."""
    whole = batch(index)
    if len(whole[0]) % WORKERS:
        raise ValueError(
            f"recipe.batch: found {len(whole[0])} examples a step, expected an even number for two workers"
        )
    return tuple(part.chunk(WORKERS)[rank] for part in whole)


class Worker(Stack):
    """One worker's stack, which looks at its own rows. `places` are those of its members among all it began with.

    Raises ValueError for a model with dropout.
    """

    def __init__(self, members: Sequence[Member], rank: int) -> None:
        super().__init__(members)
        if self.noise.shapes:
            raise ValueError("engine: found workers for a model with dropout, whose noise is a whole batch's")
        self.places = list(range(len(members)))
        for task in self.tasks.values():
            task.whole, task.batch = task.batch, partial(share, rank, task.batch)

    def keep(self, rows: Sequence[int]) -> None:
        self.places = [self.places[row] for row in rows]
        super().keep(rows)

    def look(self, index: int) -> list[float]:
        """The losses, and in place the gradients, that all workers have on average."""
        losses = torch.tensor(super().look(index), dtype=torch.float64)
        for mine in (losses, *self.gradients()):
            distributed.all_reduce(mine)
            mine /= WORKERS
        found: list[float] = losses.tolist()
        return found

    def gradients(self) -> list[Tensor]:
        return [p.grad for p in self.optimizer.parameters if p.grad is not None]

    def listen(self, count: int) -> None:
        """Take part in the steps of the first worker, of whose `count` members some may have ended meanwhile."""
        order = torch.zeros(1 + count, dtype=torch.int64)
        while True:
            index, alive = self.told(order)
            if alive != self.places:
                self.keep([self.places.index(place) for place in alive])
            self.hear()
            self.look(index)

    def told(self, order: Tensor) -> tuple[int, list[int]]:
        """The step that is next, and the places of those that take it."""
        distributed.broadcast(order, 0)
        return int(order[0]), order[1:].nonzero().flatten().tolist()

    def hear(self) -> None:
        """Tell, or be told, the numbers of the first worker."""
        for numbers in self.numbers.values():
            distributed.broadcast(numbers.detach(), 0)


class First(Worker):
    """The first worker's stack: a crew like any other, beside which the second process runs until it is closed."""

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__(members, 0)
        self.count, self.index = len(self.places), 0
        self.meeting = tempfile.TemporaryDirectory()
        place = str(Path(self.meeting.name) / "meeting")
        spawn = multiprocessing.get_context("spawn")
        self.second = spawn.Process(target=second, args=(list(members), place), daemon=True)
        self.second.start()
        meet(place, 0)

    def close(self) -> None:
        """End the second process."""
        self.second.terminate()
        self.second.join()
        distributed.destroy_process_group()
        self.meeting.cleanup()

    def look(self, index: int) -> list[float]:
        self.index = index
        order = torch.zeros(1 + self.count, dtype=torch.int64)
        order[0] = index
        order[[1 + place for place in self.places]] = 1
        distributed.broadcast(order, 0)
        self.hear()
        return super().look(index)

    def judge(self, split: str) -> list[dict[str, Any]]:
        apart = self.apart()
        return [found | {"gradient_error": error} for found, error in zip(super().judge(split), apart, strict=True)]

    def apart(self) -> list[float]:
        """How far the last batch's averaged gradients lie from one worker's, over their tensor's largest number."""
        kept = [p.grad for p in self.optimizer.parameters]  # none, where a member has just been taken out
        self.look(self.index)
        averaged, shares = self.gradients(), {seed: task.batch for seed, task in self.tasks.items()}
        for task in self.tasks.values():
            task.batch = task.whole
        Stack.look(self, self.index)
        alone = self.gradients()
        for seed, task in self.tasks.items():
            task.batch = shares[seed]
        for parameter, gradient in zip(self.optimizer.parameters, kept, strict=True):
            parameter.grad = gradient
        errors = [_largest(a - b) / _largest(b) for a, b in zip(averaged, alone, strict=True)]
        return self._mine(torch.stack(errors).amax(0))


def _largest(rows: Tensor) -> Tensor:
    """The largest number, by size, of each row."""
    return rows.flatten(1).abs().amax(1)


def meet(place: str, rank: int) -> None:
    """Join the other worker, on this machine."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", init_method=f"file://{place}", rank=rank, world_size=WORKERS)


def second(members: list[Member], place: str) -> None:
    """The second worker's process."""
    deterministic(members[0].config["precision"])
    meet(place, 1)
    Worker(members, 1).listen(len(members))


def crews(members: Sequence[Member]) -> Iterator[Crew]:
    """Stacks, as the engine `stacked` makes them, one after another, each with a second process of its own."""
    for crew in stacked.crews(members, First):
        assert isinstance(crew, First)
        try:
            yield crew
        finally:
            crew.close()
