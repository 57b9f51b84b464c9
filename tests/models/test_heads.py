"""Two heads on one network: each of its own images, and the network below that of a single one."""

from typing import Any

import torch
from torch.nn import functional as F

from ablatlas.models import convnet, heads
from ablatlas.randomness import generator

SIZES: dict[str, Any] = {"inputs": 64, "outputs": 10}
SETTINGS: dict[str, Any] = {
    "depth": 2, "width": 4, "kernel": "shared", "norm": "batch", "activation": "relu", "pool": "max", "dropout": 0.0,
    "pixels": "placed",
}  # fmt: skip
GROUP = torch.tensor([0, 1, 1, 0, 1, 0])


def made(body: str = "tuned") -> heads.Model:
    model = heads.Model(groups=2, body=body, **SIZES, **SETTINGS)
    model.initialise(lambda name: generator(0, name))
    return model


def test_an_image_has_the_logits_of_its_own_group() -> None:
    model, plain, x = made(), convnet.Model(**SIZES, **SETTINGS), torch.randn(6, 64)
    plain.initialise(lambda name: generator(0, name))
    logits = plain(x)
    expected = torch.where((GROUP == 0)[:, None], logits[:, :5], logits[:, 5:])
    assert torch.equal(model(x, GROUP), expected)
    assert model.flops == plain.flops


def test_errors_of_one_group_do_not_reach_the_other_ones_head() -> None:
    model = made()
    F.cross_entropy(model(torch.randn(6, 64), torch.zeros(6, dtype=torch.int64)), GROUP).backward()
    gradient = model.head.weight.grad
    assert gradient is not None
    assert gradient[:5].abs().max() > 0
    assert torch.equal(gradient[5:], torch.zeros_like(gradient[5:]))


def test_a_frozen_body_learns_from_the_source_as_a_tuned_one_does() -> None:
    x, source = torch.randn(6, 64), torch.zeros(6, dtype=torch.int64)
    found = []
    for body in ("tuned", "frozen"):
        model = made(body)
        F.cross_entropy(model(x, source), GROUP).backward()
        found.append([p.grad for p in model.parameters()])
        model.zero_grad()
        F.cross_entropy(model(x, source + 1), GROUP).backward()
        below = [p.grad for p in model.blocks.parameters() if p.grad is not None]
        assert any(g.any() for g in below) == (body == "tuned")
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
