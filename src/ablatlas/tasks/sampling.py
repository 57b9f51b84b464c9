"""Which examples a run trains on, and what is done to them: subsets, copies, wrong labels, a filter, places.

All of it is a function of a run's keys, and what is asked for more of holds what is asked for less of.
"""

from functools import cache

import torch
from torch import Tensor

from ablatlas.tasks import Keys


def subset(labels: Tensor, examples: int, copies: int, keys: Keys) -> Tensor:
    """Indices of `examples` training examples, of which `examples / copies` differ; shape (examples,).

    Subsets of one seed are nested and balanced: the examples stand class by class in turn, in an order of its own.
    Raises ValueError where there are not so many examples, or copies do not divide them.
    """
    if copies < 1 or examples % copies:
        raise ValueError(f"task.copies: found {copies}, expected a divisor of the {examples} examples")
    most = len(labels) * copies
    if not 1 <= examples <= most:
        raise ValueError(f"task.examples: found {examples}, expected a whole number from 1 to {most}, all there are")
    order = torch.randperm(len(labels), generator=keys("subset", 0))
    own = [(labels[order] == label).cumsum(0) * (labels[order] == label) for label in range(int(labels.max()) + 1)]
    turn = torch.stack(own).sum(0)
    return order[turn.argsort(stable=True)][: examples // copies].repeat(copies)


def mislabelled(labels: Tensor, chosen: Tensor, share: float, keys: Keys) -> Tensor:
    """The labels of the `chosen` examples, no two the same, a share of them wrong, to the nearest whole number.

    A wrong label is any other class, each as likely. Of one seed, what is wrong at a share is wrong, and in the same
    way, at every larger one. Raises ValueError for a share beyond [0, 1].
    """
    fraction("noise", share)
    classes = int(labels.max()) + 1
    rank = torch.rand(len(labels), generator=keys("noise", 0))
    shift = torch.randint(1, classes, (len(labels),), generator=keys("wrong label", 0))
    wrong = chosen[rank[chosen].argsort(stable=True)][: round(share * len(chosen))]
    seen = labels.clone()
    seen[wrong] = (labels[wrong] + shift[wrong]) % classes
    return seen[chosen]


def filtered(wrong: Tensor, share: float, keys: Keys) -> Tensor:
    """The rows, in order, that a filter keeps: it takes out the share of what is `wrong` (n,), to the nearest number.

    Of one seed, what is taken out at a share is taken out at every larger one. Raises ValueError for a share beyond
    [0, 1].
    """
    fraction("filtered", share)
    found = wrong.nonzero().squeeze(1)
    order = torch.randperm(len(found), generator=keys("filter", 0))
    kept = torch.ones(len(wrong), dtype=torch.bool)
    kept[found[order[: round(share * len(found))]]] = False
    return kept.nonzero().squeeze(1)


def fraction(name: str, share: float) -> None:
    """Raise ValueError unless a task's `share` is a share."""
    if not 0 <= share <= 1:
        raise ValueError(f"task.{name}: found {share}, expected a share from 0 to 1")


def offsets(count: int, places: int, side: int, keys: Keys, split: str) -> Tensor:
    """For each of `count` images one of the first `places` offsets of a frame of side², (count,).

    Raises ValueError where the frame has no so many places.
    """
    if not 1 <= places <= side * side:
        raise ValueError(f"task.places: found {places}, expected a whole number from 1 to {side * side}")
    return torch.randint(places, (count,), generator=keys(f"places, {split}", 0))


@cache
def rolls(side: int, device: torch.device) -> Tensor:
    """For each offset of a frame (side²,) and each pixel (side²,) the pixel that comes there, rows first."""
    line = torch.arange(side, device=device)
    comes = (line - line[:, None]) % side  # by how far, to where
    return (comes[:, None, :, None] * side + comes[None, :, None, :]).reshape(side**2, side**2)


def shifted(images: Tensor, offset: Tensor, side: int) -> Tensor:
    """Images (n, C side²), each rolled around the frame by its offset (n,), rows first."""
    planes = images.view(len(images), -1, side * side)
    comes = rolls(side, images.device).index_select(0, offset)
    return planes.gather(2, comes[:, None].expand_as(planes)).flatten(1)
