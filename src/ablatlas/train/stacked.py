"""The stacked engine: all members of a crew at once, their parameters stacked and the model mapped over them.

Members differ in seed and rate alone, so that every tensor of one is a row of a tensor of all, and one batched kernel
does the work of many small ones. The loss is summed over members, none of which another's depends on: its gradient is
each member's own, and what is not finite in one stays there. A member's bits depend on no other, nor on how many there
are, as long as there are two: alone it is stacked with itself, since kernels for one matrix round otherwise.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from itertools import groupby
from typing import Any

import psutil
import torch
from torch import Tensor
from torch.func import vmap

from ablatlas.nn.cell import Cell
from ablatlas.train import meter
from ablatlas.train.batched import FUNCTIONS, Averages, Lent, batched
from ablatlas.train.build import Noise, build
from ablatlas.train.crew import Crew, Member, Parameters, copied
from ablatlas.train.depths import sampled
from ablatlas.train.optimizers import optimizer
from ablatlas.train.sequential import Training
from ablatlas.tree import put

VERSION = 1

SHARE = 0.25  # of the memory that is free which one process's stack may take
Batch = tuple[Tensor, ...]


class Stack(Crew):
    """Several runs as they proceed. Legend: rows are members, of which a lone one has two."""

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__(members)
        # A rate changes neither the data nor the beginning: those of one seed share them.
        made = {seed: build(*member) for seed, member in {member.seed: member for member in self.members}.items()}
        self.tasks = {seed: task for seed, (task, _) in made.items()}
        for task in self.tasks.values():
            task.criterion = FUNCTIONS.get(task.criterion, task.criterion)
        self.task, model = made[self.members[0].seed]
        self.noise = Noise(self.task, model)
        self.model = batched(deepcopy(model).to("meta"))  # the shape of all of them; it holds no number
        self.lent, self.averages = Lent(self.model), Averages(self.model)
        self._stack([dict(made[member.seed][1].state_dict()) for member in self.members])

    def _stack(self, parameters: Sequence[Parameters]) -> None:
        """Put parameters on top of each other, and begin with the optimizer anew."""
        trained = {name: p.requires_grad for name, p in self.model.named_parameters()}
        self.numbers = {
            name: self._padded(torch.stack([own[name] for own in parameters])).requires_grad_(trained.get(name, False))
            for name in parameters[0]
        }
        leaves = [tensor for tensor in self.numbers.values() if tensor.requires_grad]
        self.optimizer = optimizer(leaves, self.recipe, stacked=True)

    def _padded(self, rows: Tensor) -> Tensor:
        return rows if len(rows) > 1 else rows.repeat_interleave(2, 0)

    def _over(self, columns: Sequence[Batch]) -> Batch:
        """A batch of every member -> one batch with a row for each."""
        return tuple(self._padded(torch.stack(column)) for column in zip(*columns, strict=True))

    def _model(self, numbers: Parameters) -> Callable[..., Any]:
        """The model with a member's own numbers in it."""
        return partial(self.lent, numbers)

    @property
    def floors(self) -> list[float]:
        return [self.tasks[member.seed].floor["loss"] for member in self.members]

    def look(self, index: int) -> list[float]:
        stream = self.recipe["stream"]
        batches = {seed: task.batch(index) for seed, task in self.tasks.items()}
        noise = {seed: self.noise.drawn(seed, stream, index) for seed in self.tasks}
        seeds = [member.seed for member in self.members]
        batch = self._over([batches[seed] for seed in seeds])
        drawn = {f"{name}.noise": self._over([(noise[seed][name],) for seed in seeds])[0] for name in self.noise.shapes}

        def loss(numbers: Parameters, batch: Batch) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
            with self.precision:
                value, _ = self.task.loss(self._model(numbers), batch, None)  # a model that carries state never stacks
            return value, self.averages.seen()

        self.optimizer.zero()
        losses, seen = vmap(loss)(self.numbers | drawn, batch)
        losses.sum().backward()
        self.averages.follow(self.numbers, seen)
        return self._mine(losses)

    def _mine(self, values: Tensor) -> list[Any]:
        """The members' own values of a row each."""
        found: list[Any] = values.tolist()
        return found[: len(self.members)]

    def clip(self, most: float) -> None:
        gradients = [p.grad for p in self.optimizer.parameters if p.grad is not None]
        norms = torch.stack([torch.linalg.vector_norm(g.flatten(1), dim=1) for g in gradients]).norm(dim=0)
        scale = (most / (norms + 1e-6)).clamp(max=1.0)  # as `torch.nn.utils.clip_grad_norm_` has it
        for gradient in gradients:
            gradient *= scale.view(-1, *[1] * (gradient.ndim - 1))

    def rates(self, index: int) -> list[tuple[slice | None, float]]:
        """Neighbouring rows of one rate go together."""
        rates = [self.rate(row, index) for row in range(len(self.members))]
        starts = [row for row, rate in enumerate(rates) if row == 0 or rate != rates[row - 1]]
        if len(starts) == 1:
            return [(None, rates[0])]
        ends = [*starts[1:], len(rates)]
        return [(slice(start, end), rates[start]) for start, end in zip(starts, ends, strict=True)]

    @torch.no_grad()
    def judge(self, split: str) -> list[dict[str, Any]]:
        """One member after another: kernels on a whole split are large already, and stacked they leave the cache."""
        self.model.eval()
        found = []
        for member, numbers in zip(self.members, self.parameters(), strict=True):
            found.append(self.judged(self.tasks[member.seed], self._model(numbers), split))
        self.model.train()
        return found

    def gradient_norms(self) -> list[list[float]]:
        names = {id(p): name for name, p in self.model.named_parameters()}
        found = []
        for layer in sampled(list(self.model.layers)):  # type: ignore[arg-type]
            own = [self.numbers[names[id(p)]].grad for p in layer.parameters() if p.ndim > 1]
            squares = torch.stack([g.flatten(1).square().sum(1) for g in own if g is not None])
            found.append([math.sqrt(total) for total in self._mine(squares.sum(0))])
        return [list(row) for row in zip(*found, strict=True)] if found else [[] for _ in self.members]

    def parameters(self) -> list[Parameters]:
        rows = zip(*(numbers.detach().unbind() for numbers in self.numbers.values()), strict=True)
        return [dict(zip(self.numbers, row, strict=True)) for row in rows][: len(self.members)]

    @torch.no_grad()
    def load(self, parameters: Sequence[Parameters]) -> None:
        for name, numbers in self.numbers.items():
            numbers.copy_(self._padded(torch.stack([own[name] for own in parameters])))

    @torch.no_grad()
    def keep(self, rows: Sequence[int]) -> None:
        if len(rows) == len(self.members):
            return
        picked = torch.as_tensor(rows if len(rows) > 1 else [*rows, *rows])
        parameters, moments = self.parameters(), [[m[picked] for m in kind] for kind in self.optimizer.moments]
        count = self.optimizer.count
        self.members = [self.members[row] for row in rows]
        self.tasks = {member.seed: self.tasks[member.seed] for member in self.members}
        self._stack([parameters[row] for row in rows])
        self.optimizer.restore(moments, count)

    def state(self) -> dict[str, Any]:
        rule = self.optimizer
        numbers, moments = copied(dict(self.numbers)), copied(rule.moments)
        return {"numbers": numbers, "moments": moments, "count": rule.count}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        for name, numbers in self.numbers.items():
            numbers.copy_(state["numbers"][name])
        self.optimizer.restore(state["moments"], state["count"])


def crews(members: Sequence[Member], kind: Callable[[Sequence[Member]], Crew] = Stack) -> Iterator[Crew]:
    """Stacks of neighbours that differ in seed and rate alone, as many as memory has room for, and as equal as can be.

    Raises ValueError for a recurrent model: torch maps no fused recurrence, and a state that is carried on is data.
    """
    for _, alike in groupby(members, lambda member: put(member.config, "recipe.lr", None)):
        yield from _stacks(list(alike), kind)


def _stacks(members: list[Member], kind: Callable[[Sequence[Member]], Crew]) -> Iterator[Crew]:
    lone = Training(*members[0])
    if hasattr(lone.model, "rest") or any(isinstance(part, Cell) for part in lone.model.modules()):
        name = members[0].config["model"]["name"]
        raise ValueError(f"engine: found stacked for the model {name}, which does not stack; expected sequential")
    each = meter.peak_memory(lone, 1)
    room = max(2, int(SHARE * psutil.virtual_memory().available / each))
    parts = math.ceil(len(members) / room)
    size = math.ceil(len(members) / parts)
    return (kind(members[first : first + size]) for first in range(0, len(members), size))
