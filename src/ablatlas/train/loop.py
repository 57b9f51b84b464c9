"""The loop that every engine runs in: steps, curves, divergence, resume points.

Curves are judged on validation data, the outcome on `split`. The outcome is that of the evaluation with the lowest
validation loss, `best_step`, so that none is spoilt by training on. A run has diverged when a loss is not finite, or
when its mean training loss over an interval between two evaluations, begun after the share `recipe.patience` of the
budget, is above the task's floor. It then ends, keeping its curve; the members beside it go on.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

from ablatlas.train.build import deterministic, fingerprint
from ablatlas.train.crew import Crew, Member
from ablatlas.train.resume import Rest, Restless
from ablatlas.train.run import Course, Run, evaluation_steps

Progress = Callable[[int, Sequence[float]], None]  # a step, counted from 1, and the losses of those still under way
Rests = Callable[[Sequence[Member]], Rest]


def train(
    members: Sequence[Member],
    *,
    split: str = "validation",
    progress: Progress = lambda step, losses: None,
    rests: Rests = lambda members: Restless(),
) -> Iterator[Run]:
    """Train members that differ in seed and rate alone, and yield their runs in order, each as soon as it is there.

    `rests` gives the place where a crew's training rests when the process ends.
    """
    deterministic(members[0].config["precision"])
    engine = import_module(f"ablatlas.train.{members[0].config['engine']}")
    for crew in engine.crews(members):
        with rests(crew.members) as rest:
            yield from _course(crew, split, progress, rest)
            rest.clear()  # now that whoever asks for more has put these runs away


def _course(crew: Crew, split: str, progress: Progress, rest: Rest) -> list[Run]:
    """All of a crew's training, from its last resume point where it has one."""
    steps = crew.recipe["steps"]
    points = evaluation_steps(steps, crew.recipe["evaluations"])
    courses, done, spent = [Course() for _ in crew.members], 0, 0.0
    afoot = list(range(len(courses)))  # the courses of the crew's members
    if (kept := rest.load()) is not None:
        courses, done, spent = [Course(**tree) for tree in kept["courses"]], kept["done"], kept["seconds"]
        afoot = kept["afoot"]
        crew.keep(afoot)
        crew.restore(kept["crew"])
    begin = time.perf_counter() - spent
    for step in range(done + 1, steps + 1):
        losses = crew.take(step - 1)
        progress(step, losses)
        for index, loss in zip(afoot, losses, strict=True):
            courses[index].losses.append(loss)
        if step in points or not all(map(math.isfinite, losses)):
            _evaluate(crew, [courses[index] for index in afoot], losses, step, step in points)
            afoot = _going(crew, courses, afoot)
        if not afoot:
            break
        if rest.due():
            trees, seconds = [course.tree() for course in courses], time.perf_counter() - begin
            rest.save({"courses": trees, "afoot": afoot, "done": step, "seconds": seconds, "crew": crew.state()})
    _outcomes(crew, [courses[index] for index in afoot], split)
    for course in courses:
        course.meters["seconds"] = (time.perf_counter() - begin) / len(courses)
    return list(courses)


def _evaluate(crew: Crew, courses: list[Course], losses: list[float], step: int, due: bool) -> None:
    """A point for every course where one is due, else for those alone whose loss is not finite any more."""
    finite = list(map(math.isfinite, losses))
    judged = crew.judge("validation") if any(finite) and due else [{} for _ in courses]
    norms = crew.gradient_norms()
    parameters = crew.parameters()
    rows = zip(courses, finite, judged, norms, parameters, crew.floors, strict=True)
    for course, whole, metrics, norm, now, floor in rows:
        counts = {"step": step, "examples": step * crew.task.examples, "flops": crew.spent + step * crew.flops}
        point = counts | {"train_loss": course.mean}
        if whole and due:
            course.add(point | metrics | {"gradient_norms": norm}, now, crew.recipe, floor)
        elif not whole:
            course.add(point, now, crew.recipe, floor)


def _going(crew: Crew, courses: list[Course], afoot: list[int]) -> list[int]:
    """The courses that go on; those that ended leave the crew with their last parameters."""
    ended = [row for row, index in enumerate(afoot) if courses[index].state == "diverged"]
    if not ended:
        return afoot
    last = crew.parameters()
    for row in ended:
        _close(courses[afoot[row]], crew, fingerprint(last[row]), dict.fromkeys(crew.task.floor))
    rows = [row for row in range(len(afoot)) if row not in ended]
    if rows:
        crew.keep(rows)
    return [afoot[row] for row in rows]


def _outcomes(crew: Crew, courses: list[Course], split: str) -> None:
    """Judge those that finished, at their best step, on `split`."""
    if not courses:
        return
    last = [fingerprint(parameters) for parameters in crew.parameters()]
    crew.load([course.parameters for course in courses])
    for course, final, metrics in zip(courses, last, crew.judge(split), strict=True):
        _close(course, crew, final, metrics)


def _close(course: Course, crew: Crew, final: str, metrics: dict[str, Any]) -> None:
    """What a run leaves. A diverged one has no score: nulls, which the statistics cap at the floor."""
    course.outcome |= {"train_loss": course.curve[-1]["train_loss"], "parameters": final, **metrics}
    numbers = [(p.numel(), p.requires_grad) for p in crew.model.parameters()]
    course.meters = {
        "flops_per_step": crew.flops,
        "parameters": sum(count for count, _ in numbers),
        "trainable": sum(count for count, trained in numbers if trained),
    }
