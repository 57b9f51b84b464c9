"""What would be trained: for every cell and phase, the runs that stand, those taken over and those left to do."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ablatlas.plan.past import PHASES, Past, torch_version
from ablatlas.procedures.tuning import rates
from ablatlas.study import Study, run_key

THREADS = 1  # of a run's process, as the engine has it


@dataclass(frozen=True)
class Job:
    """One cell in one phase.

    `runs` that it consists of; `stands` if its record is there, so that it has nothing to do; `taken` over from other
    records; `trained`, the others by variant. `bound`: "at least" these, since a grid may grow, "at most", since
    a rate is not known yet and runs at it may be recorded, or "" where the number is exact.
    """

    cell: str
    phase: str
    runs: int
    stands: bool
    taken: int
    trained: dict[str, int]
    bound: str

    @property
    def training(self) -> int:
        return sum(self.trained.values())


def jobs(study: Study, past: Past, published: bool) -> list[Job]:
    """Every job of a study, cell by cell, tuning before confirmation."""
    return [job for cell in study.cells for job in _jobs(study, cell, past, published)]


def _jobs(study: Study, cell: str, past: Past, published: bool) -> Iterator[Job]:
    for phase in PHASES:
        if phase == "tuning" and cell not in study.tuned_cells:
            continue
        tuning = phase == "tuning"
        path = study.tuning_record(cell, published) if tuning else study.record(cell, published)
        tried = grids(study, cell) if tuning else chosen(study, cell, past, published)
        total = Counter({variant: len(tried[variant]) * len(study.seeds[phase]) for variant in tried})
        if (study.root / path).is_file():
            # A tuning record may hold more than the declared grid, which may have grown.
            count = len(past.records[path].run) if path in past.records else total.total()
            yield Job(cell, phase, count, True, 0, {}, "")
            continue
        left = Counter(v for v, key in _keys(study, cell, phase, tried) if key not in past.keys[phase])
        bound = "at least" if tuning else "at most" if study.tuned_cells and [None] in tried.values() else ""
        yield Job(cell, phase, total.total(), False, total.total() - left.total(), dict(left), bound)


def grids(study: Study, cell: str) -> dict[str, list[float | None]]:
    """Variant -> the rates that tuning a cell tries at the least."""
    return {variant: list(study.tune.grids[variant]) for variant in study.variants_of(cell)}


def chosen(study: Study, cell: str, past: Past, published: bool) -> dict[str, list[float | None]]:
    """Variant -> the one rate of its confirmation runs, None while tuning has not chosen it, or where it never will."""
    variants, sources = study.variants_of(cell), study.rates_from(cell)
    if not study.tuned_cells:
        return {variant: [None] for variant in variants}
    ledgers = {source: past.ledger(study.tuning_record(source, published)) for source in sources}
    known = {source: ledger for source, ledger in ledgers.items() if ledger}
    if len(known) < len(sources):
        return {variant: [None] for variant in variants}
    return {variant: [rate] for variant, rate in rates(study, cell, known).items()}


def _keys(study: Study, cell: str, phase: str, rates: dict[str, list[float | None]]) -> Iterator[tuple[str, str]]:
    """(variant, key) of every run; a run whose rate is not known has a key that no record holds."""
    here = (study.engine, torch_version(), study.device, THREADS)
    for variant, tried in rates.items():
        for rate in tried:
            unknown = rate is None and study.tuned_cells
            digest = "" if unknown else study.run_digest(variant, cell, rate)
            yield from ((variant, run_key(digest, seed, *here)) for seed in study.seeds[phase])
