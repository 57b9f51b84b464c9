"""Layers in a form that stacks better than their own: quicker, and no member's bits depend on those beside it.

To map batch normalization, torch puts the features of all members side by side: it turns their tensors around, and how
a column is summed depends on where it stands. For attention's fused kernel on a CPU it has no rule but a loop. Legend:
B batch, C features.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.nn.attention import Causal


class BatchNorm(nn.BatchNorm1d):
    """`nn.BatchNorm1d` of (B, C) under the same names: to normalise features over the batch is to normalise rows."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        size = x.shape[-2]
        normal, mean, scale = torch.native_layer_norm(x.mT.contiguous(), [size], None, None, self.eps)
        with torch.no_grad():
            variance = scale.squeeze(-1) ** -2 - self.eps
            self.num_batches_tracked.add_(1)
            for running, now in (
                (self.running_mean, mean.squeeze(-1)),
                (self.running_var, variance * size / (size - 1)),
            ):
                running.mul_(1 - self.momentum).add_(now * self.momentum)
        return torch.addcmul(self.bias, normal.mT, self.weight)


class Attend(torch.autograd.Function):
    """The fused kernel, whose batch takes in the members as well where it is mapped over them."""

    @staticmethod
    def forward(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: mapped, torch itself follows what `vmap` calls."""

    @staticmethod
    def vmap(info: Any, places: tuple[int, ...], *qkv: Tensor) -> tuple[Tensor, int]:
        q, k, v = (x.movedim(place, 0).flatten(0, 1) for x, place in zip(qkv, places, strict=True))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return y.unflatten(0, (info.batch_size, -1)), 0


class Attention(Causal):
    """`Causal` of many members in one call."""

    def forward(self, q_BNTD: Tensor, k_BNTD: Tensor, v_BNTD: Tensor) -> Tensor:
        attended: Tensor = Attend.apply(q_BNTD, k_BNTD, v_BNTD)
        return attended


def cross_entropy(logits: Tensor, wanted: Tensor) -> Tensor:
    """`F.cross_entropy` of (B, C) and (B,), which torch maps step by step in Python."""
    return -F.log_softmax(logits, -1).gather(-1, wanted.unsqueeze(-1)).mean()


FUNCTIONS: dict[Callable[..., Tensor], Callable[..., Tensor]] = {F.cross_entropy: cross_entropy}
FORMS: dict[type[nn.Module], type[nn.Module]] = {nn.BatchNorm1d: BatchNorm, Causal: Attention}


def batched(model: nn.Module) -> nn.Module:
    """The model with every layer that has one in its stacked form."""
    for part in model.modules():
        part.__class__ = FORMS.get(type(part), type(part))
    return model
