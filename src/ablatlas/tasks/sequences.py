"""Answer about a sequence of symbols what `task.rule` asks, cross-entropy in nats per answer."""

from collections.abc import Callable
from functools import partial

from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys, entropy
from ablatlas.tasks import rule as rules
from ablatlas.tasks.generated import Generated, at_least

VERSION = 1

Batch = tuple[Tensor, ...]  # symbols seen (B, L), answers (B, K), see `tasks.rule`


class Task(Generated):
    """Metrics: `loss` (nats per answer) and `error` (share of wrong answers).

    Examples are drawn independently: where few differ (short sequences of few symbols) some judged on are trained on.
    Raises ValueError where the rule has no such length or symbols.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, rule: str, length: int, symbols: int, examples: int, judged: int
    ) -> None:
        at_least("length", length, 1)
        at_least("symbols", symbols, 2)
        make = partial(getattr(rules, rule), length=length, symbols=symbols)
        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        seen, answers = self.data["train"]
        self.sizes = {"inputs": symbols + 1, "outputs": symbols, "length": seen.shape[1]}
        counts = answers.flatten().bincount(minlength=symbols)
        self.floor = {"loss": entropy(counts), "error": 1 - float(counts.max() / counts.sum())}

    def answered(self, model: Callable[[Tensor], Tensor], batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits (B K, S) where answers are due, of a model (B, L) -> (B, L, S), and the answers (B K,)."""
        seen, answers = batch
        return model(seen)[:, -answers.shape[1] :].flatten(0, 1), answers.flatten()

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        return self.criterion(*self.answered(model, batch)), carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        logits, answers = self.answered(model, held)
        return {"loss": self.criterion(logits, answers), "error": (logits.argmax(-1) != answers).double().mean()}
