"""What is read off nonlinearities, against numbers worked out by hand, and that it changes no bit of a run."""

from typing import Any

import numpy as np
import pytest
import torch
from small import config, train
from torch import nn

from ablatlas.train import watch
from ablatlas.train.crew import Member
from ablatlas.train.depths import DEPTHS
from ablatlas.train.loop import train as train_all

LOGGED = ("preactivation_mean", "preactivation_spread", "dead_units")


def told(model: nn.Module, *batches: torch.Tensor) -> dict[str, list[float]]:
    with watch.activations(model) as found:
        for batch in batches:
            model(batch)
    return found()


def test_one_layer_by_hand() -> None:
    """Two examples in two batches, three units: one that both reach, one that one reaches, one that none does."""
    x = torch.tensor([[1.0, -2.0, -3.0], [3.0, 2.0, -3.0]])
    found = told(nn.Sequential(nn.ReLU()), x[:1], x[1:])
    assert found["preactivation_mean"] == pytest.approx([np.sqrt((4 + 0 + 9) / 3)] * DEPTHS, rel=1e-5)
    assert found["preactivation_spread"] == pytest.approx([np.sqrt((1 + 4 + 0) / 3)] * DEPTHS, rel=1e-5)
    assert found["dead_units"] == pytest.approx([1 / 3] * DEPTHS, rel=1e-5)


def test_the_units_of_an_image_are_its_channels_and_those_of_a_sequence_its_features() -> None:
    """One channel that is negative everywhere, of two; one feature, of three."""
    image, sequence = torch.randn(5, 2, 4, 4).abs(), torch.randn(5, 4, 3).abs()
    image[:, 1] *= -1
    sequence[:, :, 2] *= -1
    assert told(nn.Sequential(nn.ReLU()), image)["dead_units"] == [0.5] * DEPTHS
    assert told(nn.Sequential(nn.ReLU()), sequence)["dead_units"] == pytest.approx([1 / 3] * DEPTHS, rel=1e-5)


def test_layers_stand_from_first_to_last() -> None:
    linear = [nn.Linear(1, 1) for _ in range(DEPTHS)]
    for depth, layer in enumerate(linear):
        nn.init.zeros_(layer.weight)
        nn.init.constant_(layer.bias, depth)
    found = told(nn.Sequential(*(nn.Sequential(layer, nn.Tanh()) for layer in linear)), torch.randn(4, 1))
    assert found["preactivation_mean"] == list(range(DEPTHS))
    assert found["preactivation_spread"] == [0] * DEPTHS


def test_a_model_without_nonlinearities_has_nothing_to_tell() -> None:
    assert told(nn.Sequential(nn.Linear(2, 2)), torch.randn(3, 2)) == {}


def test_what_is_watched_is_let_go() -> None:
    model = nn.Sequential(nn.ReLU())
    told(model, torch.randn(3, 2))
    assert not model[0]._forward_hooks


@pytest.mark.parametrize("engine", ["sequential", "stacked"])
def test_watching_changes_no_bit_and_tells_of_every_point(engine: str) -> None:
    def runs(word: str) -> list[Any]:
        told = config(steps=6, evaluations=3) | {"engine": engine, "watch": word}
        return list(train_all([Member(told, seed) for seed in (0, 1)]))

    for watched, plain in zip(runs("activations"), runs("none"), strict=True):
        assert all(len(point[name]) == DEPTHS for point in watched.curve for name in LOGGED)
        assert [{k: v for k, v in point.items() if k not in LOGGED} for point in watched.curve] == plain.curve
        assert {k: v for k, v in watched.outcome.items() if k not in LOGGED} == plain.outcome


def test_engines_agree_on_what_they_watch() -> None:
    whole = config(steps=4, evaluations=2) | {"watch": "activations"}
    alone = train(whole, 0)
    stacked, _ = train_all([Member(whole | {"engine": "stacked"}, seed) for seed in (0, 1)])
    for name in LOGGED:
        assert stacked.curve[-1][name] == pytest.approx(alone.curve[-1][name], rel=1e-3)
