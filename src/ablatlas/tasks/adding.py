"""The adding problem (Hochreiter & Schmidhuber 1997, §5.4): the sum of the two numbers that are marked in a sequence.

Each step holds a number, uniform in [0, 1), and a mark, 0 or 1. As in the paper one of the first ten steps is marked
and another of the first half, so that what is asked for lies at least half a sequence back. The paper draws from
[-1, 1) and asks for 1/2 + sum/4, in whose units a sum here counts half; it also marks both ends by -1 and varies the
length by a tenth.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys
from ablatlas.tasks.generated import Examples, Generated, at_least

VERSION = 1

Batch = tuple[Tensor, ...]  # numbers and marks (B, T, 2), sums (B,)

EARLY = 10  # steps of which one is marked
TOLERANCE = 0.04  # a sum is right within this


def sums(count: int, draw: torch.Generator, length: int) -> Examples:
    """Sequences (count, length, 2) and sums (count,), float32."""
    half = length // 2
    numbers = torch.rand(count, length, generator=draw)
    first = torch.randint(min(EARLY, half), (count, 1), generator=draw)
    second = (first + 1 + torch.randint(half - 1, (count, 1), generator=draw)) % half  # any but the first
    marks = torch.zeros(count, length).scatter(1, torch.cat([first, second], 1), 1.0)
    return torch.stack([numbers, marks], 2), (numbers * marks).sum(1)


def early_influence(model: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What of the answer hangs on the first half of the steps, which holds both marks: 0 where it is forgotten.

    The mean square by which the answer changes where the numbers of the first half become 1 less themselves, over the
    sum of that and the same of the second half; 0 where nothing changes it.
    """
    late = torch.arange(x.shape[1], device=x.device) >= x.shape[1] // 2
    turned = torch.cat([1 - x[..., :1], x[..., 1:]], 2)
    said = model(x)[:, -1].double()
    early, last = (
        (model(torch.where(half[:, None], turned, x))[:, -1] - said).square().mean() for half in (~late, late)
    )
    return early / (early + last).clamp(min=torch.finfo(torch.float32).tiny)


class Task(Generated):
    """Metrics: `loss` (mean squared error of the sum), `error` (share of sums off by more than 0.04) and
    `early_influence`.

    The best constant answer is 1: its squared error is the variance of a sum, 1/6, and 0.96² of the sums are out of its
    reach. Raises ValueError where the length has no two steps in its first half.
    """

    criterion = staticmethod(F.mse_loss)

    def __init__(self, *, batch: int, keys: Keys, steps: int, length: int, examples: int, judged: int) -> None:
        at_least("length", length, 4)
        super().__init__(partial(sums, length=length), batch=batch, keys=keys, examples=examples, judged=judged)
        self.sizes = {"inputs": 2, "outputs": 1, "length": length}
        self.floor = {"loss": 1 / 6, "error": (1 - TOLERANCE) ** 2}

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        """The answer is the last of the model's outputs (B, T, 1)."""
        x, wanted = batch
        return self.criterion(model(x)[:, -1, 0], wanted), carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        x, wanted = held
        said = model(x)[:, -1, 0]
        return {
            "loss": self.criterion(said, wanted),
            "error": ((said - wanted).abs() > TOLERANCE).double().mean(),
            "early_influence": early_influence(model, x),
        }
