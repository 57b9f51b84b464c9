"""At one and the same learning rate: how many times more steps does the denominator take to the numerator's loss?

Beside the verdict on time to target, which compares arms at their own best rates: what is left at an equal rate is the
innovation's own, what is not it owes to the larger rate that it allows. Descriptive, at plain 95 %, one row a rate.
"""

from __future__ import annotations

from ablatlas.stats import ask_edges, ask_time
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.question import Row, ratio_row
from ablatlas.stats.target import Arrivals
from ablatlas.stats.threshold import ALPHA
from ablatlas.study import Ladder


def rows(evidence: Evidence) -> list[Row]:
    """Every contrast at every rate of a ladder of rates, up to the budget; none without a target to be reached."""
    rates = [ladder for ladder in evidence.study.ladders.values() if ladder.measure == ask_edges.MEASURE]
    return [row for time in ask_time.ladders(evidence) for ladder in rates for row in _rows(evidence, ladder, time)]


def _rows(evidence: Evidence, ladder: Ladder, time: Ladder) -> list[Row]:
    target, found = ask_time.targets(evidence, time)[ask_time.PRIMARY], []
    for contrast in evidence.contrasts(ladder):
        for rate in ladder.levels:
            compared = ask_time.compare(evidence, ladder.cell(rate), time.levels[0], contrast, target)
            sides = {contrast.numerator: compared.numerator, contrast.denominator: compared.denominator}
            found.append(
                {
                    "ladder": ladder.name,
                    "numerator": contrast.numerator,
                    "denominator": contrast.denominator,
                    "rate": rate,
                    "target": target,
                    "n": compared.n,
                    "arms": {name: _arm(one) for name, one in sides.items()},
                    **ratio_row(compared.ratio(ALPHA)),
                }
            )
    return found


def _arm(one: Arrivals) -> Row:
    """Runs that reached the target, and the median step at which they did where at least half of all have."""
    share = one.reached.mean()
    steps = sorted(one.longest.tolist())
    middle = (steps[(len(steps) - 1) // 2] + steps[len(steps) // 2]) / 2
    return {"reached": int(one.reached.sum()), "steps": middle if share > 0.5 else None}
