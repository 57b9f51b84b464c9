"""The multilayer perceptron: shapes, what its words do, and its FLOPs by formula against FLOPs counted."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ablatlas.models.mlp import Model
from ablatlas.nn import draw
from ablatlas.nn.dropout import Dropout
from ablatlas.randomness import generator

WORDS: dict[str, Any] = {
    "inputs": 6, "outputs": 3, "depth": 2, "width": 5, "hidden": "learned", "draw": "suited", "norm": "none",
    "activation": "relu", "dropout": 0.0, "input_dropout": 0.0,
}  # fmt: skip


def made(seed: int = 0, **changes: Any) -> Model:
    model = Model(**WORDS | changes)
    model.initialise(lambda name: generator(seed, name))
    return model


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator("x"))


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_depth_counts_the_hidden_layers(depth: int) -> None:
    model = made(depth=depth)
    assert model(drawn(7, 6)).shape == (7, 3)
    assert sum(isinstance(part, nn.Linear) for part in model.modules()) == depth + 1
    assert len(model.layers) == depth


def test_a_negative_depth_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model.depth: found -1, expected a whole number from 0, the hidden layers"):
        made(depth=-1)


def test_without_hidden_layers_it_is_a_linear_map() -> None:
    model, x = made(depth=0), drawn(7, 6)
    torch.testing.assert_close(model(x), x @ model.head.weight.T + model.head.bias)


def test_two_layers_by_hand() -> None:
    model, x = made(activation="tanh"), drawn(7, 6)
    first, second = (part for part in model.hidden.modules() if isinstance(part, nn.Linear))
    by_hand = model.head(torch.tanh(second(torch.tanh(first(x)))))
    torch.testing.assert_close(model(x), by_hand)


def test_a_layer_is_normalised_before_its_nonlinearity_and_dropped_after_it() -> None:
    model = made(norm="batch", activation="sigmoid", dropout=0.5, input_dropout=0.2)
    expected = [nn.Linear, nn.BatchNorm1d, nn.Sigmoid, Dropout]
    assert all([type(part) for part in layer] == expected for layer in model.layers)
    assert [part.p for part in model.modules() if isinstance(part, Dropout)] == [0.2, 0.5, 0.5]


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "gelu"])
def test_all_matrices_are_drawn_to_suit_the_nonlinearity(activation: str) -> None:
    model = made(activation=activation)
    for name, parameter in model.named_parameters():
        if parameter.ndim < 2:
            assert (parameter == 0).all()
        else:
            alone = draw.suited(getattr(nn, {"relu": "ReLU", "gelu": "GELU"}.get(activation, activation.title()))())
            assert torch.equal(parameter, alone(torch.empty_like(parameter), generator(0, name)))


def test_only_the_head_of_a_frozen_network_is_trained_and_has_layers_to_log() -> None:
    model = made(hidden="frozen", norm="batch")
    assert {name for name, p in model.named_parameters() if p.requires_grad} == {"head.weight", "head.bias"}
    assert list(model.layers) == []


def counted(model: Model) -> tuple[int, int]:
    """FLOPs of a forward pass and of a backward one over seven examples, by torch's own counter."""
    for part in model.modules():
        if isinstance(part, Dropout):
            part.noise = drawn(7, 5)
    with FlopCounterMode(display=False) as counter:
        loss = model(drawn(7, 6)).square().sum()
        forward = int(counter.get_total_flops())
        loss.backward()
        return forward, int(counter.get_total_flops()) - forward


@pytest.mark.parametrize("hidden", ["learned", "perturbed", "frozen"])
@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_flops_of_both_passes(hidden: str, depth: int, norm: str) -> None:
    model = made(hidden=hidden, depth=depth, norm=norm)
    assert counted(model) == (7 * model.flops, 7 * model.backward)
