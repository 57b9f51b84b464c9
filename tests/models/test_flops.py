"""FLOPs by formula against torch's counter, for all that studies declare, as their tasks run it.

The counter has no formula for fused kernels. So attention runs as plain matrix products, and recurrences without
oneDNN, which makes them plain matrix products too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import torch
from declared import TRAINED
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ablatlas.study import load
from ablatlas.train.build import deterministic
from ablatlas.train.sequential import Training
from ablatlas.tree import put

study_of = cache(lambda name: load(name, "smoke"))
VARIANTS = [(name, variant) for name in TRAINED for variant in study_of(name).variants]
SMALL = ["residual", "layernorm", "forget_gate", "lstm", "attention", "seq2seq", "phrase2vec"]  # a study of each model


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[FlopCounterMode]:
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        yield counter


def training(name: str, variant: str = "with", dose: str = "none") -> Training:
    deterministic()
    return Training(put(study_of(name).run_config(variant), "recipe.dose", dose), seed=3)


def forward(made: Training, monkeypatch: pytest.MonkeyPatch) -> int:
    """FLOPs of a step's forward pass, in which no dropout asks for noise."""
    made.model.eval()
    with counting(monkeypatch) as counter:
        made.task.loss(made.model, made.task.batch(0), None)
    return int(counter.get_total_flops())


def whole(made: Training, monkeypatch: pytest.MonkeyPatch) -> int:
    """FLOPs of a step as the dose has it."""
    made.take(0)
    with counting(monkeypatch) as counter:
        made.take(1)
    return int(counter.get_total_flops())


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_forward_pass_of_every_variant(name: str, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = training(name, variant)
    assert forward(made, monkeypatch) == made.model.flops * made.task.examples


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_step_is_three_forward_passes_less_gradients_that_nothing_needs(
    name: str, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = training(name, variant)
    unneeded = made.flops - whole(made, monkeypatch)
    assert unneeded >= 0
    assert unneeded <= first_products(made)


def first_products(made: Training) -> int:
    """FLOPs of a step's forward products with what may have no gradient: its data, and the states that it begins in."""
    model: Any = made.model
    match type(model).__module__.split(".")[-1]:
        case "residual_mlp":
            return 2 * model.stem[0].weight.numel() * made.task.examples
        case "convnet" | "heads":
            return model.blocks[0][0].flops * made.task.examples
        case "resnet":
            return model.stem[1].flops * made.task.examples
        case "lstm":
            return 2 * 4 * (model.cell.from_input.numel() + model.cell.from_state.numel()) * made.task.examples
        case "rnn":
            return 2 * sum(cell.products for cell in model.layers) * made.task.sizes["length"] * made.task.examples
        case "seq2seq" | "handover":
            lengths = (made.task.sizes["source"] * model.order.times, made.task.sizes["target"])
            sides = zip((model.encoder, model.decoder), lengths, strict=True)
            steps = [2 * sum(cell.products for cell in side) * length for side, length in sides]
            return sum(steps) * made.task.examples
        case "transformer" | "embedding":
            return 0  # it looks its inputs up
        case "mlp":
            return 0  # it counts its backward pass itself
    raise AssertionError("a new model states here which of its products may need no gradient")


@pytest.mark.parametrize("name", SMALL)
def test_a_doubled_step_executes_exactly_twice_the_operations(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, doubled = training(name), training(name, dose="doubled")
    assert doubled.flops == 2 * plain.flops
    assert whole(doubled, monkeypatch) == 2 * whole(plain, monkeypatch)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("dose", ["slowed", "halved", "drawn"])
def test_other_doses_of_a_step_execute_the_same_operations(
    name: str, dose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, dosed = training(name), training(name, dose=dose)
    assert dosed.flops == plain.flops
    assert whole(dosed, monkeypatch) == whole(plain, monkeypatch)
