"""What a run is taught when, out of what it is shown: in every step a batch of the source and one of the target.

Each word makes of these the one batch that the step learns from, of the same size, and says of which group each image
is, 0 the source's and 1 the target's. Legend: B batch.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Shown(NamedTuple):
    """What every run of a seed is shown in a step, whatever it learns from it: images (B, I) and labels (B,)."""

    source: Tensor
    source_labels: Tensor
    target: Tensor
    target_labels: Tensor
    step: Tensor  # (), counted from 0


Taught = tuple[Tensor, Tensor, Tensor]  # images (B, I), labels (B,), groups (B,)


def target_alone(shown: Shown, before: int) -> Taught:
    """No source: as many steps, all of them on the target."""
    return shown.target, shown.target_labels, torch.ones_like(shown.target_labels)


def source_first(shown: Shown, before: int) -> Taught:
    """The source for the first `before` steps, then the target (Yosinski et al. 2014, arXiv 1411.1792)."""
    return _turn(shown, shown.source_labels, before)


def unsaid_first(shown: Shown, before: int) -> Taught:
    """The same images in the same steps, each of the source with the label of another of its batch: nothing is said."""
    return _turn(shown, shown.source_labels.roll(1), before)


def both(shown: Shown, before: int) -> Taught:
    """Half of every batch from either, all the time (Caruana 1997, Machine Learning 28:41)."""
    half = len(shown.target_labels) // 2
    groups = torch.zeros_like(shown.target_labels)
    return (
        torch.cat([shown.source[:half], shown.target[half:]]),
        torch.cat([shown.source_labels[:half], shown.target_labels[half:]]),
        torch.cat([groups[:half], groups[half:] + 1]),
    )


def _turn(shown: Shown, labels: Tensor, before: int) -> Taught:
    early = shown.step < before
    groups = torch.where(early, torch.zeros_like(labels), torch.ones_like(labels))
    return torch.where(early, shown.source, shown.target), torch.where(early, labels, shown.target_labels), groups
