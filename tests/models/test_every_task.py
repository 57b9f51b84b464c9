"""Every generated or real task with models here that can read it: finite steps that train it, the same for a seed."""

from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from ablatlas.config import find_root
from ablatlas.train.build import deterministic
from ablatlas.train.sequential import Training

ROOT = find_root()
RULES = ("copy", "reverse", "sort", "parity", "xor", "recall")
TEXTS: list[tuple[str, dict[str, Any]]] = [
    *[("sequences", {"rule": rule, "length": 4}) for rule in RULES],
    *[(text, {}) for text in ("markov", "words", "embedded_reber")],
]
NETWORK: dict[str, Any] = {"depth": 4, "width": 8, "norm": "none"}
FITTING: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    *[("rnn", {"width": 8, "cell": cell}, *text) for text in TEXTS for cell in ("lstm", "gru", "tanh", "irnn")],
    *[("transformer", {"depth": 2, "width": 8}, *text) for text in TEXTS],
    *[("seq2seq", {"width": 8, "depth": 2}, "transduction", {"rule": rule}) for rule in ("copy", "reverse", "sort")],
    *[("handover", {"width": 8, "depth": 2}, "transduction", {"rule": rule}) for rule in ("copy", "reverse", "sort")],
    *[("embedding", {"output": output}, "topics", {}) for output in ("negative", "softmax", "hierarchical")],
    *[("rnn", {"width": 8, "entry": "numbers"}, "adding", {"length": length}) for length in (10, 40)],
    *[
        ("residual_mlp", NETWORK, "densities", {"density": density})
        for density in ("gaussians", "swiss_roll", "moons", "checkerboard")
    ],
    ("residual_mlp", NETWORK, "membranes", {"side": 12}),
]
FEW = {"examples": 64, "judged": 32}
REAL: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    *[("residual_mlp", NETWORK, images, {"examples": 64}) for images in ("mnist", "fashion_mnist", "cifar10")],
    ("convnet", {"width": 4}, "mnist", {"examples": 64}),
    ("resnet", {"width": 4}, "cifar10", {"examples": 64}),
    *[("transformer", {"depth": 2, "width": 8}, text, FEW) for text in ("tinyshakespeare", "names")],
    ("rnn", {"width": 8}, "names", FEW),
]


def training(model: str, own: dict[str, Any], task: str, asked: dict[str, Any], seed: int = 0) -> Training:
    """A run of the parts as they are declared, smaller."""

    def declared(group: str, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        part: Any = OmegaConf.to_container(OmegaConf.load(ROOT / "params" / group / f"{name}.yaml"))
        assert changes.keys() <= part.keys()
        return part | changes

    deterministic()
    config = {
        "precision": "float32",
        "watch": "none",
        "model": declared("model", model, own),
        "task": declared("task", task, asked),
        "recipe": declared("recipe", "adam", {"steps": 3}),
    }
    return Training(config, seed)


@pytest.mark.parametrize(("model", "own", "task", "asked"), FITTING)
def test_a_step_is_finite_and_moves_every_trained_matrix(model: str, own: Any, task: str, asked: Any) -> None:
    check(model, own, task, asked | FEW)


@pytest.mark.usefixtures("mirrored")
@pytest.mark.parametrize(("model", "own", "task", "asked"), REAL)
def test_so_it_does_on_real_data(model: str, own: Any, task: str, asked: Any) -> None:
    check(model, own, task, asked)


def check(model: str, own: Any, task: str, asked: Any) -> None:
    made, again = training(model, own, task, asked), training(model, own, task, asked)
    before = {name: p.detach().clone() for name, p in made.model.named_parameters()}
    losses = [made.step(index) for index in range(2)]
    assert torch.tensor(losses).isfinite().all()
    assert losses == [again.step(index) for index in range(2)]
    for name, parameter in made.model.named_parameters():
        assert parameter.isfinite().all(), name
        assert torch.equal(parameter, before[name]) != parameter.requires_grad or parameter.ndim < 2, name
    [judged] = made.judge("test")
    assert set(made.task.floor) <= set(judged)
    assert all(torch.tensor(list(judged.values())).isfinite())
    [norms] = made.gradient_norms()
    assert norms
    assert all(norm > 0 for norm in norms)
