"""A teacher's answers with noise: their scale, what the metrics say, and theory against what it is theory of."""

from typing import Any

import pytest
import torch
from made import judged, made
from torch import Tensor

from ablatlas.randomness import generator
from ablatlas.tasks import teacher as teachers
from ablatlas.tasks.regression import in_theory


def ridge(inputs: int, examples: int, decay: float, noise: float, seed: int) -> float:
    """The error of a linear student that minimises Krogh and Hertz's cost, solved for directly."""
    draw = generator("ridge", seed)
    x = torch.randn(examples, inputs, generator=draw, dtype=torch.float64) / inputs**0.5
    teacher = torch.randn(inputs, generator=draw, dtype=torch.float64)
    teacher *= inputs**0.5 / teacher.norm()
    y = x @ teacher + noise**0.5 * torch.randn(examples, generator=draw, dtype=torch.float64)
    student = torch.linalg.solve(x.T @ x + decay * torch.eye(inputs, dtype=torch.float64), x.T @ y)
    return float((student - teacher).square().sum() / inputs)


@pytest.mark.parametrize(
    ("alpha", "decay", "noise"), [(0.5, 0.3, 0.2), (1.0, 0.5, 1.0), (2.0, 0.0, 1.0), (2.0, 1.0, 1.0), (4.0, 20.0, 2.0)]
)
def test_theory_is_what_many_weights_come_to(alpha: float, decay: float, noise: float) -> None:
    found = [ridge(300, round(300 * alpha), decay, noise, seed) for seed in range(12)]
    assert sum(found) / len(found) == pytest.approx(in_theory(alpha, decay, noise), rel=0.04)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("noise", [0.2, 2.0])
def test_the_best_decay_is_the_variance_of_the_noise(alpha: float, noise: float) -> None:
    best = in_theory(alpha, noise, noise)
    assert all(best < in_theory(alpha, factor * noise, noise) for factor in (0.5, 0.9, 1.1, 2.0))


def test_without_decay_the_error_has_a_peak_where_examples_are_as_many_as_weights() -> None:
    assert in_theory(2.0, 0.0, 0.7) == pytest.approx(0.7)  # noise / (alpha - 1)
    assert in_theory(1.01, 0.0, 0.7) > 50
    with pytest.raises(ValueError, match=r"found 1 examples an input, expected more than one where nothing decays"):
        in_theory(1.0, 0.0, 0.7)


def test_a_recipes_decay_is_that_of_theory_times_inputs_over_examples() -> None:
    """A linear student that minimises the task's own loss and the recipe's penalty has the error that is logged."""
    errors = []
    for seed in range(6):
        task = made("regression", seed=seed, teacher="linear", inputs=200, examples=500, judged=4000)
        task.recipe = {"weight_decay": 0.3}
        x, y, _ = (part.double() for part in task.data["train"])
        student = torch.linalg.solve(x.T @ x / 500 + 0.3 * torch.eye(200, dtype=torch.float64), x.T @ y / 500)

        def model(x: Tensor, student: Tensor = student) -> Tensor:
            return (x.double() @ student)[:, None].float()

        errors.append({name: value.item() for name, value in task.metrics(model, task.held_out("test")).items()})
    measured = sum(one["generalization_error"] for one in errors) / len(errors)
    assert measured == pytest.approx(errors[0]["generalization_error_in_theory"], rel=0.06)
    assert all(one["generalization_error"] == one["left"] for one in errors)


@pytest.mark.parametrize("teacher", ["linear", "network"])
def test_answers_have_mean_zero_and_variance_one(teacher: str) -> None:
    answers = getattr(teachers, teacher)(7)(torch.randn(40_000, 7, generator=generator("answers")))
    assert answers.shape == (40_000,)
    assert float(answers.mean()) == pytest.approx(0.0, abs=0.03)
    assert float(answers.var()) == pytest.approx(1.0, abs=0.03)


def test_who_answers_like_the_teacher_leaves_nothing_but_the_noise() -> None:
    task = made("regression")
    known = judged(task, task.held_out("test")[2][:, None])
    assert known == {"loss": pytest.approx(0.25), "left": 0.0}
    nothing = judged(made("regression", judged=20_000), torch.zeros(20_000, 1))
    assert nothing["left"] == pytest.approx(task.floor["left"], abs=0.05)


def test_the_floor_is_what_the_best_constant_scores_in_training() -> None:
    task = made("regression", examples=300)
    _, y, _ = task.data["train"]
    scored = [float((y - c).square().mean() / 2) for c in (y.mean(), y.mean() + 0.1, y.mean() - 0.1)]
    assert task.floor["loss"] == pytest.approx(scored[0], rel=1e-5)
    assert min(scored) == scored[0]


@pytest.mark.parametrize(("change", "message"), [({"inputs": 0}, "task.inputs"), ({"noise": -0.1}, "task.noise")])
def test_what_is_no_task_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made("regression", **change)
