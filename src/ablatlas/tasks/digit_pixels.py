"""Predict a scanned digit pixel by pixel: 64 grey levels after a start symbol, cross-entropy in nats per pixel."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Epochs, Keys, entropy
from ablatlas.tasks.scans import study_scans

VERSION = 2

Batch = tuple[Tensor]

GREYS, PIXELS = 17, 64
START = GREYS


class Task:
    """Metric: `loss`, the mean negative log-likelihood of a pixel given all before it, in raster order."""

    criterion = staticmethod(F.cross_entropy)

    def __init__(self, *, batch: int, keys: Keys, steps: int, examples: int, copies: int, places: int) -> None:
        self.data = {split: grey for split, (grey, _) in study_scans(examples, copies, places, keys).items()}
        self.sizes = {"inputs": GREYS + 1, "outputs": GREYS, "length": PIXELS}
        self.floor = {"loss": entropy(self.data["train"].flatten().bincount(minlength=GREYS))}
        self.examples = batch  # a step
        self.order = Epochs(keys, batch, examples)

    def batch(self, step: int) -> Batch:
        """Grey levels (B, 64)."""
        [grey] = self.order.rows(step, self.data["train"])
        return (grey,)

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        [grey] = batch
        seen = F.pad(grey[:, :-1], (1, 0), value=START)
        return self.criterion(model(seen).flatten(0, 1), grey.flatten()), carry

    def held_out(self, split: str) -> Batch:
        """The grey levels (n, 64) of all images of a split."""
        return (self.data[split],)

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        return {"loss": self.loss(model, held, None)[0]}
