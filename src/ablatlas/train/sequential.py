"""The sequential engine: one run after another, each in one readable loop."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from ablatlas.nn.dropout import Dropout
from ablatlas.train.build import Noise, build
from ablatlas.train.crew import Config, Crew, Member, Parameters, copied
from ablatlas.train.depths import sampled
from ablatlas.train.optimizers import optimizer

VERSION = 2


class Training(Crew):
    """One run as it proceeds: the task and the model, the optimizer, and the state that the task carries on."""

    def __init__(self, config: Config, seed: int, device: str = "cpu") -> None:
        super().__init__([Member(config, seed, device)])
        self.seed = seed
        self.task, self.model = build(config, seed, device)
        # Channels last spare a network of convolutions a tenth to a quarter of its time; to others they are nothing.
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.noise = Noise(self.task, self.model)
        self.optimizer = optimizer([p for p in self.model.parameters() if p.requires_grad], self.recipe)
        self.carry: Any = None

    @property
    def floors(self) -> list[float]:
        return [self.task.floor["loss"]]

    def look(self, index: int) -> list[float]:
        for name, noise in self.noise.drawn(self.seed, self.recipe["stream"], index).items():
            part = self.model.get_submodule(name)
            assert isinstance(part, Dropout)
            part.noise = noise
        self.optimizer.zero()
        with self.precision:
            loss, self.carry = self.task.loss(self.model, self.task.batch(index), self.carry)
        loss.backward()
        return [loss.item()]

    def clip(self, most: float) -> None:
        nn.utils.clip_grad_norm_(self.model.parameters(), most)

    def rates(self, index: int) -> list[tuple[slice | None, float]]:
        return [(None, self.rate(0, index))]

    @torch.no_grad()
    def judge(self, split: str) -> list[dict[str, Any]]:
        self.model.eval()
        found = self.judged(self.task, self.model, split)
        self.model.train()
        return [found]

    def gradient_norms(self) -> list[list[float]]:
        layers = sampled(list(self.model.layers))  # type: ignore[arg-type]
        gradients = [[p.grad for p in layer.parameters() if p.ndim > 1 and p.grad is not None] for layer in layers]
        return [[math.sqrt(sum(g.square().sum().item() for g in layer)) for layer in gradients]]

    def parameters(self) -> list[Parameters]:
        return [dict(self.model.state_dict())]

    def load(self, parameters: Sequence[Parameters]) -> None:
        self.model.load_state_dict(parameters[0])

    def keep(self, rows: Sequence[int]) -> None:
        assert list(rows) == [0], rows

    def state(self) -> dict[str, Any]:
        [parameters] = self.parameters()
        rule = self.optimizer
        return {
            "parameters": copied(parameters),
            "moments": copied(rule.moments),
            "count": rule.count,
            "carry": copied(self.carry),
        }

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        self.load([state["parameters"]])
        self.optimizer.restore(state["moments"], state["count"])
        self.carry = copied(state["carry"])


def crews(members: Sequence[Member]) -> Iterator[Crew]:
    """One member after another."""
    return (Training(*member) for member in members)
