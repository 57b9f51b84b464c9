"""The continual embedded Reber grammar (Gers, Schmidhuber & Cummins 2000, §2): a stream of strings without a break.

A string is B, then T or P, a Reber string, the same T or P again, then E. Whoever predicts the last but one symbol must
have remembered the second one; whoever reads a stream without end must also forget it. Symbols are one-hot
over BTPSXVE. Legend: T steps, B streams.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.tasks import Keys, entropy
from ablatlas.tasks.carried import Carried

VERSION = 2

SYMBOLS = "BTPSXVE"
# Reber's automaton: state -> its two equally likely (symbol, next state); state 6 emits E and ends.
ARCS = [
    [("B", 1), ("B", 1)], [("T", 2), ("P", 3)], [("S", 2), ("X", 4)], [("T", 3), ("V", 5)],
    [("X", 3), ("S", 6)], [("P", 4), ("V", 6)], [("E", 7), ("E", 7)],
]  # fmt: skip
END = 7
SHORTEST = 9  # symbols in the shortest embedded string
EMITS = np.array([[SYMBOLS.index(symbol) for symbol, _ in arcs] for arcs in ARCS])
NEXT = np.array([[state for _, state in arcs] for arcs in ARCS])

# symbols seen (T, B, 7), symbols to predict (T, B), where a string begins (T, B); in training which streams start
# afresh (B,), in judging which symbols to predict are asked for (T, B)
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def strings(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`count` embedded Reber strings, all automata stepped together: symbols and places, a string a row.

    Rows are filled up with -1. A place is 0 at a string's first symbol, 2 at its last but one, 1 elsewhere.
    """
    begin, end = np.full(count, SYMBOLS.index("B")), np.full(count, SYMBOLS.index("E"))
    remembered = SYMBOLS.index("T") + random.integers(2, size=count)
    columns, state = [begin, remembered], np.zeros(count, int)
    while (state != END).any():
        coin, running = random.integers(2, size=count), state != END
        at = np.where(running, state, 0)
        columns.append(np.where(running, EMITS[at, coin], -1))
        state = np.where(running, NEXT[at, coin], END)
    blank = np.full(count, -1)
    symbols = np.stack([*columns, blank, blank], axis=1)
    rows, length = np.arange(count), (symbols >= 0).sum(1)
    symbols[rows, length], symbols[rows, length + 1] = remembered, end
    places = np.where(symbols >= 0, 1, -1)
    places[:, 0], places[rows, length] = 0, 2
    return symbols, places


def streams(count: int, length: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`count` streams side by side, each strings end to end: symbols and places, (length, count) int64."""
    random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    each = length // SHORTEST + 1
    symbols, places = strings(count * each, random)
    written = symbols >= 0
    starts = np.concatenate([[0], written.sum(1).reshape(count, each).sum(1).cumsum()[:-1]])
    index = starts + np.arange(length)[:, None]
    return torch.as_tensor(symbols[written][index]), torch.as_tensor(places[written][index])


class Task(Carried):
    """Metrics: `loss` (nats per symbol), `recall@L` (share of last-but-one symbols predicted right among the last
    `span` symbols up to stream position L, over `judged` streams read from a fresh state), `largest_state` (max |c|).

    Training reads `batch` streams in windows of `window` symbols with the state carried on. A stream ends after
    `restart` windows and another starts from a fresh state, at different times in different streams. There are
    `examples` different streams, of which fewer are the first of more; when all were read, they are read again.

    Raises ValueError where the streams are not so many for each of the batch.
    """

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, window: int, restart: int, examples: int, judged: int, span: int,
        positions: list[int],
    ) -> None:  # fmt: skip
        if examples < batch or examples % batch:
            raise ValueError(f"task.examples: found {examples}, expected a multiple of recipe.batch, {batch}")
        self.size, self.keys, self.window, self.restart = batch, keys, window, restart
        self.judged, self.span, self.positions = judged, span, list(positions)
        # Whole streams end to end, each one symbol longer than what is read of it: the last is only predicted.
        self.offset = torch.arange(batch) * restart // batch
        rounds = examples // batch
        made = [streams(batch, restart * window + 1, keys("stream", i)) for i in range(rounds)]
        self.symbols, self.places = (torch.stack(part) for part in zip(*made, strict=True))
        self.sizes = {"inputs": len(SYMBOLS), "outputs": len(SYMBOLS)}
        self.floor = {"loss": entropy(self.symbols.flatten().bincount(minlength=len(SYMBOLS)))}
        self.floor |= {f"recall@{position}": 0.5 for position in self.positions}
        self.examples = batch * window  # symbols a step
        self.held: dict[str, Batch] = {}

    def batch(self, step: int) -> Batch:
        turn, place = (step + self.offset) // self.restart, (step + self.offset) % self.restart
        rows = place * self.window + torch.arange(self.window + 1, device=place.device)[:, None]
        columns = torch.arange(self.size)
        begins = (place == 0) | (step == 0)
        again = turn % len(self.symbols)
        return *self.cut(self.symbols[again, rows, columns], self.places[again, rows, columns]), begins

    @staticmethod
    def cut(symbols: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(T + 1, B) symbols and places -> what is seen, what is to be predicted, where strings begin."""
        return F.one_hot(symbols[:-1], len(SYMBOLS)).float(), symbols[1:], places[:-1] == 0

    def held_out(self, split: str) -> Batch:
        """What is seen, to be predicted, where strings begin, and what has to be remembered, of `judged` streams."""
        if split not in self.held:  # to make them takes longer than to read them
            symbols, places = streams(self.judged, max(self.positions) + 1, self.keys(split, 0))
            symbols, places = symbols.to(self.symbols.device), places.to(self.symbols.device)
            self.held[split] = (*self.cut(symbols, places), places[1:] == 2)
        return self.held[split]

    def metrics(self, model: nn.Module, held: Batch) -> dict[str, Tensor]:
        seen, wanted, fresh, asked = held
        logits, (_, c) = model(seen, model.rest(self.judged), fresh)  # type: ignore[operator]
        right = asked & (logits.argmax(-1) == wanted)
        metrics = {"loss": F.cross_entropy(logits.flatten(0, 1), wanted.flatten()), "largest_state": c.abs().max()}
        for position in self.positions:
            rows = slice(max(0, position - self.span), position)
            metrics[f"recall@{position}"] = right[rows].sum().double() / asked[rows].sum()
        return metrics
