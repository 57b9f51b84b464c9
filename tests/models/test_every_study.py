"""What every study that trains promises of its arms, over all that are declared, their cells and variants."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import torch
from declared import TRAINED
from torch import Tensor, nn

from ablatlas.nn.cell import Cell
from ablatlas.study import Study, Variant, load
from ablatlas.train.build import build, deterministic
from ablatlas.train.sequential import Training
from ablatlas.tree import leaves

SEED = 3


@cache
def study_of(name: str) -> Study:
    return load(name, "smoke")


CELLS = [(name, cell) for name in TRAINED for cell in study_of(name).cells]


@cache
def start(name: str, cell: str, variant: str) -> tuple[Any, nn.Module, dict[str, Any]]:
    """Task, model and configuration of a run before its first step. Not to be trained."""
    config = study_of(name).run_config(variant, cell)
    return *build(config, SEED), config


@cache
def stepped(name: str, cell: str, variant: str) -> tuple[Any, nn.Module, float]:
    """The same after two optimizer steps, since momentum begins with the second, and the loss before that.

    Not to be trained further.
    """
    deterministic()
    training = Training(study_of(name).run_config(variant, cell), SEED)
    training.step(0)
    [loss] = training.step(1)
    return training.task, training.model, loss


def trained(name: str, cell: str) -> list[Variant]:
    """The variants that a cell trains."""
    return [study_of(name).variants[variant] for variant in study_of(name).variants_of(cell)]


def arms(name: str, cell: str) -> list[str]:
    return [variant.name for variant in trained(name, cell) if variant.arm == variant.name]


def differences(name: str, cell: str, one: str, other: str) -> set[str]:
    first, second = (dict(leaves(study_of(name).run_config(variant, cell))) for variant in (one, other))
    return {path for path in first.keys() | second.keys() if first.get(path) != second.get(path)}


def restarted(model: nn.Module) -> set[str]:
    """What parts start by themselves: the vectors under those that say how, and a recurrent layer's own matrices."""
    return {
        f"{prefix}.{name}"
        for prefix, part in model.named_modules()
        if hasattr(part, "start")
        for name, parameter in part.named_parameters()
        if parameter.ndim < 2 or isinstance(part, Cell)
    }


def shared(one: nn.Module, other: nn.Module) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Tensors that both models train, under the same name."""
    theirs = dict(other.named_parameters())
    for name, parameter in one.named_parameters():
        if parameter.requires_grad and name in theirs and theirs[name].requires_grad:
            yield name, parameter, theirs[name]


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_arms_differ_at_the_ablated_path_alone(name: str, cell: str) -> None:
    ablated = study_of(name).ablate
    for arm in arms(name, cell):
        found = differences(name, cell, "with", arm)
        assert all(path == ablated or path.startswith(f"{ablated}.") for path in found)
        assert bool(found) == (arm != "with")


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_contrasts_differ_from_their_arm_where_they_say(name: str, cell: str) -> None:
    for variant in trained(name, cell):
        arm = study_of(name).variants[variant.arm]
        said = {path for path in variant.settings if variant.settings[path] != arm.settings.get(path)}
        assert differences(name, cell, variant.arm, variant.name) == said


def rescaled(one: Tensor, other: Tensor) -> bool:
    """Whether two matrices are the same numbers at another scale, as those are that suit two nonlinearities."""
    return one.ndim > 1 and torch.allclose(one / one.norm(), other / other.norm(), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_shared_tensors_of_all_arms_start_bit_equal_but_for_a_scale_that_suits_the_arm(name: str, cell: str) -> None:
    _, reference, config = start(name, cell, "with")
    suited = config["model"].get("draw") == "suited"  # each arm's nonlinearity has the variance that suits it
    for arm in arms(name, cell):
        _, model, _ = start(name, cell, arm)
        own = restarted(model) | restarted(reference)
        found = list(shared(reference, model))
        assert any(tensor.ndim > 1 for _, tensor, _ in found)
        for tensor, one, other in found:
            assert torch.equal(one, other) or tensor in own or (suited and rescaled(one, other)), f"{arm}: {tensor}"


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_arms_see_the_same_batches(name: str, cell: str) -> None:
    reference, _, _ = start(name, cell, "with")
    for arm in arms(name, cell):
        task, _, _ = start(name, cell, arm)
        for step in (0, 2) if study_of(name).ablate != "recipe.workers" else ():
            one, other = reference.batch(step), task.batch(step)
            assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("name", "cell"), [(name, cell) for name, cell in CELLS if study_of(name).ablate == "recipe.workers"]
)
def test_what_many_workers_read_in_a_step_one_reads_in_as_many(name: str, cell: str) -> None:
    many, _, config = start(name, cell, "with")
    one, _, _ = start(name, cell, "without")
    steps = zip(*(one.batch(step) for step in range(config["recipe"]["workers"])), strict=True)
    assert all(torch.equal(torch.cat(parts), whole) for parts, whole in zip(steps, many.batch(0), strict=True))


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_every_variant_takes_finite_steps_that_move_every_trained_tensor(name: str, cell: str) -> None:
    for variant in study_of(name).variants_of(cell):
        _, before, _ = start(name, cell, variant)
        _, after, loss = stepped(name, cell, variant)
        assert torch.tensor(loss).isfinite(), variant
        for (tensor, old), (_, new) in zip(before.named_parameters(), after.named_parameters(), strict=True):
            assert new.isfinite().all(), f"{variant}: {tensor}"
            # a bias that a normalisation subtracts again has no gradient beyond rounding, and may stay
            moved = not torch.equal(old, new)
            assert moved == old.requires_grad or old.ndim < 2, f"{variant}: {tensor}"


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_every_ablation_is_real(name: str, cell: str) -> None:
    """After two steps no two variants lose the same on the next batch: each does something of its own.

    But for those of two engines, which are to compute the same.
    """
    losses: dict[tuple[str, float], str] = {}
    for variant in study_of(name).variants_of(cell):
        task, model, _ = stepped(name, cell, variant)
        with torch.no_grad():
            loss = float(task.loss(model, task.batch(0), None)[0])
        key = study_of(name).run_config(variant, cell)["engine"], loss
        assert key not in losses, f"{variant} and {losses.get(key)} are the same"
        losses[key] = variant


@pytest.mark.parametrize("name", TRAINED)
def test_every_task_has_a_floor_for_what_tuning_reads(name: str) -> None:
    task, _, _ = start(name, "base", "with")
    scored = {"loss" if metric == "train_loss" else metric for metric in study_of(name).score.metrics}
    assert scored <= set(task.floor)


@pytest.mark.parametrize("name", TRAINED)
def test_every_task_says_what_its_criteria_read(name: str) -> None:
    task, model, _ = start(name, "base", "with")
    model.eval()
    judged = {"train_loss", *task.metrics(model, task.held_out("validation"))}
    for ladder in study_of(name).ladders.values():
        if ladder.solved:
            metric = ladder.solved.metric
            read = {f"{metric}@{level}" for level in ladder.levels} if ladder.evaluated else {metric}
            assert read <= judged


MATCHED = [
    (name, variant.name, variant.arm)
    for name in TRAINED
    for variant in study_of(name).variants.values()
    if variant.role == "matched"
]


def trainable(name: str, variant: str) -> int:
    _, model, _ = start(name, "base", variant)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize(("name", "variant", "arm"), MATCHED)
def test_a_matched_contrast_comes_closer_to_the_other_arm_than_its_own_does(name: str, variant: str, arm: str) -> None:
    other = trainable(name, "without" if arm == "with" else "with")
    assert abs(trainable(name, variant) - other) < abs(trainable(name, arm) - other)


def test_counts_of_parameters_that_studies_state() -> None:
    counts = {arm: trainable("forget_gate", arm) for arm in ("wider", "with", "without")}
    assert counts == {"wider": 617, "with": 575, "without": 447}
    assert trainable("layernorm", "no_gain") == trainable("layernorm", "without")
