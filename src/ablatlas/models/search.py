"""A search over configurations: trainings are begun in the order in which they are drawn, and stopped by a schedule.

It knows of a training what an onlooker does: what each evaluation has cost so far, and the loss that it has shown.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from ablatlas.nn import stop as schedules

VERSION = 1


class Training(Protocol):
    """A training under way."""

    def spent(self, share: float) -> float:
        """FLOPs up to a share of the whole training; none for a share of 0."""

    def shown(self, share: float) -> float:
        """The lowest held-out loss up to there."""


class Find(NamedTuple):
    """What stands when a bracket has ended: FLOPs of all so far, trainings begun, and the best that went to its end."""

    spent: float
    begun: int
    best: Training


class Model:
    """Brackets of trainings under one schedule."""

    def __init__(self, *, stop: str) -> None:
        self.schedule: schedules.Schedule = getattr(schedules, stop)

    def search(self, trainings: Sequence[Training], budget: float) -> Iterator[Find]:
        """Bracket by bracket; one that `budget` FLOPs would not see to its end is not begun."""
        waiting, spent, begun, ended = iter(trainings), 0.0, 0, []
        while group := list(islice(waiting, self.schedule.size)):
            best, cost = self.bracket(group)
            if spent + cost > budget:
                return
            spent, begun = spent + cost, begun + len(group)
            ended.append(best)
            yield Find(spent, begun, min(ended, key=lambda training: training.shown(1.0)))

    def bracket(self, group: Sequence[Training]) -> tuple[Training, float]:
        """Which of some trainings goes to its end, and the FLOPs of all of them; of equals the one that began first."""
        reached, cost, going = 0.0, 0.0, list(group)
        for share, runs in self.schedule.rungs:
            if reached:
                going = sorted(going, key=lambda training: training.shown(reached))[:runs]
            cost += sum(training.spent(share) - training.spent(reached) for training in going)
            reached = share
        return going[0], cost
