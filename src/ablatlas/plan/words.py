"""What a design could show, in words and small tables."""

import math
from itertools import pairwise

from ablatlas.plan import shows
from ablatlas.plan.layout import table, wrapped
from ablatlas.plan.past import History
from ablatlas.stats import needs, power, target
from ablatlas.stats.threshold import ALPHA, FEWEST
from ablatlas.study import Ladder, Study

SMALL = 1.25  # the ratio that a study should be able to see


def ladder(study: Study, ladder: Ladder, history: History) -> list[str]:
    """What one ladder of a study could show, in lines."""
    registered = ladder.name in study.register["primary"].values()
    n, size = len(study.seeds["confirmation"]), study.families["primary"] if registered else 1
    head = f"{ladder.name} ({ladder.constraint}, {ladder.measure}{'' if registered else ', outside the family'}): "
    match ladder.measure:
        case "threshold":
            return _threshold(head, ladder, n, size, study.register["delta"])
        case "resource":
            return wrapped(head + _resource(study, ladder, n, size, history))
        case "edges":
            return wrapped(head + _edges(ladder, n, size))
        case "time_to_target":
            return wrapped(head + _time(ladder, n, size))
        case "cost":
            return wrapped(head + f"the ratio at every level, and what each doubling adds to it, by {n} seeds")
    return wrapped(head + f"the curves of {ladder.over} at n = {n}; how far they scatter is known once it is climbed")


def _threshold(head: str, ladder: Ladder, n: int, size: int, delta: float) -> list[str]:
    least = needs.floor(n, size)
    decisive = shows.patterns(ladder.levels, n, size, delta)
    if not decisive:
        return wrapped(head + least.text)
    certain = shows.sure(ladder.levels, decisive)
    limits = f"; ρ > {certain:.3g} is seen wherever on the ladder both limits lie" if certain else ""
    low = {(pattern.solves, pattern.fails): f">{pattern.low:.3g}" for pattern in decisive}
    fails = sorted({pattern.fails for pattern in decisive})
    rows = [
        [f"{solves:g}", *(low.get((solves, rung), "") for rung in fails)]
        for solves in sorted({pattern.solves for pattern in decisive})
    ]
    grid = table(["solves \\ fails", *(f"{rung:g}" for rung in fails)], rows)
    told = wrapped(f"{head}{least.text}{limits}; ρ by where `with` solves and `without` fails:")
    return told + [f"  {line}" for line in grid]


def _resource(study: Study, ladder: Ladder, n: int, size: int, history: History) -> str:
    recorded = shows.scatter(ladder, history)
    s, source = (shows.SCATTER, "assumed") if recorded is None else (recorded, "recorded")
    if not math.isfinite(s):
        return "nothing, since the recorded loss does not fall around the reference"
    if n < FEWEST:
        return f"no interval at n = {n}: {FEWEST} seeds are needed"
    plain = power.detectable(n, s)
    beyond = power.detectable(n, s, ALPHA / size, delta=study.register["delta"])
    top = max(ladder.levels) / (ladder.reference or 1)
    end = f"; the ladder ends at {top:g} times the reference" if beyond > top else ""
    seen = f"{power.detectable_effect(n):.3g} s, s = {s:.2g} doublings {source}"
    first = f"from {beyond:.3g} it is RELAXED at Holm's first step"
    told = f"at n = {n}, with power {power.POWER:.0%}, 1 is excluded from ρ = {plain:.3g} ({seen}); {first}{end}"
    needed = power.seeds(SMALL, s, ALPHA / size, delta=study.register["delta"])
    asked = f"; {SMALL} would take {needed or 'more than 100'} seeds"
    noisy = "; so noisy a ladder is mostly `flat`, whatever ρ is" if s > power.identifiable(n) else ""
    return told + asked + noisy


def _edges(ladder: Ladder, n: int, size: int) -> str:
    needed = shows.edges_needed(size)
    if n < needed:
        return f"at n = {n} no end of a range of rates can be held: {needed} seeds are needed"
    rung = max(b / a for a, b in pairwise(ladder.levels))
    return (
        f"at n = {n} an end of a range is held where all runs solve one rate and none the next; ρ is the ratio of two "
        f"ranges' widths, each known to within a rung (a factor of {rung:.2g}) at either end"
    )


def _time(ladder: Ladder, n: int, size: int) -> str:
    needed = target.fewest(ALPHA / size)
    if n < needed:
        return f"at n = {n} nothing decides: {needed} seeds are needed"
    limit = ladder.levels[1] / ladder.levels[0]
    return (
        f"at n = {n} decided where nearly all runs of one arm get there more than 10 % sooner than the other's "
        f"({needed} seeds do if all are); followed to {limit:g} budgets, beyond which ρ is a bound"
    )


def net(study: Study) -> list[str]:
    """What the terms beside the ladders could show."""
    exact = "compute by flops_per_step: exact, no test"
    if not study.timed:
        return [exact]
    blocks = (
        study.clock["blocks"] if study.clock else study.config["recipe"]["steps"] * len(study.seeds["confirmation"])
    )
    blocks = f"{blocks} blocks an arm; joules need a counter"
    return [exact, f"efficiency by flop_rate, energy by power: {blocks}"]
