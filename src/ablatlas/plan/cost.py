"""What a plan would cost: seconds from recorded steps where there are some, from printed assumptions where not."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ablatlas.plan.demand import START, STEP
from ablatlas.plan.past import History
from ablatlas.plan.work import Job
from ablatlas.study import Study

WATTS = {"cpu": 10.0, "cuda": 300.0}  # of a busy core, of a busy GPU


@dataclass(frozen=True)
class Pace:
    """Seconds of a step, and the recorded cell that they come from: None if none; `same` if it is configured alike."""

    seconds: float
    cell: str | None
    same: bool


class Costs:
    """Seconds of a study's jobs."""

    def __init__(self, study: Study, history: History) -> None:
        self.study = study
        self.history = history
        self.pace = cache(self._pace)

    def job(self, job: Job) -> float:
        """Seconds of one job on one core, or one GPU; none where its record stands."""
        if job.stands:
            return 0.0
        steps = self.study.run_config("with", job.cell)["recipe"].get("steps", 1)
        trained = (self.pace(v, job.cell, job.phase).seconds * count for v, count in job.trained.items())
        return START + steps * sum(trained)

    def clock(self) -> float:
        """Seconds for which the clock needs the machine: blocks of equal steps of all variants."""
        if self.study.clock is None:
            return 0.0
        steps = [self.pace(variant, "base", "confirmation").seconds for variant in self.study.variants]
        return START + float(self.study.clock["blocks"] * self.study.clock["seconds"] * sum(steps) / min(steps))

    def chain(self, jobs: Iterable[Job]) -> float:
        """Seconds of the longest sequence of jobs that wait for each other, however many cores there are."""
        spent = {(job.cell, job.phase): self.job(job) for job in jobs}

        def tuned(cell: str) -> float:
            return spent[cell, "tuning"] + max(map(tuned, self.study.targets_from(cell)), default=0.0)

        confirmed = (
            spent[cell, "confirmation"] + max(map(tuned, self.study.rates_from(cell)), default=0.0)
            for cell in self.study.cells
        )
        return max(confirmed)

    def _pace(self, variant: str, cell: str, phase: str) -> Pace:
        """That of the same configuration, else of the recorded cell nearest to it, else an assumption."""
        alike = self.history.similar(variant, cell)
        candidates = (
            (
                (
                    not (same := alike(design)),
                    v != variant,
                    *self._away(cell, c),
                    p != phase,
                    c,
                ),
                seconds,
                same,
            )
            for (v, c, p), designs in self.history.paces.items()
            for design, seconds in designs
        )
        best = min(candidates, default=None)
        return Pace(STEP, None, False) if best is None else Pace(best[1], best[0][-1], best[2])

    def _away(self, cell: str, other: str) -> tuple[int, float]:
        """How far one cell is from another: itself, along its ladder by the ratio of the levels, `base`, elsewhere."""
        if cell == other:
            return 0, 0.0
        ladder = self.study.ladder_of(cell)
        levels = {name: level for level, name in ladder.rungs} if ladder else {}
        if other in levels:
            return 1, abs(math.log(levels[other] / levels[cell]))
        return (2, 0.0) if other == "base" else (3, 0.0)


def wall(work: float, longest: float, alone: float, cores: int) -> float:
    """Seconds by the clock on `cores` cores: the work shared out, or the longest chain; the clocks run alone."""
    return max(work / cores, longest) + alone
