"""A few exact steps of every model and task in the sequential engine: what may not change unless a VERSION rises.

Stored runs are taken over by digest, and a digest knows of the code only its VERSIONs. So whoever changes a number
that a run produces must raise the VERSION of the module that changed it; this test says which.
After that, or after a change of the configuration, `python tests/train/test_golden.py` writes golden.json anew.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ablatlas.digest import FOLDERS, candidates, named_modules, run_digest
from ablatlas.procedures.tuning import choose, extend, extension, interpolate
from ablatlas.study import load, names
from ablatlas.train.build import deterministic
from ablatlas.train.sequential import Training

FILE = Path(__file__).with_name("golden.json")
ROOT = Path(__file__).parents[2]
ENGINE, SEED, STEPS = "sequential", 0, 3
EVERY = {name: load(name, "smoke", root=ROOT) for name in names(ROOT)}
STUDIES = {name: study for name, study in EVERY.items() if study.procedure == "train"}


def checksum(tensors: list[Tensor]) -> float:
    """One number in which every element and its place count."""
    flat = torch.cat([t.double().flatten() for t in tensors])
    return float((flat * torch.cos(torch.arange(len(flat), dtype=torch.float64))).sum())


def rounded(value: float) -> float:
    """Six significant digits: a processor's own rounding moves the seventh."""
    return float(f"{value:.6g}")


def steps(name: str, variant: str) -> dict[str, Any]:
    """What the first steps of a run come to, in the order in which one thing rests on another."""
    deterministic()
    config = STUDIES[name].run_config(variant) | {"engine": ENGINE}
    training = Training(config, SEED)
    batch = training.task.batch(0)
    trainable = [p.detach() for p in training.model.parameters() if p.requires_grad]
    found = {
        "digest": run_digest(config, ROOT),
        "data": rounded(checksum(list(batch))),
        "floor": rounded(training.task.floor["loss"]),
        "initial values": rounded(checksum(trainable)),
    }
    losses = [rounded(loss) for i in range(STEPS) for loss in training.step(i)]
    return found | {
        "first loss": losses[0],
        "later losses": losses[1:],
        "held-out loss": rounded(training.judge("validation")[0]["loss"]),
    }


def rule() -> dict[str, Any]:
    """What the tuning rule makes of a fixed table, as far as a ledger would show it."""
    scores = {
        "with": torch.tensor([[1.0, 1.2], [0.7, 0.7], [0.9, 1.1], [2.3, 2.3]]).numpy(),
        "without": torch.tensor([[1.8, 1.9], [1.6, 1.7], [1.1, 1.2], [2.3, 2.3]]).numpy(),
        "strong": torch.tensor([[0.4, 0.5], [0.9, 1.0], [1.2, 1.3], [2.3, 2.3]]).numpy(),
    }
    choice = choose(scores, 2.3)
    return {
        "common": choice.common,
        "chosen": choice.chosen,
        "extension": extension(choice, 4, {"down": 0, "up": 0}),
        "grids": [extend([0.003, 0.01], side) for side in ("down", "up")],
        "interpolated": interpolate(20, {8: 0.1, 80: 0.01}),
    }


def found() -> dict[str, Any]:
    """All that golden.json holds."""
    studies = {name: {variant: steps(name, variant) for variant in study.variants} for name, study in STUDIES.items()}
    return {"studies": studies, "tuning rule": rule()}


def golden() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def culprits(name: str, what: str) -> str:
    """The modules whose VERSION must rise when `what` has changed."""
    config = STUDIES[name].run_config("with")
    words = {kind: [word] for kind, word in named_modules(config).items()}
    words["engine"] = candidates(ROOT, "engine")  # they share the rest of train/
    files = {
        kind: " and ".join(f"src/ablatlas/{FOLDERS[kind]}/{word}.py" for word in named) for kind, named in words.items()
    }
    kinds = {
        "data": ["task"],
        "floor": ["task"],
        "initial values": ["model"],
        "first loss": ["model", "task", "engine"],  # the last where dropout's noise changed
        "later losses": ["engine", "model"],
        "held-out loss": ["task", "model"],
    }[what]
    return " or ".join(files[kind] for kind in kinds)


REFRESH = "then: python tests/train/test_golden.py"


HELD = golden()["studies"]


def pair(name: str) -> tuple[str, str]:
    """The model and the task of a study."""
    config = STUDIES[name].config
    return config["model"]["name"], config["task"]["name"]


@pytest.mark.parametrize("name", STUDIES)
def test_every_model_and_task_has_golden_steps(name: str) -> None:
    assert pair(name) in {pair(held) for held in HELD}, REFRESH


@pytest.mark.parametrize(("name", "variant"), [(name, variant) for name in HELD for variant in HELD[name]])
def test_the_first_steps_are_what_they_were(name: str, variant: str) -> None:
    expected, now = HELD[name][variant], steps(name, variant)
    if now["digest"] != expected["digest"]:
        pytest.fail(f"{name} {variant}: its configuration, or a VERSION, is new, so nothing old is reused; {REFRESH}")
    for what in [key for key in now if key != "digest"]:
        if now[what] != pytest.approx(expected[what], rel=1e-5):
            pytest.fail(
                f"{name} {variant}: the {what} changed from {expected[what]} to {now[what]}. Stored runs would be "
                f"mixed with new ones: raise the VERSION of {culprits(name, what)}; {REFRESH}"
            )


def test_the_tuning_rule_is_what_it_was() -> None:
    message = f"the rule changed: raise the VERSION of src/ablatlas/procedures/train.py; {REFRESH}"
    assert rule() == golden()["tuning rule"], message


if __name__ == "__main__":
    FILE.write_text(json.dumps(found(), indent=1) + "\n", encoding="utf-8")
