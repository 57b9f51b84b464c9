"""Text of many domains: each is a Markov chain over the same symbols, and each text says first of which domain it is.

A model must hold the transitions of all domains and use those of one, which is what many experts are for (Shazeer et
al. 2017, arXiv 1701.06538). The chains are the same in every run. The entropy of such a text is known in closed form:
it is the best possible loss. Legend: D domains, V symbols, T positions.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Keys, entropy
from ablatlas.tasks.generated import Examples, Generated, at_least, fixed

VERSION = 1

Batch = tuple[Tensor, ...]  # symbols seen (B, T), of which V + d says the domain d, and those to predict (B, T)


def chains(domains: int, symbols: int, sharpness: float) -> tuple[Tensor, Tensor]:
    """Transitions (D, V, V), row to column, and stationary shares (D, V), float64; fewer domains are the first of more.

    A row is the softmax of `sharpness` times standard normal numbers: uniform at 0, the sharper the more certain.
    """
    normal = [torch.randn(symbols, symbols, generator=fixed("chain", d), dtype=torch.float64) for d in range(domains)]
    transitions = (sharpness * torch.stack(normal)).softmax(-1)
    balance = transitions.mT - torch.eye(symbols, dtype=torch.float64)
    balance[:, -1] = 1.0  # the shares sum to one, which replaces one of the V equations, of which V - 1 are independent
    one = F.one_hot(torch.tensor(symbols - 1), symbols).double().expand(domains, -1)
    return transitions, torch.linalg.solve(balance, one)


def least(transitions: Tensor, stationary: Tensor, length: int) -> float:
    """The entropy of a text, in nats per symbol, its domain known: one symbol from the shares, then transitions.

    Cover & Thomas, Elements of Information Theory, eq. 4.27; mean over the domains.
    """
    rate = torch.special.entr(transitions).sum(-1).mul(stationary).sum(-1)
    first = torch.special.entr(stationary).sum(-1)
    return float((first + (length - 1) * rate).mean() / length)


def texts(count: int, draw: torch.Generator, length: int, transitions: Tensor, stationary: Tensor) -> Examples:
    """Domains (count,) and texts (count, length), int64, each from its domain's stationary chain."""
    domains, symbols = stationary.shape
    domain = torch.randint(domains, (count,), generator=draw)
    u = torch.rand(count, length, 1, generator=draw, dtype=torch.float64)
    written: list[Tensor] = []
    for t in range(length):
        shares = transitions[domain, written[-1]] if written else stationary[domain]
        written.append((u[:, t] > shares.cumsum(-1)).sum(-1).clamp(max=symbols - 1))  # the last sum may be below 1
    return domain, torch.stack(written, 1)


class Task(Generated):
    """Metric: `loss` (nats per symbol), of which `best["loss"]` is the least that any model can have on average.

    Raises ValueError where there is no domain or no choice of symbols.
    """

    criterion = staticmethod(F.cross_entropy)

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, domains: int, symbols: int, sharpness: float, length: int,
        examples: int, judged: int,
    ) -> None:  # fmt: skip
        for name, found, low in (("domains", domains, 1), ("symbols", symbols, 2), ("length", length, 1)):
            at_least(name, found, low)
        transitions, stationary = chains(domains, symbols, sharpness)

        def make(count: int, draw: torch.Generator) -> Examples:
            domain, text = texts(count, draw, length, transitions, stationary)
            return torch.cat([symbols + domain[:, None], text[:, :-1]], 1), text

        super().__init__(make, batch=batch, keys=keys, examples=examples, judged=judged)
        self.sizes = {"inputs": symbols + domains, "outputs": symbols, "length": length}
        self.floor = {"loss": entropy(self.data["train"][1].flatten().bincount(minlength=symbols))}
        self.best = {"loss": least(transitions, stationary, length)}

    def loss(self, model: Callable[[Tensor], Tensor], batch: Batch, carry: None) -> tuple[Tensor, None]:
        seen, wanted = batch
        return self.criterion(model(seen).flatten(0, 1), wanted.flatten()), carry

    def metrics(self, model: Callable[[Tensor], Tensor], held: Batch) -> dict[str, Tensor]:
        return {"loss": self.loss(model, held, None)[0]}
