"""The plan as a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablatlas.page import Sections
from ablatlas.plan import shows, words
from ablatlas.plan.cost import Costs, wall
from ablatlas.plan.demand import START, STEP
from ablatlas.plan.layout import duration, table
from ablatlas.plan.past import PHASES, History, Past
from ablatlas.plan.work import Job, jobs
from ablatlas.procedures.tuning import EXTENSIONS
from ablatlas.site import Site
from ablatlas.study import Study

SIGN = {"at least": "≥", "at most": "≤", "": ""}


@dataclass(frozen=True)
class Terms:
    """On what the plan is made: published records taken over or not, cores, watts a core or GPU, a site's prices."""

    published: bool
    cores: int
    watts: float
    site: Site


class Plan:
    """One study's jobs and what they cost."""

    def __init__(self, study: Study, past: Past, terms: Terms) -> None:
        self.study, self.terms = study, terms
        self.history = History(study, past)
        self.costs = Costs(study, self.history)
        self.jobs = jobs(study, past, terms.published)
        clock = study.clock is not None and not (study.root / study.clock_record(terms.published)).is_file()
        self.clock = self.costs.clock() if clock else 0.0

    @property
    def seconds(self) -> float:
        """Of all jobs but the clock, on one core each."""
        return sum(map(self.costs.job, self.jobs))

    @property
    def chain(self) -> float:
        return self.costs.chain(self.jobs)


def page(plans: Sequence[Plan], terms: Terms) -> Sections:
    """All studies, then the totals and what was assumed."""
    return [section for plan in plans for section in study(plan)] + totals(plans, terms)


def study(plan: Plan) -> Sections:
    """One study: its runs, its clock, its cost and what it could show."""
    study, n = plan.study, len(plan.study.seeds["confirmation"])
    size = f"{len(study.cells)} cells, {len(study.variants)} variants, {n} confirmation seeds"
    return [
        (study.name, [f"{study.title}, at scale {study.scale}: {size}"]),
        ("runs", table(RUNS, [*_runs(plan), _sum(["all", ""], plan.jobs, plan.seconds)]) + _readers(study)),
        ("clock", [_clock(plan)]),
        ("cost", [_cost([plan], plan.terms), *_paces(plan)]),
        ("families", [_family(study)]),
        ("can show", [line for ladder in study.ladders.values() for line in words.ladder(study, ladder, plan.history)]),
        ("", words.net(study)),
    ]


def totals(plans: Sequence[Plan], terms: Terms) -> Sections:
    """All studies together."""
    rows = [_sum([plan.study.name], plan.jobs, plan.seconds) for plan in plans]
    every = [job for plan in plans for job in plan.jobs]
    rows.append(_sum(["all"], every, sum(plan.seconds for plan in plans)))
    return [
        ("total", [*table(["study", *RUNS[2:]], rows), _cost(plans, terms)]),
        (
            "assumed",
            [
                f"{terms.watts:g} W a {_unit(plans)}, {START:g} s to start a job, as fast as the recorded runs were",
                f"{STEP:g} s a step where nothing is recorded; a seed SD of {shows.SCATTER:g} doublings likewise",
                f"≥: each grid may grow by up to {EXTENSIONS} rates; ≤: runs at untuned rates may be recorded; ~: both",
            ],
        ),
    ]


# --- runs and cost ---

RUNS = ["ladder", "phase", "cells", "runs", "there", "taken over", "to train", "takes"]


def _runs(plan: Plan) -> Iterable[list[str]]:
    owner = {cell: _owner(plan.study, cell) for cell in plan.study.cells}
    for name in dict.fromkeys(owner.values()):
        for phase in PHASES:
            own = [job for job in plan.jobs if owner[job.cell] == name and job.phase == phase]
            if own:
                yield _sum([name, phase], own, sum(map(plan.costs.job, own)))


def _sum(words: Sequence[str], own: Sequence[Job], seconds: float) -> list[str]:
    """A row that begins with `words`; `~` before a number of which some parts may grow and others shrink."""
    there = sum(job.runs for job in own if job.stands)
    cells = sum(job.phase == "confirmation" for job in own) or len(own)  # a tuned cell has two jobs
    counts = [cells, sum(job.runs for job in own), there, sum(job.taken for job in own)]
    bounds = {job.bound for job in own} - {""}
    bound = SIGN[bounds.pop()] if len(bounds) == 1 else "~" if bounds else ""
    return [*words, *map(str, counts), f"{bound}{sum(job.training for job in own)}", duration(seconds)]


def _readers(study: Study) -> list[str]:
    """The ladders that train nothing of their own."""
    over = [f"{x.name} reads the curves of {x.over}" for x in study.ladders.values() if x.over]
    return over + [f"{x.name} is read at every level from base" for x in study.ladders.values() if x.evaluated]


def _clock(plan: Plan) -> str:
    timer = plan.study.clock
    if timer is None:
        return "the runs themselves, the machine to themselves" if plan.study.alone else "none"
    blocks = f"{len(plan.study.variants)} variants, {timer['blocks']} blocks each of {timer['seconds']:g} s or more"
    return f"{blocks}: about {duration(plan.clock)}, the machine to itself" if plan.clock else f"{blocks}: there"


def _cost(plans: Sequence[Plan], terms: Terms) -> str:
    work, alone = sum(plan.seconds for plan in plans), sum(plan.clock for plan in plans)
    hours = (work + alone) / 3600
    spent = wall(work, max((plan.chain for plan in plans), default=0.0), alone, terms.cores)
    unit = _unit(plans)
    return (
        f"{hours:.2f} {unit}-hours, {hours * terms.watts / 1000:.3g} kWh at {terms.watts:g} W a {unit}"
        f"{_price(hours, unit, terms.site)}; "
        f"about {duration(spent)} on {terms.cores} {unit}{'s' if terms.cores > 1 else ''}"
    )


def _price(hours: float, unit: str, site: Site) -> str:
    """What a site charges: for its GPU and for the core that it is asked for with, or for a core alone."""
    told = {"core": site.core_hour, "GPU": site.gpu_hour} if unit == "GPU" else {"core": site.core_hour}
    rates = {what: rate for what, rate in told.items() if rate is not None}
    at = ", ".join(f"{rate:g} a {what}-hour" for what, rate in rates.items())
    return f", {hours * sum(rates.values()):.2f} {site.currency} at {at}" if rates else ""


def _unit(plans: Sequence[Plan]) -> str:
    return "core" if all(plan.study.device == "cpu" for plan in plans) else "GPU"


def _paces(plan: Plan) -> list[str]:
    """Where the seconds of a step come from, by ladder."""
    sources: dict[str, list[str]] = {}
    for job in plan.jobs:
        for pace in (plan.costs.pace(variant, job.cell, job.phase) for variant in job.trained):
            source = "recorded" if pace.same else f"taken from {pace.cell}" if pace.cell else f"assumed ({STEP:g} s)"
            sources.setdefault(source, []).append(_owner(plan.study, job.cell))
    return [f"seconds of a step {source}: {', '.join(dict.fromkeys(names))}" for source, names in sources.items()]


def _owner(study: Study, cell: str) -> str:
    ladder = study.ladder_of(cell)
    return ladder.name if ladder else "base"


def _family(study: Study) -> str:
    sizes = (f"{name} {size} (Holm's first step at α/{size})" for name, size in study.families.items() if size)
    return ", ".join(sizes) or "none"
