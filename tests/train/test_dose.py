"""What each dose does to a run, and that it does nothing else."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from example import REPOSITORY, change, make_root
from small import PARTS, config, train

from ablatlas.source import words
from ablatlas.study import StudyError, load
from ablatlas.train import dose
from ablatlas.train.build import build, fingerprint
from ablatlas.train.optimizers import optimizer
from ablatlas.train.run import Run
from ablatlas.train.sequential import Training

WORDS = words(REPOSITORY / "src/ablatlas/train/dose.py")


def dosed(word: str, kind: str = "mlp", **recipe: Any) -> dict[str, Any]:
    return config(kind, dose=word, **recipe)


def told(run: Run, *, flops: bool = True) -> tuple[Any, ...]:
    """All of a run but its meters, and but its count of operations if that is not asked for."""
    curve = [{key: value for key, value in point.items() if flops or key != "flops"} for point in run.curve]
    return run.state, curve, run.outcome, fingerprint(run.parameters)


@pytest.fixture(params=PARTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_words() -> None:
    assert set(WORDS) == {"none", "halved", "doubled", "slowed", "drawn", "renamed", "plus", "times"}


# --- doses that leave every bit ---


def test_none_is_the_training_as_it_is(kind: str) -> None:
    """Step for step what an engine without doses would do."""
    run, bare = train(dosed("none", kind), 0), Training(dosed("none", kind), 0)
    assert [bare.step(index) for index in range(6)] == losses(dosed("none", kind))
    assert run.outcome["parameters"] == fingerprint(bare.model.state_dict())
    assert bare.dose.work == 1


def losses(asked: dict[str, Any]) -> list[list[float]]:
    """The training loss before each step, as an engine reports it."""
    found: list[list[float]] = []
    train(asked, 0, progress=lambda step, losses: found.append(losses))
    return found


@pytest.mark.parametrize("word", ["drawn", "slowed"])
def test_an_extra_draw_and_a_wait_change_no_bit(word: str, kind: str) -> None:
    assert told(train(dosed(word, kind), 0)) == told(train(dosed("none", kind), 0))


def test_work_done_twice_changes_no_bit_but_the_count_of_operations(kind: str) -> None:
    """With dropout, running averages, an optimizer's state and a carried state, all of which a step changes."""
    once, twice = train(dosed("none", kind), 0), train(dosed("doubled", kind), 0)
    assert told(twice, flops=False) == told(once, flops=False)
    assert [point["flops"] for point in twice.curve] == [2 * point["flops"] for point in once.curve]
    assert twice.meters["flops_per_step"] == 2 * once.meters["flops_per_step"]


def test_work_is_done_twice_indeed(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    whole = Training.look

    def look(self: Training, index: int) -> list[float]:
        looked.append(index)
        return whole(self, index)

    monkeypatch.setattr(Training, "look", look)
    training = Training(dosed("doubled"), 0)
    training.take(0)
    training.take(1)
    assert looked == [0, 0, 1, 1]


def test_a_wait_is_as_long_as_the_step_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun_done_and_asked = [[1.0, 1.25, 1.375, 1.4375, 1.5], [5.0, 5.5, 5.75, 6.0]]
    training = Training(dosed("slowed"), 0)
    for index, times in enumerate(begun_done_and_asked):
        left = iter(times)
        monkeypatch.setattr(dose, "time", SimpleNamespace(perf_counter=lambda left=left: next(left)))
        training.take(index)
        assert not list(left), "the wait was over too early"


# --- half of the updates ---


def by_hand(asked: dict[str, Any], updates: int) -> dict[str, torch.Tensor]:
    """The parameters after so many updates of a plain loop."""
    torch.use_deterministic_algorithms(True)
    task, model = build(asked, 0)
    rule = optimizer(list(model.parameters()), asked["recipe"])
    for index in range(updates):
        rule.zero()
        task.loss(model, task.batch(index), None)[0].backward()
        rule.step([(None, asked["recipe"]["lr"])])
    return model.state_dict()


@pytest.mark.parametrize(("steps", "updates"), [(6, 3), (7, 3), (2, 1), (1, 0)])
def test_half_of_the_updates_are_those_of_a_plain_loop(steps: int, updates: int) -> None:
    asked = dosed("halved", norm="none", dropout=0.0, steps=steps, evaluations=1)
    assert train(asked, 0).outcome["parameters"] == fingerprint(by_hand(asked, updates))


def test_halved_at_twice_the_steps_is_the_training_as_it_is() -> None:
    """The same losses at every second step, so that time to any target doubles."""
    plain = train(dosed("none", norm="none", dropout=0.0, steps=4, evaluations=4), 0)
    halved = train(dosed("halved", norm="none", dropout=0.0, steps=8, evaluations=4), 0)
    assert [point["step"] for point in halved.curve] == [2 * point["step"] for point in plain.curve]
    for name in ("loss", "error"):
        assert [point[name] for point in halved.curve] == [point[name] for point in plain.curve]
    assert halved.outcome["parameters"] == plain.outcome["parameters"]
    assert halved.meters["flops_per_step"] == plain.meters["flops_per_step"], "as much is computed in each step"


# --- other names, other scores ---


def test_other_names_change_initial_values_alone(kind: str) -> None:
    plain, renamed = (Training(dosed(word, kind), 0) for word in ("none", "renamed"))
    start = {name: tensor.clone() for name, tensor in plain.model.state_dict().items()}
    for (name, one), (other, two) in zip(plain.model.named_parameters(), renamed.model.named_parameters(), strict=True):
        assert (name, one.shape) == (other, two.shape)
        assert torch.equal(one, two) == (one.ndim < 2), name
    assert plain.task.floor == renamed.task.floor
    renamed.model.load_state_dict(start)  # from the same values everything goes the same way
    assert [renamed.take(index) for index in range(4)] == [plain.take(index) for index in range(4)]
    assert fingerprint(renamed.model.state_dict()) == fingerprint(plain.model.state_dict())


@pytest.mark.parametrize(
    ("word", "judged"), [("plus", lambda loss: loss + dose.ADDED), ("times", lambda loss: loss * dose.FACTOR)]
)
def test_a_penalty_changes_judged_losses_alone(word: str, judged: Any, kind: str) -> None:
    plain, worse = (train(dosed(each, kind), 0, split="test") for each in ("none", word))
    assert [point.pop("loss") for point in worse.curve] == [judged(point.pop("loss")) for point in plain.curve]
    assert worse.outcome.pop("loss") == judged(plain.outcome.pop("loss"))
    assert told(worse) == told(plain), "errors, recall, norms, training losses, the best step and the parameters too"


def test_a_penalty_is_one() -> None:
    assert dose.ADDED > 0
    assert dose.FACTOR > 1


# --- a word that is none ---


@pytest.mark.parametrize(
    ("word", "nearest"), [("halvd", "halved"), ("Doubled", "doubled"), ("double", "doubled"), ("generator", None)]
)
def test_a_wrong_word_is_refused_before_anything_trains(word: str, nearest: str | None) -> None:
    with pytest.raises(StudyError) as caught:
        load("residual", "smoke", [f"recipe.dose={word}"], root=REPOSITORY)
    error = caught.value
    assert (error.path, error.found) == ("recipe.dose", word)
    assert error.expected == "one of " + ", ".join(WORDS)
    assert nearest in (None, error.nearest)


def test_a_wrong_word_in_an_arm_is_refused_there(tmp_path: Any) -> None:
    root = make_root(tmp_path)
    change(root, lambda s: s.update(ablate="recipe.dose", arms={"with": "none", "without": "slow"}, contrasts={}))
    with pytest.raises(StudyError) as caught:
        load("example", root=root)
    assert (caught.value.path, caught.value.found, caught.value.nearest) == ("arms.without", "slow", "slowed")
