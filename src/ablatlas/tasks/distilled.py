"""Digits that a student learns from what a teacher makes of them (Hinton, Vinyals & Dean 2015, arXiv 1503.02531).

The teacher is a network that the run trains first, see `train.first`. Legend: B batch, I inputs, C classes.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ablatlas.tasks import digits
from ablatlas.tasks import targets as told

VERSION = 1

Batch = tuple[Tensor, Tensor, Tensor]  # images (B, I), labels (B,), the teacher's logits (B, C)


class Task(digits.Task):
    """Metrics and judged data are those of `digits`, right labels: what a student is told changes its lessons alone.

    `first` is what the run changes of its own configuration to train the teacher, nothing for a run that has none;
    `spent` the operations before its first step, the teacher's training and its answers, where the targets need them.
    """

    def __init__(self, *, targets: str, temperature: float, teacher: dict[str, Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.targets = getattr(told, targets)(temperature)
        self.first, self.spent = teacher, 0
        self.said = torch.zeros(len(self.data["train"][1]), self.sizes["outputs"])

    @torch.no_grad()
    def hear(self, teacher: Any, spent: int) -> None:
        """Keep what a trained network, in evaluation mode, makes of the images to train on."""
        x, _ = self.data["train"]
        self.said = teacher(x)
        self.spent = spent + len(x) * teacher.flops if self.targets.taught else 0

    def batch(self, step: int) -> Batch:  # type: ignore[override] # told more
        x, y, said = self.order.rows(step, *self.data["train"], self.said)
        return x, y, said

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:  # type: ignore[override]
        x, y, said = batch
        return self.targets.loss(model(x), y, said), carry
