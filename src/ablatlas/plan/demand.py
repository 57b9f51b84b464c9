"""What a job of the DAG asks for: minutes, memory, a GPU, and whether it is worth an allocation of its own.

Minutes come from the plan's seconds, so from recorded steps where there are some. They are read once, and only where
a job is about to be handed out: importing this loads no table and no torch.
"""

import math
from functools import cached_property
from typing import TYPE_CHECKING

from ablatlas.study import Study, find_root

if TYPE_CHECKING:
    from ablatlas.plan.past import Past

STEP = 0.01  # seconds of a training step, where the study has no record at all
START = 5.0  # seconds that a job takes before its first step

MARGIN = 3.0  # times the seconds that are planned: another machine may be slower, and a grid may grow
SLACK = 10  # minutes besides: a file system or an environment that is slow to begin with
MEMORY = {"cpu": 2000, "cuda": 8000}  # MB of the host: torch, the data, the states of a stack; CUDA's own libraries


class Demand:
    """The demands of the cells of some studies. `published`: whether published runs are taken over."""

    def __init__(self, published: bool, most: int) -> None:
        self.published, self.most = published, most
        self.known: dict[str, dict[tuple[str, str], float]] = {}

    def minutes(self, study: Study, phase: str, cell: str, attempt: int) -> int:
        """The time limit: each attempt gets twice that of the one before, which it goes on from; at most `most`."""
        seconds = self._seconds(study)[phase, cell]
        return min(self.most, (SLACK + math.ceil(MARGIN * seconds / 60)) * 2 ** (attempt - 1))

    def _seconds(self, study: Study) -> dict[tuple[str, str], float]:
        """(phase, cell) -> seconds planned; the clock's phase is `clock`."""
        if study.name not in self.known:
            from ablatlas.plan.cost import Costs
            from ablatlas.plan.past import History
            from ablatlas.plan.work import jobs

            costs = Costs(study, History(study, self.past))
            cells = {(job.phase, job.cell): costs.job(job) for job in jobs(study, self.past, self.published)}
            self.known[study.name] = cells | {("clock", "base"): costs.clock()}
        return self.known[study.name]

    @cached_property
    def past(self) -> "Past":
        """All records, read once."""
        from ablatlas.plan.past import look_back

        return look_back(find_root(), self.published)


def memory(study: Study, attempt: int) -> int:
    """MB of the machine's memory, twice as much each time."""
    return MEMORY[study.device] * 2 ** (attempt - 1)


def gpus(study: Study) -> int:
    """How many GPUs a cell is trained on."""
    return int(study.device == "cuda")


def short(study: Study, phase: str, cell: str) -> bool:
    """Whether a cell is trained sooner than its job has begun, from the declaration alone; never where runs are timed.

    The jobs of a cluster ask again, when records have changed, and must come to the same answer.
    """
    if study.alone:
        return False
    trials = len(study.seeds[phase])
    runs = sum(
        trials * (len(study.tune.grids[variant]) if phase == "tuning" else 1) for variant in study.variants_of(cell)
    )
    return bool(runs * study.run_config("with", cell)["recipe"].get("steps", 0) * STEP < START)
