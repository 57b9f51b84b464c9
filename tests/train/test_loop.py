"""The loop: who diverges and when, and that a training which was stopped goes on as if it had not been."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from exact import ABSURD, ENGINES, FULL, Killed, bits, config, members, resting, trained
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ablatlas.train import loop
from ablatlas.train.crew import Crew, Member, Parameters, copied
from ablatlas.train.resume import Rest, Restless
from ablatlas.train.run import Course, Run

NAN, INF, FLOOR = math.nan, math.inf, 2.0
STEPS = 12


# --- members whose losses are written down ---


class Scripted(Crew):
    """Members whose losses stand in a table, and that count their steps; a member's seed is its row."""

    def __init__(self, members: Sequence[Member], script: Sequence[Sequence[float]]) -> None:
        super().__init__(members)
        self.script, self.count, self.kept = script, 0, [[member.seed for member in members]]
        self.model, self.task = nn.Linear(1, 1), SimpleNamespace(examples=1, floor={"loss": FLOOR})

    flops = 1

    @property
    def floors(self) -> list[float]:
        return [FLOOR] * len(self.members)

    def look(self, index: int) -> list[float]:
        assert index == self.count, "each step is taken once, in its turn"
        self.count += 1
        return [self.script[member.seed][index] for member in self.members]

    def take(self, index: int) -> list[float]:
        return self.look(index)

    def clip(self, most: float) -> None: ...

    def rates(self, index: int) -> list[tuple[slice | None, float]]:
        return []

    def judge(self, split: str) -> list[dict[str, float]]:
        """The best of all is step 5, or what is nearest to it."""
        return [{"loss": abs(self.count - 5) + member.seed / 8} for member in self.members]

    def gradient_norms(self) -> list[list[float]]:
        return [[] for _ in self.members]

    def parameters(self) -> list[Parameters]:
        return [{"place": torch.tensor([member.seed, self.count])} for member in self.members]

    def load(self, parameters: Sequence[Parameters]) -> None:
        assert [int(own["place"][0]) for own in parameters] == [member.seed for member in self.members]

    def keep(self, rows: Sequence[int]) -> None:
        self.members = [self.members[row] for row in rows]
        self.kept.append([member.seed for member in self.members])

    def state(self) -> dict[str, Any]:
        return {"count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        self.count = copied(state)["count"]


Script = Sequence[Sequence[float]]


def run_script(script: Script, rows: Sequence[int], made: list[Scripted] | None = None, **others: Any) -> list[Run]:
    """The runs of some rows of a script, in one crew."""
    recipe = {"lr": 0.1, "dose": "none", "clip": None, "steps": STEPS, "evaluations": 4, "patience": 0.25}
    whole = {"engine": "script", "precision": "float32", "watch": "none", "recipe": recipe | others.pop("recipe", {})}
    crew = [Member(whole, row) for row in rows]

    def crews(members: Sequence[Member]) -> list[Crew]:
        one = Scripted(members, script)
        if made is not None:
            made.append(one)
        return [one]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "import_module", lambda name: SimpleNamespace(crews=crews))
        return list(loop.train(crew, **others))


def at(*places: int, value: float = NAN) -> list[float]:
    """A calm course with another value at some steps, counted from 1."""
    return [value if step in places else 1.0 for step in range(1, STEPS + 1)]


def ends(run: Run) -> tuple[str, list[int]]:
    return run.state, [point["step"] for point in run.curve]


@pytest.mark.parametrize(
    ("course", "state", "curve"),
    [
        (at(), "finished", [3, 6, 9, 12]),
        (at(5), "diverged", [3, 5]),
        (at(5, value=INF), "diverged", [3, 5]),
        (at(5, value=-INF), "diverged", [3, 5]),
        (at(1), "diverged", [1]),
        (at(6), "diverged", [3, 6]),
        (at(12), "diverged", [3, 6, 9, 12]),
        (at(1, 2, 3, value=9.0), "finished", [3, 6, 9, 12]),  # an interval that began before a quarter of the budget
        (at(4, 5, 6, value=2.1), "diverged", [3, 6]),
        (at(4, 5, 6, value=FLOOR), "finished", [3, 6, 9, 12]),  # at the floor is not above it
        (at(5, value=3.9), "finished", [3, 6, 9, 12]),  # the mean counts
        (at(5, value=4.1), "diverged", [3, 6]),
        (at(12, value=9.0), "diverged", [3, 6, 9, 12]),
    ],
)
def test_when_a_run_has_diverged(course: list[float], state: str, curve: list[int]) -> None:
    """Whether alone or beside one that goes on."""
    alone = run_script([course], [0])
    beside = run_script([course, at()], [0, 1])
    for [run, *mates] in (alone, beside):
        assert ends(run) == (state, curve)
        assert (run.outcome["loss"] is None) == (state == "diverged")
        assert [ends(mate) for mate in mates] == [("finished", [3, 6, 9, 12])] * len(mates)
    assert bits(alone[0]) == bits(beside[0])


def test_a_course_keeps_its_best_step_as_it_was() -> None:
    """An engine lends its numbers, which the next step changes."""
    weight, course = torch.zeros(2), Course()
    for step, loss in enumerate([3.0, 1.0, 2.0]):
        course.losses = [loss]
        point = {"step": step, "train_loss": loss, "loss": loss}
        course.add(point, {"weight": weight}, {"steps": STEPS, "patience": 0.25}, FLOOR)
        weight += 1
    assert course.parameters["weight"].tolist() == [1.0, 1.0]


def test_those_that_end_leave_and_their_runs_stay_in_order() -> None:
    made: list[Scripted] = []
    script = [at(5), at(), at(4, 5, 6, value=9.0), at(12), at()]
    told: list[tuple[int, int]] = []
    runs = run_script(script, range(5), made, progress=lambda step, losses: told.append((step, len(losses))))
    assert [ends(run)[1][-1] for run in runs] == [5, 12, 6, 12, 12]
    assert made[0].kept == [[0, 1, 2, 3, 4], [1, 2, 3, 4], [1, 3, 4], [1, 4]]
    assert told == [(step, 5 if step < 6 else 4 if step == 6 else 3) for step in range(1, STEPS + 1)]
    assert [run.outcome["best_step"] for run in runs] == [3, 6, 6, 6, 6]
    assert [run.parameters["place"].tolist() for run in runs] == [[0, 3], [1, 6], [2, 6], [3, 6], [4, 6]]


def test_when_all_have_diverged_nothing_more_is_computed() -> None:
    made: list[Scripted] = []
    assert [ends(run) for run in run_script([at(2), at(2)], [0, 1], made)] == [("diverged", [2])] * 2
    assert made[0].count == 2


VALUES = st.sampled_from([1.0, 1.0, 1.0, 1.9, 2.5, NAN, INF])
SCRIPTS = st.lists(st.lists(VALUES, min_size=STEPS, max_size=STEPS), min_size=1, max_size=4)
RECIPES = st.fixed_dictionaries(
    {"evaluations": st.integers(1, STEPS), "patience": st.sampled_from([0.0, 0.3, 0.5, 1.0])}
)


@settings(max_examples=100, deadline=None)
@given(script=SCRIPTS, recipe=RECIPES, at=st.integers(1, STEPS), within=st.booleans())
def test_no_course_depends_on_its_mates_or_on_a_stop(
    tmp_path_factory: pytest.TempPathFactory, script: Script, recipe: dict[str, Any], at: int, within: bool
) -> None:
    rows = range(len(script))
    together = [bits(run) for run in run_script(script, rows, recipe=recipe)]
    assert [bits(run) for row in rows for run in run_script(script, [row], recipe=recipe)] == together
    rests = resting(tmp_path_factory.mktemp("rest"), [], at=0 if within else at)
    try:
        stopped = run_script(script, rows, recipe=recipe, rests=rests, progress=killing(at if within else 0))
    except Killed:
        stopped = run_script(script, rows, recipe=recipe, rests=resting(rests([]).path.parent, []))
    assert [bits(run) for run in stopped] == together


def killing(at: int) -> Callable[[int, Sequence[float]], None]:
    """Ends the process in step `at`, after the parameters have changed and before anything is saved."""

    def progress(step: int, losses: Sequence[float]) -> None:
        if step == at:
            raise Killed

    return progress


def test_seconds_go_on_where_they_were() -> None:
    """A run's are its share of its crew's."""

    class Late(Restless):
        def load(self) -> Any:
            courses = [Course().tree() for _ in range(2)]
            return {"courses": courses, "afoot": [0, 1], "done": 0, "seconds": 1000.0, "crew": {"count": 0}}

    for run in run_script([at(), at()], [0, 1], rests=lambda members: Late()):
        assert 500 <= run.meters["seconds"] < 600


# --- real trainings that are stopped ---


CREWS: dict[str, tuple[Any, list[tuple[int, float]]]] = {
    "calm": (config(), [(0, 1.0), (1, 0.3), (2, 1.0)]),
    "one of them wild": (config(norm="none", evaluations=2, **FULL), [(0, 1.0), (1, ABSURD), (2, 1.0)]),
    "two left": (config(norm="none", dropout=0.0), [(0, ABSURD), (1, ABSURD), (2, 1.0), (3, 1.0)]),
    "one left": (config(norm="none", evaluations=2, dropout=0.0), [(0, ABSURD), (2, 1.0), (1, ABSURD)]),
    "lone": (config(model={"width": 5}, **FULL), [(3, 1.0)]),
    "transformer": (config("transformer", steps=4, evaluations=2), [(0, 1.0), (1, 0.3)]),
    "lone transformer": (config("transformer", steps=2, evaluations=1), [(0, 1.0)]),
    "lstm": (config("lstm"), [(0, 1.0)]),
}
EVERYWHERE = ("one of them wild", "lone")  # stopped after each step and within each; others around an evaluation
# A crew of the sequential engine is one member.
CASES = [
    (engine, name, at, within)
    for name, (case, ones) in CREWS.items()
    for engine in ENGINES
    for at in range(1, case["recipe"]["steps"] + 1)
    for within in (False, True)
    if name in EVERYWHERE or (at <= 3 and not within)
    if (engine == "stacked" and name != "lstm") or (engine == "sequential" and len(ones) == 1)
]


@cache
def undisturbed(engine: str, name: str) -> list[dict[str, Any]]:
    case, ones = CREWS[name]
    return trained(case | {"engine": engine}, ones)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.mark.parametrize(("engine", "name", "at", "within"), CASES)
def test_a_stopped_training_goes_on_to_the_same_bits(
    engine: str, name: str, at: int, within: bool, tmp_path: Path, said: list[str]
) -> None:
    case, ones = CREWS[name]
    case = case | {"engine": engine}
    rests = resting(tmp_path, said, at=0 if within else at)
    with pytest.raises(Killed):
        trained(case, ones, rests=rests, progress=killing(at if within else 0))
    steps: list[int] = []
    again = trained(case, ones, rests=resting(tmp_path, said), progress=lambda step, losses: steps.append(step))
    assert again == undisturbed(engine, name)
    first = at if within else at + 1
    assert steps[:1] == [first] or first > case["recipe"]["steps"]
    assert list(tmp_path.iterdir()) == []
    assert said == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_member_that_diverges_after_the_stop_ends_as_it_would_have(
    engine: str, tmp_path: Path, said: list[str]
) -> None:
    case = config(engine=engine, norm="none")
    with pytest.raises(Killed):
        trained(case, [(0, ABSURD)], rests=resting(tmp_path, said, at=1))
    [again] = trained(case, [(0, ABSURD)], rests=resting(tmp_path, said))
    assert again == trained(case, [(0, ABSURD)])[0]
    assert again["state"] == repr("diverged")


def stop(case: Any, folder: Path, said: list[str]) -> Path:
    """Stop a lone training after step 3, and return where it rests."""
    with pytest.raises(Killed):
        trained(case, [(0, 1.0)], rests=resting(folder, said, at=3))
    return folder / "0x0.05.rest"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("damaged", "first"), [(1, 3), (2, 1)])
def test_a_truncated_state_is_set_aside_and_the_bits_are_the_same(
    engine: str, damaged: int, first: int, tmp_path: Path, said: list[str]
) -> None:
    """The state before it counts, and where that is no better, the training begins anew."""
    case = config(engine=engine)
    path = stop(case, tmp_path, said)
    files = [path, path.with_name(f"{path.name}.previous")][:damaged]
    for file in files:
        file.write_bytes(file.read_bytes()[:-100])
    steps: list[int] = []
    again = trained(case, [(0, 1.0)], rests=resting(tmp_path, said), progress=lambda step, _: steps.append(step))
    assert again == trained(case, [(0, 1.0)])
    assert steps[0] == first
    assert {file.name for file in tmp_path.iterdir()} == {f"{file.name}.damaged" for file in files}
    assert all("bytes, which are not the" in warning for warning in said)
    assert len(said) == damaged


@pytest.mark.parametrize("engine", ENGINES)
def test_the_state_of_another_training_is_not_taken(engine: str, tmp_path: Path, said: list[str]) -> None:
    path = stop(config(engine=engine), tmp_path, said)
    path.with_name(f"{path.name}.previous").unlink()
    other = [(1, 1.0)]
    path.replace(tmp_path / "1x0.05.rest")
    assert trained(config(engine=engine), other, rests=resting(tmp_path, said)) == trained(
        config(engine=engine), other
    )  # fmt: skip
    assert "foreign" in said[0]


def test_a_place_to_rest_is_asked_for_each_crew_and_left_only_when_its_runs_are_put_away(tmp_path: Path) -> None:
    seen: list[str] = []

    class Noted(Rest):
        def clear(self) -> None:
            seen.append(f"clear {self.identity}")

    def rests(crew: Sequence[Member]) -> Rest:
        return Noted(tmp_path / "state", str([member.seed for member in crew]), seen.append)

    for run in loop.train(members(config(engine="sequential"), [(0, 1.0), (1, 1.0)]), rests=rests):
        seen.append(f"put away {run.state}")
    assert seen == ["put away finished", "clear [0]", "put away finished", "clear [1]"]
