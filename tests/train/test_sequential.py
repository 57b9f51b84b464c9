"""The engine: exactness, divergence, the curve, and gradients against autograd by hand."""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from small import PARTS, config, train
from torch import Tensor

from ablatlas import randomness
from ablatlas.nn.dropout import Dropout
from ablatlas.tasks import digits
from ablatlas.train import build
from ablatlas.train.build import fingerprint
from ablatlas.train.depths import DEPTHS
from ablatlas.train.optimizers import SGD
from ablatlas.train.run import Run, diverged, evaluation_steps
from ablatlas.train.sequential import Training


def exact(run: Run) -> tuple[Any, ...]:
    """All of a run that a rerun has to repeat."""
    return run.state, run.curve, run.outcome, {name: t.tolist() for name, t in run.parameters.items()}


# --- exactness ---


@pytest.mark.parametrize("kind", PARTS)
def test_a_rerun_is_bit_equal_whatever_the_process_did_before(kind: str) -> None:
    torch.manual_seed(1)
    first = train(config(kind), seed=4)
    for other in PARTS:
        train(config(other, steps=2, evaluations=1), seed=9)
    torch.manual_seed(2)
    np.random.seed(3)  # noqa: NPY002 - the global generator is what must not matter
    random.seed(4)
    assert exact(train(config(kind), seed=4)) == exact(first)


@pytest.mark.parametrize("kind", PARTS)
def test_another_seed_is_another_run(kind: str) -> None:
    assert exact(train(config(kind), seed=4)) != exact(train(config(kind), seed=5))


@pytest.mark.parametrize("kind", PARTS)
def test_how_often_a_run_is_judged_changes_nothing_in_it(kind: str) -> None:
    rare, often = (train(config(kind, evaluations=n), seed=0) for n in (2, 6))
    assert rare.state == often.state == "finished"
    assert rare.outcome["parameters"] == often.outcome["parameters"]
    both = {point["step"]: point for point in often.curve}
    judged = [{k: v for k, v in point.items() if k != "train_loss"} for point in rare.curve]
    assert judged == [{k: v for k, v in both[p["step"]].items() if k != "train_loss"} for p in rare.curve]


@pytest.mark.parametrize("kind", PARTS)
def test_a_longer_budget_begins_like_a_shorter_one(kind: str) -> None:
    long, short = (train(config(kind, steps=n, evaluations=n), seed=0) for n in (6, 3))
    assert long.curve[:3] == short.curve


def test_dropout_masks_are_keyed_by_seed_layer_and_step() -> None:
    def masks(seed: int, step: int, before: int = 0) -> list[tuple[bool, ...]]:
        """What each dropout zeroes of all ones at `step`, after `before` other steps."""
        training = Training(config(dropout=0.5), seed)
        seen: list[tuple[bool, ...]] = []
        for index in range(before):
            training.step(index)
        for part in (part for part in training.model.modules() if isinstance(part, Dropout)):
            part.register_forward_pre_hook(lambda part, given: (torch.ones_like(given[0]),))
            part.register_forward_hook(lambda part, given, y: seen.append(tuple((y == 0).flatten().tolist())))
        training.step(step)
        return seen

    assert masks(0, 3) == masks(0, 3, before=2)
    assert len({*masks(0, 3), *masks(0, 2), *masks(1, 3)}) == 6  # two layers, three times, all of their own


@pytest.mark.parametrize("kind", PARTS)
def test_training_draws_from_no_global_generator(kind: str) -> None:
    training = Training(config(kind), 0)
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # type: ignore[index]  # noqa: NPY002
    training.step(0)
    training.judge("validation")
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]  # type: ignore[index]  # noqa: NPY002
    assert random.getstate() == states[2]


@pytest.mark.parametrize("kind", PARTS)
def test_the_shapes_of_noise_are_asked_for_without_a_trace(kind: str) -> None:
    task, model = build.build(config(kind), 0)
    before = fingerprint(model.state_dict())
    noise = build.Noise(task, model)
    assert fingerprint(model.state_dict()) == before
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert not any(part._forward_pre_hooks for part in model.modules())
    drops = {name: part for name, part in model.named_modules() if isinstance(part, Dropout)}
    assert list(noise.shapes) == list(noise.drawn(0, 0, 0)) == list(drops)
    assert {tuple(shape) for shape in noise.shapes.values()} == SHAPES[kind]


# Of what the dropouts of a kind are given: a batch and its features, or a batch, its maps and their sides.
SHAPES: dict[str, set[tuple[int, ...]]] = {
    "mlp": {(32, 8)},
    "perceptron": {(32, 64), (32, 8)},
    "convnet": {(16, 4, 4, 4), (16, 4, 2, 2)},
    "resnet": {(8, 4, 8, 8), (8, 8, 4, 4), (8, 16, 2, 2)},
    "transformer": set(),
    "lstm": set(),
    "sums": set(),
}


def test_the_process_is_made_deterministic() -> None:
    train(config(steps=1, evaluations=1), 0)
    assert torch.get_num_threads() == build.THREADS == 1
    assert torch.are_deterministic_algorithms_enabled()


def test_a_fingerprint_covers_names_and_every_bit() -> None:
    one = {"a": torch.zeros(2), "b": torch.ones(2)}
    assert fingerprint(one) == fingerprint(dict(reversed(one.items())))
    assert fingerprint(one) != fingerprint({"a": torch.ones(2), "b": torch.zeros(2)})
    assert fingerprint(one) != fingerprint({"a": -torch.zeros(2), "b": torch.ones(2)})


# --- the curve and the outcome ---


@pytest.mark.parametrize(
    ("steps", "evaluations", "expected"),
    [(10, 5, [2, 4, 6, 8, 10]), (7, 3, [3, 5, 7]), (4, 10, [1, 2, 3, 4]), (5, 1, [5]), (300, 2, [150, 300])],
)
def test_evaluations_are_equally_spaced_and_the_last_is_at_the_end(
    steps: int, evaluations: int, expected: list[int]
) -> None:
    assert sorted(evaluation_steps(steps, evaluations)) == expected


def test_a_curve_counts_steps_examples_and_flops() -> None:
    run = train(config(), 0)
    forward = 2 * (64 * 8 + 4 * 8 * 8 + 8 * 10)
    assert [point["step"] for point in run.curve] == [2, 4, 6]
    assert [point["examples"] for point in run.curve] == [64, 128, 192]
    assert [point["flops"] for point in run.curve] == [3 * forward * 32 * step for step in (2, 4, 6)]
    assert run.meters["flops_per_step"] == 3 * forward * 32
    assert run.meters["parameters"] == run.meters["trainable"] == sum(
        t.numel() for name, t in run.parameters.items() if "running" not in name and "tracked" not in name
    )  # fmt: skip


def test_the_training_loss_is_the_mean_over_the_interval() -> None:
    losses: list[float] = []
    run = train(config(), 0, progress=lambda step, now: losses.extend(now))
    means = [sum(losses[i : i + 2]) / 2 for i in (0, 2, 4)]
    assert [point["train_loss"] for point in run.curve] == means
    assert run.outcome["train_loss"] == means[-1]


def test_curves_are_judged_on_validation_and_the_outcome_on_what_is_asked() -> None:
    plain, held_out = train(config(), 0), train(config(), 0, split="test")
    assert plain.curve == held_out.curve
    assert plain.outcome["loss"] == min(point["loss"] for point in plain.curve) != held_out.outcome["loss"]
    assert plain.outcome["parameters"] == held_out.outcome["parameters"]


def judged(monkeypatch: pytest.MonkeyPatch, *losses: float) -> None:
    """Make the validation losses of digits these, one an evaluation; other splits are judged as they are."""
    script, whole = iter(losses), digits.Task.metrics

    def metrics(self: digits.Task, model: Any, held: digits.Batch) -> dict[str, Tensor]:
        scored, asked = whole(self, model, held), held is self.data["validation"]
        return scored | {"loss": torch.tensor(next(script), dtype=torch.float64)} if asked else scored

    monkeypatch.setattr(digits.Task, "metrics", metrics)


@pytest.mark.parametrize(
    ("losses", "best"),
    [((0.9, 0.5, 0.7), 4), ((0.3, 0.5, 0.7), 2), ((0.9, 0.7, 0.5), 6), ((0.5, 0.5, 0.5), 2), ((0.9, 0.5, 0.5), 4)],
)
def test_the_outcome_is_that_of_the_best_evaluation_and_so_is_the_checkpoint(
    losses: tuple[float, ...], best: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is trained on afterwards spoils nothing; of equals the first counts."""
    stopped = Training(config(), 0)  # there, by hand
    for index in range(best):
        stopped.step(index)
    judged(monkeypatch, *losses)
    run = train(config(), 0, split="test")
    assert [point["loss"] for point in run.curve] == list(losses)
    assert run.outcome["best_step"] == best
    held = stopped.model.state_dict()
    assert fingerprint(run.parameters) == fingerprint(held)
    [scores] = stopped.judge("test")
    assert {name: run.outcome[name] for name in scores} == scores
    ended = fingerprint(run.parameters) == run.outcome["parameters"]
    assert ended == (best == 6), "the outcome's own print is of where training ended"
    assert run.outcome["train_loss"] == run.curve[-1]["train_loss"]


def test_a_diverged_run_keeps_its_best_parameters_but_has_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, 0.5, math.nan)
    run = train(config(), 0)
    assert (run.state, run.outcome["best_step"]) == ("diverged", 2)
    assert [run.outcome[name] for name in ("loss", "error")] == [None, None]


# --- streams ---


@pytest.mark.parametrize("kind", PARTS)
def test_two_streams_of_one_seed_share_no_generator(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is drawn is drawn by a key, and every key holds the seed and the stream."""
    asked: set[tuple[object, ...]] = set()

    def noted(make: Callable[..., Any]) -> Callable[..., Any]:
        def note(*parts: object) -> Any:
            asked.add(parts)
            return make(*parts)

        return note

    monkeypatch.setattr(build, "generator", noted(randomness.generator))
    drawn = []
    for seed, stream in ((5, 0), (5, 1), (6, 0)):
        asked.clear()
        train(config(kind, stream=stream, steps=2), seed)
        assert {parts[:2] for parts in asked} == {(seed, stream)}
        drawn.append({parts[2:] for parts in asked})
    assert drawn[0] == drawn[1] == drawn[2], "the same purposes"
    assert len(drawn[0]) > 4


@pytest.mark.parametrize("kind", PARTS)
def test_another_stream_is_another_run_of_the_same_kind(kind: str) -> None:
    one, other = (Training(config(kind, stream=stream), 0) for stream in (0, 1))
    first, second = (made.task.batch(0)[:2][-1] for made in (one, other))  # what is to be told
    assert first.shape == second.shape
    assert not torch.equal(first, second)
    for (name, first), (_, second) in zip(one.model.named_parameters(), other.model.named_parameters(), strict=True):
        assert torch.equal(first, second) == (first.ndim < 2), name


def test_judging_is_done_in_evaluation_mode_and_leaves_training_mode_on() -> None:
    training = Training(config(), 0)
    training.step(0)
    running = {k: v.clone() for k, v in training.model.state_dict().items()}
    assert training.judge("validation") == training.judge("validation")  # no dropout
    assert training.model.training
    assert all(torch.equal(running[k], v) for k, v in training.model.state_dict().items())  # no statistics taken


def test_frozen_tensors_are_counted_apart_and_stay() -> None:
    frozen = config("lstm")
    frozen["model"] = frozen["model"] | {"forget": "open"}
    run = train(frozen, 0)
    assert run.meters["parameters"] - run.meters["trainable"] == 4 * (7 + 4 + 1)
    assert (run.parameters["forget.bias"] == 30).all()


# --- divergence ---


def test_a_loss_that_is_not_finite_ends_the_run_at_once_and_keeps_its_curve() -> None:
    run = train(config(lr=1e18, norm="none", steps=20, evaluations=2), 0)
    assert run.state == "diverged"
    assert run.curve[-1]["step"] == 2
    assert not math.isfinite(run.curve[-1]["train_loss"])
    assert set(run.curve[-1]) == {"step", "examples", "flops", "train_loss"}
    assert (run.outcome["loss"], run.outcome["error"]) == (None, None), "a diverged run has no score"


def test_an_absurd_rate_leaves_what_was_learned_before_it_in_the_curve() -> None:
    """With normalisation a loss stays finite at any rate, and the run is given up where it is hopeless."""
    run = train(config(lr=30.0, steps=20, evaluations=10, patience=0.2), 0)
    assert run.state == "diverged"
    assert [point["step"] for point in run.curve] == [2, 4, 6]
    assert all(point["train_loss"] > 2.303 for point in run.curve[1:])
    assert all(len(point["gradient_norms"]) == DEPTHS for point in run.curve)


def test_a_held_out_loss_that_is_not_finite_is_divergence_too() -> None:
    run = train(config(lr=1e18, norm="none", steps=20, evaluations=20), 0)
    assert (run.state, run.curve[-1]["step"]) == ("diverged", 1)
    assert math.isfinite(run.outcome["train_loss"])
    assert not math.isfinite(run.curve[-1]["loss"])


def scripted(monkeypatch: pytest.MonkeyPatch, script: Callable[[int], float]) -> None:
    """Make the training loss of digits what `script` says for each step, counted from 1."""
    step = iter(range(1, 10_000))
    whole = digits.Task.loss

    def loss(self: digits.Task, model: Any, batch: Any, carry: None) -> tuple[Tensor, None]:
        value = whole(self, model, batch, carry)[0]
        return (value * 0 + script(next(step)) if torch.is_grad_enabled() else value), None

    monkeypatch.setattr(digits.Task, "loss", loss)


def test_not_a_number_between_two_evaluations_is_seen_where_it_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, lambda step: math.nan if step == 4 else 1.0)
    run = train(config(steps=9, evaluations=3), 0)
    assert run.state == "diverged"
    assert [point["step"] for point in run.curve] == [3, 4]
    assert math.isnan(run.outcome["train_loss"])


@pytest.mark.parametrize(
    ("bad", "state", "last"),
    [
        (range(1, 5), "finished", 20),  # two intervals that began before a fifth of the budget
        (range(5, 7), "diverged", 6),  # the first that began at it
        (range(19, 21), "diverged", 20),
        (range(0), "finished", 20),
    ],
)
def test_a_loss_above_the_floor_is_hopeless_once_patience_ends(
    monkeypatch: pytest.MonkeyPatch, bad: range, state: str, last: int
) -> None:
    scripted(monkeypatch, lambda step: 2.4 if step in bad else 2.2)  # the floor is ln 10 = 2.303
    run = train(config(steps=20, evaluations=10, patience=0.2), 0)
    assert (run.state, run.curve[-1]["step"]) == (state, last)
    assert (run.outcome["error"] is None) == (state == "diverged")


@pytest.mark.parametrize(
    ("point", "since", "expected"),
    [
        ({"train_loss": 1.0, "loss": 1.0}, 50, False),
        ({"train_loss": 2.0, "loss": 1.0}, 50, False),  # at the floor is not above it
        ({"train_loss": 2.1, "loss": 1.0}, 50, True),
        ({"train_loss": 2.1, "loss": 1.0}, 19, False),
        ({"train_loss": 2.1, "loss": 1.0}, 20, True),
        ({"train_loss": 1.0, "loss": math.inf}, 0, True),
        ({"train_loss": 1.0, "loss": math.nan}, 0, True),
        ({"train_loss": math.nan}, 0, True),
        ({"train_loss": 1.0, "loss": 9.0}, 99, False),  # overfitting is no divergence
    ],
)
def test_what_counts_as_diverged(point: dict[str, float], since: int, expected: bool) -> None:
    assert diverged(point, since, {"steps": 100, "patience": 0.2}, 2.0) is expected


# --- gradients ---


def by_hand(training: Training) -> dict[str, Tensor]:
    """Gradients of the first batch's loss at the initial values."""
    named = {name: p for name, p in training.model.named_parameters() if p.requires_grad}
    loss, _ = training.task.loss(training.model, training.task.batch(0), None)
    return dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))


@pytest.mark.parametrize("kind", ["mlp", "convnet", "resnet", "transformer"])
def test_gradient_norms_are_those_of_the_blocks_weights(kind: str) -> None:
    calm = {} if kind == "transformer" else {"dropout": 0.0}
    gradients, training = by_hand(Training(config(kind, **calm), 0)), Training(config(kind, **calm), 0)
    training.step(0)
    blocks = len(training.model.layers)  # type: ignore[arg-type]
    expected = [
        sum(
            float(g.square().sum())
            for name, g in gradients.items()
            if name.startswith(f"blocks.{i}.") and g.ndim > 1
        ) ** 0.5
        for i in range(blocks)
    ]  # fmt: skip
    [norms] = training.gradient_norms()
    assert len(norms) == DEPTHS
    assert norms[0] == pytest.approx(expected[0], rel=1e-5)
    assert norms[-1] == pytest.approx(expected[-1], rel=1e-5)
    assert sorted(set(norms)) == pytest.approx(sorted(expected), rel=1e-5)


def test_deep_networks_log_nine_layers_from_first_to_last() -> None:
    deep = config()
    deep["model"] = deep["model"] | {"depth": 36}
    training = Training(deep, 0)
    training.step(0)
    layers = list(training.model.layers)  # type: ignore[arg-type]
    assert len(layers) == 17
    every = [math.sqrt(sum(float(p.grad.square().sum()) for p in b.parameters() if p.ndim > 1)) for b in layers]
    assert training.gradient_norms() == [pytest.approx([every[i] for i in range(0, 17, 2)], rel=1e-6)]


def test_models_without_depth_log_no_norms() -> None:
    assert train(config("lstm"), 0).curve[0]["gradient_norms"] == []


@pytest.mark.parametrize("clip", [1e-3, 1e6])
def test_clipping_bounds_the_whole_gradient_and_keeps_its_direction(clip: float) -> None:
    free, bound = (Training(config(dropout=0.0, clip=c), 0) for c in (None, clip))
    for training in (free, bound):
        training.step(0)
    raw, cut = (
        torch.cat([p.grad.flatten() for p in t.model.parameters() if p.grad is not None]) for t in (free, bound)
    )
    assert float(cut.norm()) == pytest.approx(min(clip, float(raw.norm())), rel=1e-3)
    torch.testing.assert_close(cut / cut.norm(), raw / raw.norm(), rtol=1e-4, atol=1e-6)


def test_the_schedule_reaches_the_optimizer(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    whole = SGD.update

    def update(self: SGD, rate: float, *others: Any) -> None:
        rates.append(rate / 0.05)
        whole(self, rate, *others)

    monkeypatch.setattr(SGD, "update", update)
    training = Training(config(schedule="cosine", warmup=2, steps=6), 0)
    for step in range(6):
        training.step(step)
    assert rates == pytest.approx([0.5, 1.0, 1.0, (2 + 2**0.5) / 4, 0.5, (2 - 2**0.5) / 4])
