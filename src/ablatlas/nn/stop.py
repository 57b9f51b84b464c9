"""When trainings of a search are stopped: those of a bracket, rung by rung, or none before its end.

A schedule says of each rung up to which share of a whole training its runs go on, and how many do.
"""

from typing import NamedTuple


class Schedule(NamedTuple):
    """((share, runs), …), shares rising to 1 and runs falling; a bracket begins with the first rung's runs."""

    rungs: tuple[tuple[float, int], ...]

    @property
    def size(self) -> int:
        return self.rungs[0][1]


# Successive halving: a third goes on, three times as long (Jamieson & Talwalkar 2016, arXiv 1502.07943, fig. 3; the
# factor is that of Li et al. 2016, arXiv 1603.06560, §2.5).
halving = Schedule(((1 / 9, 9), (1 / 3, 3), (1.0, 1)))
# What is done by hand: nine are looked at once, and the best of them is trained to its end.
once = Schedule(((1 / 3, 9), (1.0, 1)))
none = Schedule(((1.0, 1),))
