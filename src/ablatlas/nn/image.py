"""Images, which tasks give flat, as the square maps that they are."""

from math import isqrt

from torch import nn

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
