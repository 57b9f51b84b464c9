"""Layers in a form that stacks better than their own: quicker, and no member's bits depend on those beside it.

To map batch normalization, torch puts the features of all members side by side: it turns their tensors around, and how
a column is summed depends on where it stands. For attention's fused kernel on a CPU it has no rule but a loop. A
convolution it maps well, to one of grouped channels. Legend: B batch, C features or channels, N numbers of a feature.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.nn.attention import Causal


def normalised(norm: Any, x_CN: Tensor) -> Tensor:
    """Features as rows, each to mean zero and variance one; the running averages of a batch `norm` follow theirs."""
    size = x_CN.shape[-1]
    normal, mean, scale = torch.native_layer_norm(x_CN.contiguous(), [size], None, None, norm.eps)
    with torch.no_grad():
        variance = scale.squeeze(-1) ** -2 - norm.eps
        norm.num_batches_tracked.add_(1)
        averages = (norm.running_mean, mean.squeeze(-1)), (norm.running_var, variance * size / (size - 1))
        for running, now in averages:
            running.mul_(1 - norm.momentum).add_(now * norm.momentum)
    return normal


class BatchNorm(nn.BatchNorm1d):
    """`nn.BatchNorm1d` of (B, C) under the same names: to normalise features over the batch is to normalise rows."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        return torch.addcmul(self.bias, normalised(self, x.mT).mT, self.weight)


class ImageNorm(nn.BatchNorm2d):
    """`nn.BatchNorm2d` of (B, C, H, W) under the same names; its rows are the channels."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        normal = normalised(self, x.transpose(0, 1).flatten(1))
        y_CN = torch.addcmul(self.bias[:, None], normal, self.weight[:, None])
        return y_CN.unflatten(1, (x.shape[0], *x.shape[2:])).transpose(0, 1)


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
FORMS: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: BatchNorm,
    nn.BatchNorm2d: ImageNorm,
    Causal: Attention,
}


def batched(model: nn.Module) -> nn.Module:
    """The model with every layer that has one in its stacked form."""
    for part in model.modules():
        part.__class__ = FORMS.get(type(part), type(part))
    return model
