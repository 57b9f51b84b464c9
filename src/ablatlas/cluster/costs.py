"""What the jobs of a clone have cost, study by study."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from ablatlas.cluster.accounting import Attempt
from ablatlas.plan.layout import duration, table
from ablatlas.site import Site

HEADING = [
    "study", "jobs", "retries", "core-hours", "used", "efficiency", "GPU-hours", "used", "lost", "queued",
    "longest wait",
]  # fmt: skip


def page(attempts: Sequence[Attempt], site: Site) -> list[str]:
    """A table, a row a study and one for all, and what the columns mean."""
    if not attempts:
        return ["no job of this clone has been started in that time"]
    studies: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        studies[attempt.work.study].append(attempt)
    priced = site.core_hour is not None or site.gpu_hour is not None
    rows = [_row(name, own, site, priced) for name, own in [*sorted(studies.items()), ("all", list(attempts))]]
    return [
        *table([*HEADING, site.currency] if priced else HEADING, rows),
        "lost: core-hours of attempts that did not complete; queued: the median wait",
        "jobs on the cluster alone: what is measured and drawn is done where Snakemake runs",
    ]


def retries(attempts: Sequence[Attempt]) -> int:
    """Starts beyond the first of each job, whoever started it again: Slurm, Snakemake, a person.

    A job of several cells is told from the next by its number alone.
    """
    return len(attempts) - len({a.work if a.work.cell else a.number for a in attempts})


def price(attempts: Sequence[Attempt], site: Site) -> float:
    """What is charged for what was allocated, used or not."""
    cores = sum(a.cores * a.seconds for a in attempts) / 3600
    gpus = sum(a.gpus * a.seconds for a in attempts) / 3600
    return cores * (site.core_hour or 0.0) + gpus * (site.gpu_hour or 0.0)


def _row(name: str, own: Sequence[Attempt], site: Site, priced: bool) -> list[str]:
    allocated, used = sum(a.cores * a.seconds for a in own), sum(a.used for a in own)
    counted = [a.gpu_used for a in own if a.gpu_used is not None]
    waits = [a.queued for a in own]
    return [
        name,
        str(len(own) - retries(own)),
        str(retries(own)),
        f"{allocated / 3600:.3f}",
        f"{used / 3600:.3f}",
        f"{used / allocated:.0%}" if allocated else "-",
        f"{sum(a.gpus * a.seconds for a in own) / 3600:.3f}",
        f"{sum(counted) / 3600:.3f}" if counted else "-",
        f"{sum(a.cores * a.seconds for a in own if not a.completed) / 3600:.3f}",
        duration(median(waits)),
        duration(max(waits)),
        *([f"{price(own, site):.2f}"] if priced else []),
    ]
