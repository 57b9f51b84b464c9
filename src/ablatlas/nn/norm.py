"""Normalisation of a layer's pre-activations, per feature over the batch, or none."""

from torch import nn


def batch(width: int) -> nn.Module:
    """Batch normalization over (batch, width) (Ioffe & Szegedy 2015, arXiv 1502.03167, alg. 1)."""
    return nn.BatchNorm1d(width)


def none(width: int) -> nn.Module:
    """No normalisation: the pre-activations as they are."""
    return nn.Identity()
