"""A layer by itself: its kernels compute the same, and its FLOPs are those that torch counts."""

from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ablatlas.models.layer import Model
from ablatlas.randomness import generator
from ablatlas.tasks.signals import Task

SIZES = {"inputs": 6, "length": 5, "width": 8, "heads": 2}
KERNELS = {
    "fused": {"recurrence": "fused", "attention": "fused"},
    "parts": {"recurrence": "loop", "attention": "explicit"},
}


def made(mixer: str, kernels: str) -> Model:
    model = Model(mixer=mixer, kernels=KERNELS[kernels], **SIZES)
    model.initialise(lambda name: generator("layer", name))
    return model


def task() -> Any:
    return Task(batch=3, keys=lambda *key: generator("task", *key), steps=2, length=5, inputs=6)


@pytest.mark.parametrize("mixer", ["recurrent", "attending"])
def test_both_computations_are_one_function_from_the_same_start(mixer: str) -> None:
    (x,) = task().batch(0)
    torch.testing.assert_close(made(mixer, "parts")(x), made(mixer, "fused")(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("mixer", ["recurrent", "attending"])
def test_flops_are_those_that_torch_counts(mixer: str, kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As plain products, since the counter knows no fused kernel; back, the first states have no gradient."""
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    model, batch = made(mixer, kernels), task().batch(0)
    batch[0].requires_grad_()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        loss, _ = task().loss(model, batch, None)
    assert counter.get_total_flops() == 3 * model.flops
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        loss.backward()
    states = 2 * 4 * 8 * 8 * 3 if mixer == "recurrent" else 0
    assert 6 * model.flops - states <= counter.get_total_flops() <= 6 * model.flops


def test_flops_by_hand() -> None:
    assert made("recurrent", "fused").flops == 2 * 5 * 4 * 8 * (6 + 8)
    assert made("attending", "fused").flops == 2 * (5 * 6 * 3 * 8 + 2 * 5 * 5 * 8)


def test_what_cannot_be_built_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model.heads: found 3, expected a divisor of model.width = 8"):
        Model(mixer="attending", kernels=KERNELS["fused"], **(SIZES | {"heads": 3}))
    with pytest.raises(ValueError, match=r"task.length: found 0, expected at least 1"):
        Task(batch=3, keys=lambda *key: generator(*key), steps=2, length=0, inputs=6)
