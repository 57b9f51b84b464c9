"""Learn from a text which words are of one topic: pairs of words beside each other, judged by the words' vectors alone.

Every sentence has a topic, and of its words some are of that topic, all others common ones that tell nothing. Words are
as frequent as their rank among their kind says (Zipf). What a model is trained by is its own affair, and told in units
of its own; it is judged by whether the words that lie nearest to a word are of its topic, the same for all. Legend:
V words, N sentences, T words of a sentence, P pairs, B batch, K drawn words, W width, n words judged.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks import Epochs, Keys
from ablatlas.tasks.generated import Examples, at_least, drawn, fixed
from ablatlas.tasks.words import shares

VERSION = 1

SHARPNESS = 10.0  # of the neighbours' votes, by which the cosine of two vectors is multiplied
SPLITS = ("validation", "test")
FLATTER = 0.75  # the power of its share by which a word is drawn as noise (Mikolov et al. 2013, arXiv 1310.4546, §2.2)

Batch = tuple[Tensor, ...]  # words (B,), the words beside them (B,), words drawn as noise (B, K)
Model = Callable[..., tuple[Tensor, Tensor]]  # a batch -> the words' vectors (B, W), and nats (B,)


def chances(topics: int, words: int, common: int, share: float, tail: float) -> tuple[Tensor, Tensor]:
    """How often each word is in a sentence of each topic, (topics, V), float64, and the words of each topic by rank.

    Their numbers tell no topic, so that a tree over them does not either; below them are those of the common words.
    """
    mixed = common + torch.randperm(topics * words, generator=fixed("topic", 0)).reshape(topics, words)
    chance = torch.zeros(topics, common + topics * words, dtype=torch.float64)
    chance[:, :common] = share * shares(common, tail)
    return chance.scatter(1, mixed, (1 - share) * shares(words, tail).expand(topics, -1)), mixed


def sentences(count: int, draw: torch.Generator, chance: Tensor, length: int) -> Examples:
    """Words (count, length) of sentences of a topic each, and numbers in [0, 1) by which each may be dropped."""
    topic = torch.randint(len(chance), (count,), generator=draw)
    u = torch.rand(2, count, length, generator=draw, dtype=torch.float64)
    return picked(chance[topic].cumsum(-1), u[0]), u[1]


def picked(chance: Tensor, u: Tensor) -> Tensor:
    """The words (…, n) that numbers in [0, 1) of that shape fall on, of chances (…, V), each added to those before."""
    return torch.searchsorted(chance, u).clamp(max=chance.shape[-1] - 1)


def kept(share: Tensor, threshold: float) -> Tensor:
    """The probability that a word with a share of the text is not dropped from it (its §2.3, eq. 5)."""
    return (threshold / share).sqrt().clamp(max=1.0)


def pairs(text_NT: Tensor, keep_NT: Tensor, window: int) -> Tensor:
    """All pairs (P, 2) of words at most `window` apart in a sentence, once those not kept are gone, both ways round."""
    order = (~keep_NT).long().argsort(dim=1, stable=True)
    text_NT, sizes = text_NT.gather(1, order), keep_NT.sum(1, keepdim=True)
    found = []
    for apart in range(1, min(window, text_NT.shape[1] - 1) + 1):
        left, right = text_NT[:, :-apart], text_NT[:, apart:]
        both = torch.stack([left, right], 2)[torch.arange(apart, text_NT.shape[1]) < sizes]
        found += [both, both.flip(1)]
    return torch.cat(found)


def cosines(vectors: Tensor) -> Tensor:
    """Of vectors (n, W) with each other, (n, n): minus infinity with themselves."""
    of_one_length = F.normalize(vectors, dim=1)
    return (of_one_length @ of_one_length.T).fill_diagonal_(-torch.inf)


def votes(near: Tensor, topic: Tensor) -> Tensor:
    """Nats (n,) of each word's topic by the vote of all others, given the words' cosines (n, n).

    A vote weighs as much as the exponential of `SHARPNESS` times the cosine.
    That is the probability of neighbourhood components analysis (Goldberger et al. 2004, NIPS 17, eq. 2), of vectors of
    one length.
    """
    weights = SHARPNESS * near
    return weights.logsumexp(1) - weights.masked_fill(topic[:, None] != topic, -torch.inf).logsumexp(1)


class Task:
    """Metrics: `loss` (nats of a word's topic by the vote of its neighbours, see `votes`), `error` (share of words
    whose nearest neighbour is of another topic), the losses of the more `frequent` half of each topic's words and of
    the `rare` half, and `own`, the model's own loss on words beside those.

    Validation and test judge `judged` words of each topic, every other of the most frequent; none of the common words.
    Raises ValueError where there are no two topics, not as many words, or no word beside another.
    """

    def __init__(
        self, *, batch: int, keys: Keys, steps: int, topics: int, words: int, common: int, share: float, tail: float,
        length: int, window: int, noise: int, threshold: float, examples: int, judged: int,
    ) -> None:  # fmt: skip
        lowest = {"topics": 2, "words": 2 * judged, "common": 1, "tail": 0, "length": 2, "window": 1, "noise": 1}
        for name, found in zip(lowest, (topics, words, common, tail, length, window, noise), strict=True):
            at_least(name, found, lowest[name])
        at_least("judged", judged, 2)
        if not 0 < share < 1:
            raise ValueError(f"task.share: found {share}, expected a number between 0 and 1")
        if not 0 < threshold <= 1:
            raise ValueError(f"task.threshold: found {threshold}, expected a number above 0, at most 1")
        chance, self.words = chances(topics, words, common, float(share), float(tail))
        text, luck = drawn(partial(sentences, chance=chance, length=length), examples, keys, "example")
        often = chance.mean(0)
        self.pairs = pairs(text, luck < kept(often, threshold)[text], window)
        self.flat, self.drawn, self.keys = (often**FLATTER / (often**FLATTER).sum()).cumsum(-1), noise, keys
        self.order = Epochs(keys, batch, len(self.pairs))
        self.examples = batch  # a step
        self.sizes = {"inputs": len(often), "outputs": len(often), "noise": noise}
        # every other word to a split; those that are judged are the first of them
        ranks = {"train": torch.arange(2 * judged), **{k: torch.arange(2 * judged)[i::2] for i, k in enumerate(SPLITS)}}
        self.held = {split: self._judged(chance, of) for split, of in ranks.items()}
        alike, others = judged - 1, topics * judged - 1
        self.floor = {"loss": math.log(others / alike), "error": 1 - alike / others}

    def _judged(self, chance: Tensor, ranks: Tensor) -> Batch:
        """Words of every topic, a word beside each and noise, their topics, and whether they are of the rarer half."""
        words = self.words[:, ranks]
        draw = fixed("judged", 0)
        beside = picked(chance.cumsum(-1), torch.rand(words.shape, generator=draw, dtype=torch.float64))
        topic = torch.arange(len(words))[:, None].expand_as(words)
        rare = (ranks > ranks.median()).expand_as(words)
        return words.flatten(), beside.flatten(), self._noise(words.numel(), draw), topic.flatten(), rare.flatten()

    def _noise(self, count: int, draw: torch.Generator) -> Tensor:
        """Words (count, K), each as often as its share to a power says."""
        u = torch.rand(count, self.drawn, generator=draw, dtype=torch.float64)
        return picked(self.flat, u.to(self.flat.device))

    def batch(self, step: int) -> Batch:
        [rows] = self.order.rows(step, self.pairs)
        return rows[:, 0], rows[:, 1], self._noise(len(rows), self.keys("noise", step))

    def loss(self, model: Model, batch: Batch, carry: None) -> tuple[Tensor, None]:
        _, nats = model(*batch)
        return nats.mean(), carry

    def held_out(self, split: str) -> Batch:
        """All words of a split that are judged."""
        return self.held[split]

    def metrics(self, model: Model, held: Batch) -> dict[str, Tensor]:
        *batch, topic, rare = held
        vectors, own = model(*batch)
        near = cosines(vectors)
        each = votes(near, topic)
        return {
            "loss": each.mean(),
            "error": (topic[near.argmax(1)] != topic).double().mean(),
            "frequent": each[~rare].mean(),
            "rare": each[rare].mean(),
            "own": own.mean(),
        }
