"""Digits 5 to 9, few of which are labelled, where many labelled 0 to 4 are at hand: 64 grey values -> five classes.

A run is shown both; what it learns from when is its lesson. The steps on the source are the run's own: they count among
its steps, its operations and its seconds. Legend: B batch, I inputs.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Epochs, Keys, entropy
from ablatlas.tasks import lesson as lessons
from ablatlas.tasks.sampling import offsets, shifted, subset
from ablatlas.tasks.scans import SIDE, rolled, scans

VERSION = 1

CLASSES = 5  # of each group
Labelled = tuple[Tensor, Tensor]
Model = Callable[[Tensor, Tensor], Tensor]  # images (B, I) and their groups (B,) -> logits (B, CLASSES)


class Task:
    """Metrics: `loss` (nats per image) and `error` (share of wrong labels) of the target, `source_error` of the other.

    Trains on `examples` images of the target, each at its place, and on all of the source, each at another place every
    time. Raises ValueError where there are not so many, or where the lesson on the source is not shorter than the run.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, lesson: str, before: int, examples: int, places: int
    ) -> None:
        if not 0 < before < steps:
            raise ValueError(
                f"task.before: found {before}, expected a whole number from 1 to {steps - 1}, of all steps"
            )
        self.lesson, self.before, self.keys, self.places = getattr(lessons, lesson), before, keys, places
        self.held = {split: self._groups(rolled(x, places, keys, split), y) for split, (x, y) in scans().items()}
        self.source, (x, y) = self.held["train"]
        chosen = subset(y, examples, 1, keys)
        self.target = x[chosen], y[chosen]
        self.held["train"] = self.source, self.target
        self.sizes = {"inputs": x.shape[1], "outputs": 2 * CLASSES, "groups": 2}
        own, other = (labels.bincount(minlength=CLASSES) for _, labels in (self.target, self.source))
        errors = {name: 1 - float(n.max() / n.sum()) for name, n in (("error", own), ("source_error", other))}
        self.floor = {"loss": entropy(own), **errors}
        self.examples = batch  # a step
        self.order = Epochs(keys, batch, examples)
        self.other = Epochs(lambda purpose, index: keys(f"source {purpose}", index), batch, len(self.source[1]))

    @staticmethod
    def _groups(grey: Tensor, labels: Tensor) -> tuple[Labelled, Labelled]:
        """Source and target, each with labels from 0."""
        rows = [labels < CLASSES, labels >= CLASSES]
        source, target = ((grey[row].float() / 16, labels[row] % CLASSES) for row in rows)
        return source, target

    def batch(self, step: int) -> lessons.Shown:
        """Images (B, I) and labels (B,) of either group, and the step."""
        (x, y), (z, w) = self.other.rows(step, *self.source), self.order.rows(step, *self.target)
        place = offsets(len(x), self.places, SIDE, lambda purpose, _: self.keys(f"source {purpose}", step), "train")
        return lessons.Shown(shifted(x, place.to(x.device), SIDE), y, z, w, torch.tensor(step, device=x.device))

    def loss(self, model: Model, batch: Any, carry: None) -> tuple[Tensor, None]:
        x, y, group = self.lesson(lessons.Shown(*batch), self.before)
        return self.criterion(model(x, group), y), carry

    def held_out(self, split: str) -> tuple[Labelled, Labelled]:
        """All images (n, I) and labels (n,) of a split, of the source and of the target."""
        return self.held[split]

    def metrics(self, model: Model, held: tuple[Labelled, Labelled]) -> dict[str, Tensor]:
        (x, y), (z, w) = held
        other, logits = model(x, torch.zeros_like(y)), model(z, torch.ones_like(w))
        wrong, amiss = ((said.argmax(1) != true).double().mean() for said, true in ((logits, w), (other, y)))
        return {"loss": self.criterion(logits, w), "error": wrong, "source_error": amiss}
