"""What the controls do to a run, of which the answer is known: `recipe.dose` is a word of these, `none` in a study.

A dose changes a step, a name or a score of an ordinary training, and nothing else of it. `work` is how many times
the operations of a step are executed.
"""

import time
from typing import TYPE_CHECKING

import torch

from ablatlas.randomness import generator

if TYPE_CHECKING:
    from ablatlas.train.crew import Crew

ADDED, FACTOR = 0.5, 1.5  # nats, and a factor: as large as the gaps that closure is asked of


class none:  # a word of the configuration
    """The training as it is."""

    work = 1

    def step(self, crew: "Crew", index: int) -> list[float]:
        """Take step `index`, counted from 0, and return the losses before it."""
        return crew.step(index)

    def initial(self, name: str) -> str:
        """The name under which the initial values of a parameter are drawn."""
        return name

    def judged(self, metrics: dict[str, float]) -> dict[str, float]:
        """The metrics of an evaluation."""
        return metrics


class halved(none):
    """Half the updates: every other step is computed and its gradient thrown away."""

    def step(self, crew: "Crew", index: int) -> list[float]:
        return crew.step(index // 2) if index % 2 else crew.look(index // 2)


class doubled(none):
    """Twice the work: the whole step runs twice from the same state, and its first result is thrown away."""

    work = 2

    def step(self, crew: "Crew", index: int) -> list[float]:
        before = crew.state()
        crew.step(index)
        crew.restore(before)
        return crew.step(index)


class slowed(none):
    """Twice the time: after each step a wait as long as the step took.

    It waits awake: a processor that slept takes the next step more slowly, and then more than a wait was added.
    """

    def step(self, crew: "Crew", index: int) -> list[float]:
        begin = time.perf_counter()
        losses = crew.step(index)
        end = time.perf_counter()
        while time.perf_counter() - end < end - begin:
            pass
        return losses


class drawn(none):
    """One more draw at each step, from a keyed generator of its own: it must change no bit."""

    def step(self, crew: "Crew", index: int) -> list[float]:
        for member in crew.members:
            torch.rand(7, generator=generator(member.seed, "drawn", index))
        return crew.step(index)


class renamed(none):
    """Other names for the same parameters, so that other initial values are drawn from the same distributions."""

    def initial(self, name: str) -> str:
        return f"renamed {name}"


class plus(none):
    """A constant penalty on every held-out loss."""

    def judged(self, metrics: dict[str, float]) -> dict[str, float]:
        return metrics | {"loss": metrics["loss"] + ADDED}


class times(none):
    """A constant factor on every held-out loss."""

    def judged(self, metrics: dict[str, float]) -> dict[str, float]:
        return metrics | {"loss": metrics["loss"] * FACTOR}
