"""What all generated tasks have in common: keys, splits, shapes, refusals, floors."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made import ALL, judged, made
from torch import Tensor

from ablatlas.randomness import generator
from ablatlas.tasks import entropy
from ablatlas.tasks.generated import drawn


def equal(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def rows(task: Any, split: str) -> set[bytes]:
    """What a split's examples look like to a model."""
    return {row.numpy().tobytes() for row in task.data[split][0]}


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 300), st.integers(1, 300))
def test_fewer_examples_are_the_first_of_more(one: int, other: int) -> None:
    def make(count: int, draw: torch.Generator) -> tuple[Tensor, ...]:
        return torch.randn(count, 3, generator=draw), torch.randperm(count, generator=draw)

    few, many = (drawn(make, count, generator, "example") for count in sorted((one, other)))
    assert all(len(part) == min(one, other) for part in few)
    assert equal(few, tuple(part[: min(one, other)] for part in many))
    assert len(set(many[0].flatten().tolist())) == many[0].numel(), "no block is drawn twice"


@pytest.mark.parametrize("name", ALL)
def test_a_tasks_fewer_examples_are_the_first_of_more(name: str) -> None:
    few, many = (made(name, examples=count).data["train"] for count in (37, 130))
    assert equal(few, tuple(part[:37] for part in many))


@pytest.mark.parametrize("name", ALL)
def test_every_run_is_judged_on_the_same(name: str) -> None:
    one, other = made(name), made(name, seed=1, examples=16, steps=9)
    for split in ("validation", "test"):
        assert equal(one.held_out(split), other.held_out(split))
        assert all(len(part) == 70 for part in one.held_out(split))
    assert not torch.equal(one.data["train"][0][:16], other.data["train"][0]), "and trained on examples of its own"


TEXTS = ["markov", "words", "embedded_reber"]  # of which some are much likelier than others, and come again


@pytest.mark.parametrize("name", [name for name in ALL if name not in TEXTS])
def test_no_example_is_in_two_splits(name: str) -> None:
    task = made(name)
    train, validation, test = (rows(task, split) for split in ("train", "validation", "test"))
    assert len(validation) > 60, "and next to none twice in one"
    assert not (train & validation | train & test | validation & test)


@pytest.mark.parametrize("name", ALL)
def test_batches_depend_on_seed_and_step_alone_and_their_shapes_on_neither(name: str) -> None:
    one, longer, other = made(name), made(name, steps=40), made(name, seed=1)
    for step in (0, 11, 30):
        assert equal(one.batch(step), longer.batch(step))
        assert not equal(one.batch(step), other.batch(step))
        assert [p.shape for p in one.batch(step)] == [p.shape for p in other.batch(0)]
    assert all(len(part) == 8 == one.examples for part in one.batch(0))
    assert [p.shape[1:] for p in one.batch(0)] == [p.shape[1:] for p in one.held_out("test")]
    assert [p.dtype for p in one.batch(0)] == [p.dtype for p in one.held_out("test")]


@pytest.mark.parametrize("name", ALL)
def test_counts_that_do_not_fit_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"recipe.batch: found 8, expected a whole number from 1 to 7"):
        made(name, examples=7)
    with pytest.raises(ValueError, match=r"task.judged: found 0, expected at least 1"):
        made(name, judged=0)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("adding", {"length": 3}, "task.length: found 3, expected at least 4"),
        ("copy", {"length": 0}, "task.length: found 0, expected at least 1"),
        ("sort", {"symbols": 1}, "task.symbols: found 1, expected at least 2"),
        ("recall", {"length": 7}, "task.symbols: found 12, expected an even number from 14, two for each pair"),
        ("recall", {"symbols": 13}, "task.symbols: found 13, expected an even number from 10"),
        ("transduction: copy", {"rule": "parity"}, "task.rule: found parity, expected copy, reverse, sort"),
        ("transduction: copy", {"length": 0}, "task.length: found 0, expected at least 1"),
        ("transduction: sort", {"symbols": 1}, "task.symbols: found 1, expected at least 2"),
        ("markov", {"domains": 0}, "task.domains: found 0, expected at least 1"),
        ("markov", {"symbols": 1}, "task.symbols: found 1, expected at least 2"),
        ("embedded_reber", {"longest": 8}, "task.longest: found 8, expected at least 9"),
        ("moons", {"noise": 0}, "task.noise: found 0, expected at least 1"),
        ("moons", {"batch": 1}, "recipe.batch: found 1, expected at least 2"),
        ("membranes", {"cells": 1}, "task.cells: found 1, expected at least 2"),
        ("membranes", {"thickness": 0.5}, "task.thickness: found 0.5, expected at least 1"),
        ("membranes", {"noise": -0.1}, "task.noise: found -0.1, expected at least 0"),
    ],
)
def test_a_task_that_is_none_is_refused(name: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(name, **change)


# --- floors ---


@pytest.mark.parametrize("name", ["copy", "reverse", "sort", "parity", "xor", "recall", "markov"])
def test_the_floor_of_symbols_is_what_their_frequencies_score(name: str) -> None:
    task = made(name, examples=200)
    wanted = task.data["train"][1]
    counts = wanted.flatten().bincount(minlength=task.sizes["outputs"]).double()
    said = (counts / counts.sum()).log().clamp(min=-60).expand(len(wanted), task.sizes["length"], -1)
    assert judged(task, said, "train") == pytest.approx(task.floor, rel=1e-6)
    assert task.floor["loss"] == pytest.approx(entropy(counts.long()))


def test_the_floor_of_adding_is_that_of_the_best_constant_sum() -> None:
    task = made("adding", examples=20_000)
    found = {c: judged(task, torch.full((20_000, 20, 1), c), "train") for c in (0.8, 0.96, 0.98, 1.0, 1.02, 1.04, 1.2)}
    assert min(found, key=lambda c: found[c]["loss"]) == 1.0
    for metric, spread in (("loss", 0.2), ("error", 0.27)):  # standard deviations of one example's
        assert min(scored[metric] for scored in found.values()) == pytest.approx(
            task.floor[metric], abs=4 * spread / 20_000**0.5
        )


def test_the_floor_of_the_grammar_is_what_frequencies_and_a_coin_score() -> None:
    task = made("embedded_reber", examples=2000)
    _, wanted, _ = task.data["train"]
    counts = wanted.flatten().bincount(minlength=8).double()
    said = (counts / counts.sum()).log().expand(*wanted.shape, -1)
    assert judged(task, said, "train")["loss"] == pytest.approx(task.floor["loss"], rel=1e-9)
    always = torch.zeros(8).index_fill(0, torch.tensor(1), 1.0).expand(*wanted.shape, -1)
    assert judged(task, always, "train")["error"] == pytest.approx(task.floor["error"], abs=4 * 0.5 / 2000**0.5)


def test_the_floor_of_membranes_is_what_their_share_scores() -> None:
    task = made("membranes")
    mask = task.data["train"][1]
    share = mask.double().mean()
    found = judged(task, (share / (1 - share)).log().expand(mask.shape), "train")
    assert found["loss"] == pytest.approx(task.floor["loss"], rel=1e-5)
    assert found["error"] == pytest.approx(task.floor["error"], rel=1e-9)
    everywhere = judged(task, torch.ones(mask.shape), "train")
    assert everywhere["overlap"] == pytest.approx(task.floor["overlap"], rel=1e-9)


@pytest.mark.parametrize("name", ["gaussians", "swiss_roll", "moons", "checkerboard"])
def test_no_single_point_is_nearer_to_a_density_than_its_floor(name: str) -> None:
    task = made(name, examples=80)
    points, _ = task.data["train"]
    steps = torch.linspace(-1, 1, 11)
    grid = torch.cartesian_prod(steps, steps)
    scores = [judged(task, place.expand(len(points), -1), "train")["loss"] for place in grid]
    assert task.floor["loss"] <= min(scores) + 1e-6
    assert min(scores) == pytest.approx(task.floor["loss"], abs=0.05)
