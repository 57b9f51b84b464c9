"""One small configuration of each model and task, as a study would resolve it."""

from typing import Any

from ablatlas.train import loop
from ablatlas.train.crew import Member
from ablatlas.train.run import Run

SGD = {"name": "momentum", "optimizer": "sgd", "lr": 0.05, "momentum": 0.9}
ADAM = {"name": "adam", "optimizer": "adam", "lr": 0.01, "betas": [0.9, 0.999]}
COURSE = {
    "weight_decay": 0.0, "schedule": "constant", "warmup": 0, "clip": None, "steps": 6, "evaluations": 3,
    "patience": 1.0,  # a few steps leave every loss near the floor, above it or below
    "stream": 0, "dose": "none",
}  # fmt: skip
SCANS = {"examples": 360, "copies": 1, "places": 1}
PARTS: dict[str, dict[str, Any]] = {
    "mlp": {
        "model": {
            "name": "residual_mlp", "depth": 6, "width": 8, "shortcut": "identity", "norm": "batch",
            "activation": "relu", "dropout": 0.2,
        },
        "task": {"name": "digits", **SCANS},
        "recipe": SGD | COURSE | {"batch": 32},
    },
    "perceptron": {
        "model": {
            "name": "mlp", "depth": 2, "width": 8, "hidden": "learned", "draw": "suited", "norm": "batch",
            "activation": "sigmoid", "dropout": 0.2, "input_dropout": 0.1,
        },
        "task": {"name": "digits", **SCANS},
        "recipe": SGD | COURSE | {"batch": 32},
    },
    "convnet": {
        "model": {
            "name": "convnet", "depth": 2, "width": 4, "kernel": "shared", "norm": "batch", "activation": "relu",
            "pool": "max", "dropout": 0.2, "pixels": "placed",
        },
        "task": {"name": "digits", **SCANS},
        "recipe": SGD | COURSE | {"batch": 16},
    },
    "resnet": {
        "model": {
            "name": "resnet", "depth": 8, "width": 4, "shortcut": "identity", "norm": "batch", "activation": "relu",
            "dropout": 0.2,
        },
        "task": {"name": "digits", **SCANS},
        "recipe": SGD | COURSE | {"batch": 8},
    },
    "transformer": {
        "model": {
            "name": "transformer", "depth": 1, "width": 4, "heads": 2, "ratio": 2, "branch": "pre_norm", "affine": True,
        },
        "task": {"name": "digit_pixels", **SCANS},
        "recipe": ADAM | COURSE | {"batch": 4},
    },
    "lstm": {
        "model": {"name": "lstm", "width": 4, "forget": "learned", "state": "reset"},
        "task": {
            "name": "reber", "window": 10, "restart": 2, "examples": 12, "judged": 4, "span": 50, "positions": [50, 60],
        },
        "recipe": ADAM | COURSE | {"batch": 3},
    },
    "sums": {
        "model": {"name": "rnn", "width": 4, "depth": 2, "cell": "lstm", "entry": "numbers"},
        "task": {"name": "adding", "length": 8, "examples": 24, "judged": 16},
        "recipe": ADAM | COURSE | {"batch": 6},
    },
}  # fmt: skip


def config(kind: str = "mlp", **recipe: Any) -> dict[str, Any]:
    """A small resolved configuration; `recipe` changes keys of its recipe, and `dropout` and `norm` of its model."""
    parts = PARTS[kind]
    model = parts["model"] | {key: recipe.pop(key) for key in ("dropout", "norm") if key in recipe}
    return {
        "procedure": "train",
        "engine": "sequential",
        "precision": "float32",
        "watch": "none",
        **parts,
        "model": model,
        "recipe": parts["recipe"] | recipe,
    }


def train(config: dict[str, Any], seed: int, **others: Any) -> Run:
    """One run, trained alone."""
    [run] = loop.train([Member(config, seed)], **others)
    return run
