"""A network that is trained before a run's first step: a function of configuration and seed, charged to the run."""

from functools import cache
from typing import Any

import pytest
import torch

from ablatlas.study import Study, load
from ablatlas.train.build import build, deterministic
from ablatlas.train.crew import Member
from ablatlas.train.loop import train
from ablatlas.train.sequential import Training
from ablatlas.tree import put


@cache
def study() -> Study:
    return load("knowledge_distillation", "smoke")


def said(config: dict[str, Any], seed: int = 3) -> torch.Tensor:
    task, _ = build(config, seed)
    logits: torch.Tensor = task.said
    return logits


def test_a_teacher_is_a_run_of_its_own_on_all_the_data() -> None:
    config = study().run_config("with")
    own = {part: config[part] | config["task"]["teacher"][part] for part in ("model", "task", "recipe")}
    deterministic()
    alone = Training(config | own, 3)
    for index in range(alone.recipe["steps"]):
        alone.step(index)
    task, _ = build(config, 3)
    assert len(alone.task.data["train"][1]) > len(task.data["train"][1])
    with torch.no_grad():
        assert torch.equal(alone.model.eval()(task.data["train"][0]), task.said)


def test_a_teacher_depends_on_its_seed_and_on_what_is_declared_of_it_alone() -> None:
    config = study().run_config("with")
    assert torch.equal(said(config), said(put(config, "recipe.lr", 0.7)))
    assert torch.equal(said(config), said(put(config, "model.width", 5)))
    assert torch.equal(said(config), said(study().run_config("without")))
    assert not torch.equal(said(config), said(config, seed=4))
    assert not torch.equal(said(config), said(put(config, "task.teacher.recipe.lr", 0.7)))
    assert not torch.equal(said(config), said(study().run_config("same_data")))


def test_who_learns_from_a_teacher_is_charged_for_it_before_the_first_step() -> None:
    flops: dict[str, list[int]] = {}
    for arm in ("with", "without"):
        [run] = train([Member(study().run_config(arm) | {"engine": "sequential"}, 3)])
        flops[arm] = [point["flops"] for point in run.curve]
    config = study().run_config("with")
    [charge] = {one - other for one, other in zip(flops["with"], flops["without"], strict=True)}
    width, steps, batch = 256, config["task"]["teacher"]["recipe"]["steps"], 64
    forward = 2 * (64 * width + width * width + width * 10)
    step = (3 * forward - 2 * 64 * width) * batch  # no gradient of the data
    assert charge == steps * step + config["task"]["examples"] * forward


@pytest.mark.parametrize("engine", ["sequential", "stacked"])
def test_both_engines_have_the_same_teacher(engine: str) -> None:
    config = study().run_config("with") | {"engine": engine}
    [first, _] = train([Member(config, 3), Member(config, 4)])
    task, _ = build(config, 3)
    assert first.curve[-1]["flops"] == task.spent + config["recipe"]["steps"] * first.meters["flops_per_step"]
