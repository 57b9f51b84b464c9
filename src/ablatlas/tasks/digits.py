"""Classify a scanned digit: 64 grey values in [0, 1] -> ten classes, cross-entropy in nats."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Epochs, Keys, entropy
from ablatlas.tasks.scans import study_scans

VERSION = 2

Batch = tuple[Tensor, Tensor]


class Task:
    """Metrics: `loss` (nats per image) and `error` (share of wrong labels)."""

    criterion = staticmethod(F.cross_entropy)

    def __init__(self, *, batch: int, keys: Keys, steps: int, examples: int, copies: int, places: int) -> None:
        seen = study_scans(examples, copies, places, keys)
        self.data = {split: (x.float() / 16, y) for split, (x, y) in seen.items()}
        counts = self.data["train"][1].bincount(minlength=10)
        self.sizes = {"inputs": 64, "outputs": 10}
        self.floor = {"loss": entropy(counts), "error": 1 - float(counts.max() / counts.sum())}
        self.examples = batch  # a step
        self.order = Epochs(keys, batch, examples)

    def batch(self, step: int) -> Batch:
        """Images (B, 64) and labels (B,)."""
        x, y = self.order.rows(step, *self.data["train"])
        return x, y

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        x, y = batch
        return self.criterion(model(x), y), carry

    def held_out(self, split: str) -> Batch:
        """All images (n, 64) and labels (n,) of a split."""
        return self.data[split]

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        x, y = held
        logits = model(x)
        return {"loss": self.criterion(logits, y), "error": (logits.argmax(1) != y).double().mean()}
