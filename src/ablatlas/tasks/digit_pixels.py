"""Predict a scanned digit pixel by pixel: 64 grey levels after a start symbol, cross-entropy in nats per pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.tasks import Keys, entropy, epoch_batch
from ablatlas.tasks.scans import study_scans

VERSION = 2

GREYS, PIXELS = 17, 64
START = GREYS


class Task:
    """Metric: `loss`, the mean negative log-likelihood of a pixel given all before it, in raster order."""

    def __init__(self, *, batch: int, keys: Keys, steps: int, examples: int, copies: int, places: int) -> None:
        self.size, self.keys = batch, keys
        self.data = {split: grey for split, (grey, _) in study_scans(examples, copies, places, keys).items()}
        self.sizes = {"inputs": GREYS + 1, "outputs": GREYS, "length": PIXELS}
        self.floor = {"loss": entropy(self.data["train"].flatten().bincount(minlength=GREYS))}
        self.examples = batch  # a step

    def batch(self, step: int) -> Tensor:
        """Grey levels (B, 64)."""
        return self.data["train"][epoch_batch(self.keys, step, self.size, len(self.data["train"]))]

    def loss(self, model: nn.Module, batch: Tensor, carry: None) -> tuple[Tensor, None]:
        seen = F.pad(batch[:, :-1], (1, 0), value=START)
        return F.cross_entropy(model(seen).flatten(0, 1), batch.flatten()), carry

    @torch.no_grad()
    def evaluate(self, model: nn.Module, split: str) -> dict[str, float]:
        return {"loss": self.loss(model, self.data[split], None)[0].item()}
