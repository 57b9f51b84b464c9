"""A pool of trainings that were run before, to be searched as if they were run now.

A configuration was trained with several seeds. A search sees one of them, drawn by its own keys, and is judged by the
others, so that a lucky seed that it chose flatters nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from ablatlas.tasks import Keys

VERSION = 1

Curve = tuple[tuple[float, ...], tuple[float, ...]]  # FLOPs and held-out losses, an evaluation each


@dataclass(frozen=True)
class Replayed:
    """One training. flops, losses: after each evaluation, the losses lowest so far; a run that diverged has fewer.

    evaluations: of a whole training. floor: what a run that diverged shows. judged: the mean loss of the
    configuration's other seeds.
    """

    name: str
    flops: tuple[float, ...]
    losses: tuple[float, ...]
    evaluations: int
    floor: float
    judged: float

    def spent(self, share: float) -> float:
        """FLOPs up to the evaluation that is nearest to a share of the training, the first at the least."""
        return self.flops[min(self._place(share), len(self.flops) - 1)] if share else 0.0

    def shown(self, share: float) -> float:
        """The lowest loss up to there."""
        place = self._place(share)
        return self.losses[place] if place < len(self.losses) else self.floor

    def _place(self, share: float) -> int:
        return max(1, round(share * self.evaluations)) - 1


class Task:
    """The pool in a search's own order. runs: configuration -> the curves of its seeds, two of them at the least.

    `whole` is the mean FLOPs of a training that went to its end, `best` the least mean loss of any configuration.
    Raises ValueError for a configuration of one seed, and where no training went to its end.
    """

    def __init__(self, *, runs: Mapping[str, Sequence[Curve]], evaluations: int, floor: float, keys: Keys) -> None:
        if alone := [name for name, curves in runs.items() if len(curves) < 2]:
            raise ValueError(f"found one seed of {alone[0]}, expected another to judge it by")
        self.floor = {"loss": floor}
        self.evaluations = evaluations
        lows = {name: [self._lows(losses) for _, losses in curves] for name, curves in runs.items()}
        ends = {name: [self._end(low) for low in found] for name, found in lows.items()}
        costs = [flops[-1] for curves in runs.values() for flops, _ in curves if len(flops) == evaluations]
        if not costs:
            raise ValueError(f"found no training with all of its {evaluations} evaluations")
        self.whole = sum(costs) / len(costs)
        self.best = min(sum(end) / len(end) for end in ends.values())
        names = sorted(runs)
        order = torch.randperm(len(names), generator=keys("order", 0)).tolist()
        draw = keys("seed", 0)
        seen = [int(torch.randint(len(runs[name]), (1,), generator=draw)) for name in names]
        self.trainings = [self._replayed(names[i], runs, lows, ends, seen[i]) for i in order]

    def _lows(self, losses: Sequence[float]) -> tuple[float, ...]:
        """The lowest loss so far, at the floor the highest."""
        return tuple(min(self.floor["loss"], *losses[: i + 1]) for i in range(len(losses)))

    def _end(self, lows: Sequence[float]) -> float:
        return lows[-1] if len(lows) == self.evaluations else self.floor["loss"]

    def _replayed(
        self, name: str, runs: Mapping[str, Sequence[Curve]], lows: Mapping[str, Sequence[tuple[float, ...]]],
        ends: Mapping[str, Sequence[float]], seen: int,
    ) -> Replayed:  # fmt: skip
        others = [end for i, end in enumerate(ends[name]) if i != seen]
        flops, judged = runs[name][seen][0], sum(others) / len(others)
        return Replayed(name, tuple(flops), lows[name][seen], self.evaluations, self.floor["loss"], judged)
