"""Predict a real text character by character: cross-entropy in nats per character. Legend: B batch, T positions."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.data import corpora
from ablatlas.data.tokens import Characters
from ablatlas.tasks import Epochs, Keys, entropy
from ablatlas.tasks.sampling import subset

VERSION = 1

Batch = tuple[Tensor]


class Task:
    """Metric: `loss`, the mean negative log-likelihood of a character given those before it in its window.

    The training text is cut into windows, end to end, of `window` characters to predict, of which a run trains on
    `examples`, `copies` of which are always the same; subsets are nested. An evaluation reads `judged` windows, equally
    spaced in their split. Raises ValueError where a split has no so many windows.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, dataset: str, window: int, examples: int, copies: int, judged: int
    ) -> None:
        self.read, self.window, self.judged = getattr(corpora, dataset), window, judged
        text = self.read("train")
        self.characters = Characters(text)
        windows = self.windows(text)
        self.data = windows[subset(torch.zeros(len(windows), dtype=torch.int64), examples, copies, keys)]
        outputs = len(self.characters)
        self.sizes = {"inputs": outputs, "outputs": outputs, "length": window}
        self.floor = {"loss": entropy(self.data[:, 1:].flatten().bincount(minlength=outputs))}
        self.examples = batch  # a step
        self.order = Epochs(keys, batch, examples)
        self.held: dict[str, Batch] = {}

    def windows(self, text: str) -> Tensor:
        """All windows of a text, (n, T + 1); the last character of one is the first of the next."""
        if not 1 <= self.window < len(text):
            raise ValueError(f"task.window: found {self.window}, expected a whole number from 1 to {len(text) - 1}")
        return torch.tensor(self.characters.encode(text)).unfold(0, self.window + 1, self.window)

    def batch(self, step: int) -> Batch:
        """Windows (B, T + 1)."""
        [text] = self.order.rows(step, self.data)
        return (text,)

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        [text] = batch
        return self.criterion(model(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten()), carry

    def held_out(self, split: str) -> Batch:
        """The judged windows (n, T + 1) of a split; all of those that are trained on."""
        if split == "train":
            return (self.data,)
        if split not in self.held:
            windows = self.windows(self.read(split))
            if not 1 <= self.judged <= len(windows):
                most = f"a whole number from 1 to {len(windows)}, the windows of {split}"
                raise ValueError(f"task.judged: found {self.judged}, expected {most}")
            spaced = torch.arange(self.judged) * len(windows) // self.judged
            self.held[split] = (windows[spaced].to(self.data.device),)
        return self.held[split]

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        return {"loss": self.loss(model, held, None)[0]}
