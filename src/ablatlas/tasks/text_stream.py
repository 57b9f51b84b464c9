"""Predict a real text character by character as it goes on: streams side by side, the state carried along each.

`tasks.text` reads windows that know nothing of each other; here each begins in the state that the one before it left.
Legend: T steps, B streams, C characters.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.data import corpora
from ablatlas.data.tokens import Characters
from ablatlas.tasks import Keys, entropy
from ablatlas.tasks.carried import Carried

VERSION = 1

# characters seen (T, B, C), to predict (T, B), where a speech begins (T, B); in training which streams start afresh
Batch = tuple[Tensor, ...]


class Task(Carried):
    """Metrics: `loss` (nats per character), `loss@L` (the same over the last `span` characters up to stream position L,
    over `judged` streams read from a fresh state), `largest_state` (max |c|).

    The training text, turned so that it begins where the seed says, is cut into `batch` streams of one length, read in
    windows of `window` characters with the state carried on. When they were read they are read again, from a fresh
    state; up to there nothing resets it. A speech begins after an empty line: a model may, an outside reset must know.

    Raises ValueError where a stream holds no window, and where a split is too short for the streams to judge on.
    """

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, dataset: str, window: int, judged: int, span: int,
        positions: list[int],
    ) -> None:  # fmt: skip
        self.read, self.size, self.window = getattr(corpora, dataset), batch, window
        self.judged, self.span, self.positions = judged, span, list(positions)
        text = self.read("train")
        self.characters = Characters(text)
        codes = torch.tensor(self.characters.encode(text))
        self.rounds = (len(codes) - 1) // batch // window if window > 0 else 0
        if not self.rounds:
            most = (len(codes) - 1) // batch
            raise ValueError(
                f"task.window: found {window}, expected a whole number from 1 to {most}, a stream's length"
            )
        turn = int(torch.randint(len(codes), (1,), generator=keys("turn", 0)))
        self.symbols, self.fresh = self.streams(codes.roll(-turn), batch, self.rounds * window)
        self.sizes = {"inputs": len(self.characters), "outputs": len(self.characters)}
        floor = entropy(codes[1:].bincount(minlength=len(self.characters)))
        self.floor = {"loss": floor} | {f"loss@{position}": floor for position in self.positions}
        self.examples = batch * window  # characters a step
        self.held: dict[str, Batch] = {}

    def streams(self, codes: Tensor, count: int, length: int) -> tuple[Tensor, Tensor]:
        """`count` streams, equally spaced in a text, and where speeches begin in them, (length + 1, count) each."""
        line = codes == self.characters.numbers["\n"]
        begins = line.roll(1) & line.roll(2)
        starts = torch.arange(count) * ((len(codes) - 1) // count)
        rows = starts + torch.arange(length + 1)[:, None]
        return codes[rows], begins[rows]

    def batch(self, step: int) -> Batch:
        place = step % self.rounds
        rows = slice(place * self.window, (place + 1) * self.window + 1)
        begins = torch.full((self.size,), place == 0, device=self.symbols.device)
        return *self.cut(self.symbols[rows], self.fresh[rows]), begins

    def cut(self, symbols: Tensor, fresh: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(T + 1, B) characters and where speeches begin -> what is seen, what is to be predicted, where they begin."""
        return F.one_hot(symbols[:-1], len(self.characters)).float(), symbols[1:], fresh[:-1]

    def held_out(self, split: str) -> Batch:
        """What is seen, to be predicted, and where speeches begin, of `judged` streams that the split is cut into."""
        if split not in self.held:
            codes, longest = torch.tensor(self.characters.encode(self.read(split))), max(self.positions)
            most = (len(codes) - 1) // longest
            if not 1 <= self.judged <= most:
                told = f"a whole number from 1 to {most}, the streams of {longest} characters in {split}"
                raise ValueError(f"task.judged: found {self.judged}, expected {told}")
            streams = self.streams(codes, self.judged, longest)
            self.held[split] = self.cut(*(part.to(self.symbols.device) for part in streams))
        return self.held[split]

    def metrics(self, model: nn.Module, held: Batch) -> dict[str, Tensor]:
        seen, wanted, fresh = held
        logits, (_, c) = model(seen, model.rest(self.judged), fresh)  # type: ignore[operator]
        losses = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none").view_as(wanted)
        metrics = {"loss": losses.mean(), "largest_state": c.abs().max()}
        for position in self.positions:
            metrics[f"loss@{position}"] = losses[max(0, position - self.span) : position].mean()
        return metrics
