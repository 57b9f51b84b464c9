"""At which depths of a network what differs between its layers is logged."""

from torch import nn

DEPTHS = 9


def sampled(layers: list[nn.Module]) -> list[nn.Module]:
    """`DEPTHS` layers from first to last, evenly spaced; none where there are none."""
    return [layers[round(i * (len(layers) - 1) / (DEPTHS - 1))] for i in range(DEPTHS)] if layers else []
