"""Densities in the plane: the words of `task.density`.

Each draws (count, 2) float32 points, mostly within one of the origin in either coordinate.
"""

import math

import torch
from torch import Tensor


def gaussians(count: int, draw: torch.Generator) -> Tensor:
    """Eight Gaussians of standard deviation 0.05, evenly spaced on the unit circle."""
    angle = torch.randint(8, (count,), generator=draw) * (math.pi / 4)
    return _on(angle.cos(), angle.sin()) + 0.05 * torch.randn(count, 2, generator=draw)


def swiss_roll(count: int, draw: torch.Generator) -> Tensor:
    """The spiral r = angle / 4.5 pi from 1.5 pi to 4.5 pi, deviation 0.02 (after Sohl-Dickstein et al. 2015)."""
    angle = (1.5 + 3 * torch.rand(count, generator=draw)) * math.pi
    radius = angle / (4.5 * math.pi)
    return _on(radius * angle.cos(), radius * angle.sin()) + 0.02 * torch.randn(count, 2, generator=draw)


def moons(count: int, draw: torch.Generator) -> Tensor:
    """Two interleaved half circles of radius 2/3, each the other turned half around the origin, deviation 0.03."""
    angle = torch.rand(count, generator=draw) * math.pi
    side = 1 - 2 * torch.randint(2, (count, 1), generator=draw)
    half = _on(angle.cos() - 0.5, angle.sin() - 0.25) / 1.5
    return side * half + 0.03 * torch.randn(count, 2, generator=draw)


def checkerboard(count: int, draw: torch.Generator) -> Tensor:
    """Uniform on the eight dark squares of a four by four board over [-1, 1)²."""
    square, x_y = torch.randint(8, (count,), generator=draw), torch.rand(count, 2, generator=draw)
    row = square // 2
    corner = torch.stack([2 * (square % 2) + row % 2, row], 1)
    return (corner + x_y) / 2 - 1


def _on(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([x, y], 1)
