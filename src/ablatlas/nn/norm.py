"""Normalisation of a layer's pre-activations, per feature over the batch, or none.

The features of an image are its channels, whose positions count like further examples.
"""

from torch import nn


def batch(width: int, image: bool = False) -> nn.Module:
    """Batch normalization of (B, width), or (B, width, H, W) (Ioffe & Szegedy 2015, arXiv 1502.03167, alg. 1, §3.2)."""
    return nn.BatchNorm2d(width) if image else nn.BatchNorm1d(width)


def none(width: int, image: bool = False) -> nn.Module:
    """No normalisation: the pre-activations as they are."""
    return nn.Identity()
