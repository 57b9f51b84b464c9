"""Layers in a form that stacks better than their own: quicker, and no member's bits depend on those beside it.

To map batch normalization, torch puts the features of all members side by side: it turns their tensors around, and how
a column is summed depends on where it stands. The logistic function and softplus it computes otherwise for a
tensor's last numbers, which fill no vector; tanh, exp and log1p alike for all. For attention's fused kernel on a CPU it
has no rule but a loop. A convolution it maps well, to one of grouped channels. Legend: B batch, C features or channels,
N numbers of a feature.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.nn.attention import Causal


def normalised(norm: Any, x_CN: Tensor) -> Tensor:
    """Features as rows, each to mean zero and variance one; what the averages of a batch `norm` follow is kept."""
    normal, mean, scale = torch.native_layer_norm(x_CN.contiguous(), [x_CN.shape[-1]], None, None, norm.eps)
    norm.seen, norm.size = (mean.detach().squeeze(-1), scale.detach().squeeze(-1)), x_CN.shape[-1]
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


class Averages:
    """The running averages of a model's batch normalizations: they follow once a step, all layers in one call."""

    def __init__(self, model: nn.Module) -> None:
        self.norms = {name: part for name, part in model.named_modules() if isinstance(part, BatchNorm | ImageNorm)}

    def seen(self) -> list[tuple[Tensor, Tensor]]:
        """Of the last batch, each layer's means and inverse standard deviations (C,)."""
        return [norm.seen for norm in self.norms.values()]  # type: ignore[misc]

    @torch.no_grad()
    def follow(self, numbers: dict[str, Tensor], seen: list[tuple[Tensor, Tensor]]) -> None:
        """Move the averages among `numbers`, every one with a row for each member, towards what was seen."""
        if not self.norms:
            return
        norms: list[Any] = list(self.norms.values())
        means, variances = [mean for mean, _ in seen], list(torch._foreach_pow([scale for _, scale in seen], -2))
        torch._foreach_sub_(variances, [norm.eps for norm in norms])
        torch._foreach_mul_(variances, [norm.size for norm in norms])
        torch._foreach_div_(variances, [norm.size - 1 for norm in norms])
        momenta = [float(norm.momentum) for norm in norms]
        for name, now in (("running_mean", means), ("running_var", variances)):
            running = [numbers[f"{norm}.{name}"] for norm in self.norms]
            torch._foreach_mul_(running, [1 - momentum for momentum in momenta])
            torch._foreach_add_(running, list(torch._foreach_mul(now, momenta)))
        torch._foreach_add_([numbers[f"{norm}.num_batches_tracked"] for norm in self.norms], 1)


class Sigmoid(nn.Sigmoid):
    """`nn.Sigmoid` by way of tanh."""

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 + 0.5 * (0.5 * x).tanh()


class Softplus(nn.Softplus):
    """`nn.Softplus` of slope one: its gradient at zero is one half, as it should be."""

    def forward(self, x: Tensor) -> Tensor:
        size = x.abs()
        return 0.5 * (x + size) + (-size).exp().log1p()


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


class Lent:
    """A model that is called with numbers which are not its own, by name, and has its own again afterwards.

    `torch.func.functional_call` does the same for any model, tied or parametrised; its care adds a quarter to a small
    model's forward pass.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.slots: dict[str, tuple[dict[str, Any], str]] = {}
        for prefix, part in model.named_modules():
            for slots in (part._parameters, part._buffers):
                self.slots |= {f"{prefix}.{name}".lstrip("."): (slots, name) for name in slots}

    def __call__(self, numbers: dict[str, Tensor], *given: Any) -> Any:
        """The model's answer. Raises KeyError for a name that the model does not have."""
        own = [(*self.slots[name], number) for name, number in numbers.items()]
        kept = [slots[name] for slots, name, _ in own]
        try:
            for slots, name, number in own:
                slots[name] = number
            return self.model(*given)
        finally:
            for (slots, name, _), number in zip(own, kept, strict=True):
                slots[name] = number


FUNCTIONS: dict[Callable[..., Tensor], Callable[..., Tensor]] = {F.cross_entropy: cross_entropy}
FORMS: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: BatchNorm,
    nn.BatchNorm2d: ImageNorm,
    nn.Sigmoid: Sigmoid,
    nn.Softplus: Softplus,
    Causal: Attention,
}


def batched(model: nn.Module) -> nn.Module:
    """The model with every layer that has one in its stacked form."""
    for part in model.modules():
        part.__class__ = FORMS.get(type(part), type(part))
    return model
