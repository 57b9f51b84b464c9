"""Images, which tasks give flat, as the square maps that they are, or with their pixels scattered."""

from math import isqrt

import torch
from torch import Tensor, nn

GREY, COLOUR = 1, 3


def shape(inputs: int) -> tuple[int, int]:
    """Channels and side of a square image of so many numbers: side² of a grey one, 3 side² of a coloured one.

    No number is both, so that a task need not say it. Raises ValueError where it is neither.
    """
    for channels in (GREY, COLOUR):
        side = isqrt(inputs // channels)
        if side and channels * side**2 == inputs:
            return channels, side
    raise ValueError(f"task: found {inputs} inputs, expected a square image, side² numbers if grey, 3 side² in colour")


def image(inputs: int) -> nn.Module:
    """(B, inputs) -> (B, channels, side, side), row by row."""
    channels, side = shape(inputs)
    return nn.Unflatten(1, (channels, side, side))


class Scattered(nn.Module):
    """Every pixel to another place, the same in every image and in every run. (B, C, S, S) -> (B, C, S, S).

    It takes from an image what is near what and nothing else: a network that sees all pixels alike learns as before.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        # a list, since what is a tensor here would be a member's own number to the stacked engine
        self.order = torch.randperm(side**2, generator=torch.Generator().manual_seed(0)).tolist()

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2)[:, :, self.order].view_as(x)


def scattered(inputs: int) -> nn.Module:
    """(B, inputs) -> (B, channels, side, side), the pixels of each in one random order."""
    return nn.Sequential(image(inputs), Scattered(shape(inputs)[1]))


placed = image
