"""What a run logs of its inner life besides gradient norms: `watch` is a word of these, `none` unless a study asks.

It is read off the forward pass of an evaluation, changes no bit of it, and is told a depth at a time from the first
layer to the last, to six digits, since it fills most of a record.

Legend: N held-out examples (and positions), U units of a layer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ablatlas.nn import activation
from ablatlas.train.depths import sampled

Told = Callable[[], dict[str, list[float]]]
NONLINEAR = tuple(kind for kind in vars(activation).values() if isinstance(kind, type))


@contextmanager
def none(model: nn.Module) -> Iterator[Told]:
    """Nothing."""
    yield dict


@contextmanager
def activations(model: nn.Module) -> Iterator[Told]:
    """What enters and leaves each nonlinearity while this lasts.

    `preactivation_mean` and `preactivation_spread` are root mean squares over a layer's units of a unit's mean and
    standard deviation over examples. `dead_units` is the share of units whose output is the same for all of them: a
    rectifier that none reaches (Glorot et al. 2011, §3.1).
    """
    layers = sampled([part for part in model.modules() if isinstance(part, NONLINEAR)])
    entered: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}
    left: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}

    def keep(layer: nn.Module, given: tuple[Tensor], made: Tensor) -> None:
        entered[layer].append(_units(given[0]))
        left[layer].append(_units(made))

    def told() -> dict[str, list[float]]:
        found = [_layer(torch.cat(entered[layer]), torch.cat(left[layer])) for layer in layers]
        return {name: [one[name] for one in found] for name in (found or [{}])[0]}

    hooks = [layer.register_forward_hook(keep) for layer in entered]
    try:
        yield told
    finally:
        for hook in hooks:
            hook.remove()


def _units(x: Tensor) -> Tensor:
    """(N, U) -> itself; an image's units are its channels, (B, U, H, W), a sequence's its features, (B, T, U)."""
    return (x.movedim(1, -1) if x.ndim == 4 else x).detach().float().flatten(0, -2)


def _layer(entered_NU: Tensor, left_NU: Tensor) -> dict[str, float]:
    spread_U, mean_U = torch.std_mean(entered_NU, 0, correction=0)
    found = {
        "preactivation_mean": mean_U.square().mean().sqrt(),
        "preactivation_spread": spread_U.square().mean().sqrt(),
        "dead_units": (left_NU.amax(0) == left_NU.amin(0)).double().mean(),
    }
    return {name: float(f"{value.item():.6g}") for name, value in found.items()}
