"""Classify a real image: its grey values or colours, standardised and flat -> ten classes, cross-entropy in nats.

What is varied is how many images there are to train on, and how good they are: copies, wrong labels, a filter of these.
Legend: B batch, I numbers of an image, channel by channel and row by row.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.data import images
from ablatlas.tasks import Epochs, Keys, entropy
from ablatlas.tasks.sampling import filtered, mislabelled, offsets, shifted, subset

VERSION = 1

Batch = tuple[Tensor, Tensor]

# Mean and standard deviation of each channel over the training split, on the scale of 0 to 1.
SCALE = {
    "mnist": ((0.1307,), (0.3082,)),
    "fashion_mnist": ((0.2858,), (0.3529,)),
    "cifar10": ((0.4915, 0.4821, 0.4464), (0.2472, 0.2437, 0.2617)),
}


class Task:
    """Metrics: `loss` (nats per image) and `error` (share of wrong labels).

    Trains on `examples` images, `copies` of which are always the same. Of those that differ the share `noise` is
    labelled wrong, and the share `filtered` of these is taken out again. Every image, of every split, is rolled to one
    of `places` in its frame. The labels of validation and test are right. Test files are read when they are asked for.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, dataset: str, examples: int, copies: int, places: int,
        noise: float, filtered: float,
    ) -> None:  # fmt: skip
        self.read, self.keys, self.places = getattr(images, dataset), keys, places
        pictures, labels = self.read("train")
        channels, self.side = pictures.shape[1:3]
        mean, deviation = (torch.tensor(number).repeat_interleave(self.side**2) for number in SCALE[dataset])
        self.mean, self.deviation = 255 * mean, 255 * deviation
        chosen, seen = self.chosen(labels, examples, copies, noise, filtered)
        self.offsets = offsets(len(chosen), places, self.side, keys, "train")
        self.pixels, self.labels = pictures.flatten(1)[chosen], seen
        counts = seen.bincount(minlength=10)
        self.sizes = {"inputs": channels * self.side**2, "outputs": 10}
        self.floor = {"loss": entropy(counts), "error": 1 - float(counts.max() / counts.sum())}
        self.examples = batch  # a step
        self.order = Epochs(keys, batch, len(chosen))
        self.held: dict[str, Batch] = {}

    def chosen(self, labels: Tensor, examples: int, copies: int, noise: float, share: float) -> tuple[Tensor, Tensor]:
        """The indices of the images to train on, and the labels that are seen of them."""
        different = subset(labels, examples, copies, self.keys)[: examples // copies]
        seen = mislabelled(labels, different, noise, self.keys)
        kept = filtered(seen != labels[different], share, self.keys)
        return different[kept].repeat(copies), seen[kept].repeat(copies)

    def standard(self, pixels: Tensor, offset: Tensor) -> Tensor:
        """Images (n, I) of 0 … 255, put to their places, with mean 0 and deviation 1 a channel over all that train."""
        return (shifted(pixels, offset, self.side) - self.mean) / self.deviation

    def batch(self, step: int) -> Batch:
        """Images (B, I) and labels (B,)."""
        pixels, offsets, labels = self.order.rows(step, self.pixels, self.offsets, self.labels)
        return self.standard(pixels, offsets), labels

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        x, y = batch
        return self.criterion(model(x), y), carry

    def held_out(self, split: str) -> Batch:
        """All images (n, I) and labels (n,) of a split."""
        if split == "train":
            return self.standard(self.pixels, self.offsets), self.labels
        if split not in self.held:
            pictures, labels = (part.to(self.labels.device) for part in self.read(split))
            offset = offsets(len(labels), self.places, self.side, self.keys, split).to(labels.device)
            self.held[split] = self.standard(pictures.flatten(1), offset), labels
        return self.held[split]

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        x, y = held
        logits = model(x)
        return {"loss": self.criterion(logits, y), "error": (logits.argmax(1) != y).double().mean()}
