"""Synthetic ground truth: simulated arms through the code that judges real ones, on every kind of ladder.

A row of the table is a kind of ladder and a number of seeds. Each simulation draws the arms twice: once alike, for the
intervals and the verdicts that should not be, once as far apart as twice the effect that the design is to detect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from ablatlas.controls.aa import share
from ablatlas.controls.simulated import Clocks, Gaps, Kind, Ranges, Resources, Stairs, Times, power_law
from ablatlas.stats.question import Compared
from ablatlas.stats.threshold import ALPHA

VERSION = 1

SEEDS = (5, 10)
COVERED, FALSE, POWER = 0.93, 0.025, 0.8  # least, most, least
Row = dict[str, Any]

STEEP, SHALLOW = power_law(0.1, 1.0, 1.0), power_law(0.5, 0.5, 0.25)
KINDS: tuple[Kind, ...] = (
    Resources("steep", STEEP, 0.15),
    Resources("shallow", SHALLOW, 0.03),
    Resources("flat", lambda r: np.ones_like(r), 0.1, found=False),
    Resources("nearly flat", power_law(0.97, 0.03, 0.5), 0.1, found=False),
    Resources("pairs", SHALLOW, 0.03, shared=0.8),
    Resources("diverging", power_law(0.1, 0.6, 1.2), 0.1, diverging=0.03),
    Resources("censored", power_law(0.3, 0.6, 0.5), 0.05, levels=(0.25, 0.5, 1.0, 2.0, 4.0), rho=8.0),
    Resources("edge", power_law(0.3, 0.6, 0.5), 0.05, levels=(0.25, 0.5, 1.0, 2.0, 4.0), rho=4.0),
    Resources("non-monotone", lambda r: 0.5 + 0.15 * np.log2(r / 2) ** 2, 0.1, found=False),
    Stairs("all or nothing", slope=40.0, middle=90.0, rho=8.0),
    Stairs("gradual", slope=3.0, middle=90.0, rho=24.0),
    Stairs("edge", slope=40.0, middle=400.0, rho=8.0),
    Times("smooth", spread=0.15, limit=1e6),
    Times("censored", spread=0.3, limit=200.0),
    Times("coarse", spread=0.05, limit=1e6, tick=10.0),
    Ranges("all or nothing", slope=40.0, decades=4.4, rho=100.0),
    Ranges("gradual", slope=4.0, decades=4.0, rho=1000.0),
    Clocks("steady", spread=0.05),
    Clocks("drifting", spread=0.05, drift=0.02),
)
GAPS = (
    Gaps("multiplied resource", power_law(0.1, 0.6, 0.7), lambda r: power_law(0.1, 0.6, 0.7)(r / 3), "closing"),
    Gaps("lower floor", power_law(0.2, 0.6, 0.7), power_law(0.6, 0.6, 0.7), "persistent"),
    Gaps("factor on the loss", power_law(0.2, 0.6, 0.7), lambda r: 1.5 * power_law(0.2, 0.6, 0.7)(r), "closing"),
    Gaps("growing gap", power_law(0.2, 0.6, 0.7), lambda r: 0.4 + 0.45 * r**-0.05 + 0.1 * r**0.5, "widening"),
)


@dataclass
class Tally:
    """Counts over simulations of one truth: intervals that hold it, and verdicts."""

    simulations: int = 0
    covered: int = 0
    relaxed: int = 0
    tightened: int = 0

    def add(self, compared: Compared, rho: float) -> None:
        ratio = compared.ratio(ALPHA)
        self.simulations += 1
        self.covered += ratio.low <= rho * (1 + 1e-9) and rho * (1 - 1e-9) <= ratio.high
        self.relaxed += compared.p <= ALPHA and compared.p_relaxed < compared.p_tightened
        self.tightened += compared.p <= ALPHA and compared.p_tightened < compared.p_relaxed

    def share(self, name: str) -> float:
        return float(getattr(self, name) / self.simulations)


def table(simulations: int, part: int = 0, parts: int = 1) -> Iterator[Row]:
    """The rows of a part of the table, one after another as they are done."""
    kinds: tuple[Kind | Gaps, ...] = (*KINDS, *GAPS)
    asked = [(kind, n) for kind in kinds for n in SEEDS]
    for kind, n in asked[part::parts]:
        rng = keyed(kind.measure, kind.name, n)
        yield gap_row(kind, n, simulations, rng) if isinstance(kind, Gaps) else row(kind, n, simulations, rng)


def keyed(measure: str, name: str, n: int) -> Generator:
    """The generator of a row: a function of its name alone."""
    return np.random.default_rng([*f"{measure}, {name}".encode(), n])


def row(kind: Kind, n: int, simulations: int, rng: Generator) -> Row:
    """Coverage, false verdicts and power of a kind of ladder at n seeds."""
    none = tally(kind, n, 1.0, simulations, rng)
    rho = kind.effect(n)
    some = None if rho is None else tally(kind, n, rho, simulations, rng)
    found = {
        "measure": kind.measure,
        "kind": kind.name,
        "seeds": n,
        "simulations": simulations,
        "rho": rho,
        "coverage": min(one.share("covered") for one in (none, some) if one),
        "false_relaxed": none.share("relaxed"),
        "false_tightened": none.share("tightened"),
        "false_verdicts": none.share("relaxed") + none.share("tightened"),
        "power": some.share("relaxed") if some else None,
        "label": None,
    }
    return judge(found)


def tally(kind: Kind, n: int, rho: float, simulations: int, rng: Generator) -> Tally:
    """Simulate one truth."""
    counts = Tally()
    for _ in range(simulations):
        counts.add(kind.draw(rng, n, rho), rho)
    return counts


def gap_row(kind: Gaps, n: int, simulations: int, rng: Generator) -> Row:
    """The same of closure: how often its interval holds the truth, and the label is right, or a wrong one."""
    drawn = [kind.draw(rng, n) for _ in range(simulations)]
    right = sum(one.label == kind.label for one in drawn)
    wrong = {label: sum(one.label == label for one in drawn) / simulations for label in ("closing", "widening")}
    wrong.pop(kind.label, None)
    found = {
        "measure": kind.measure,
        "kind": kind.name,
        "seeds": n,
        "simulations": simulations,
        "rho": None,
        "coverage": sum(one.low <= kind.truth <= one.high for one in drawn) / simulations,
        "false_relaxed": wrong.get("closing", 0.0),
        "false_tightened": wrong.get("widening", 0.0),
        "false_verdicts": sum(wrong.values()),
        "power": right / simulations,
        "label": kind.label,
    }
    return judge(found)


def judge(found: Row) -> Row:
    """The row with whether it passes, and whether its intervals are wider than they need to be.

    A verdict keeps well below the share of false ones, which a label just meets: there chance is allowed for.
    """
    powerful = found["power"] is None or found["power"] >= POWER
    count = round(found["false_relaxed"] * found["simulations"])
    false = found["false_relaxed"] if found["label"] is None else share(count, found["simulations"])["low"]
    passed = found["coverage"] >= COVERED and false <= FALSE and powerful
    return found | {"conservative": found["coverage"] > 0.98, "passed": passed}


def told(simulations: int, part: int, parts: int, say: Callable[[str], None]) -> list[Row]:
    """The rows of a part, each told of when it is done."""
    rows = []
    for one in table(simulations, part, parts):
        rows.append(one)
        say(
            f"synthetic {part + 1}/{parts}: {one['measure']}, {one['kind']}, n = {one['seeds']}: coverage "
            f"{one['coverage']:.1%}, false {one['false_verdicts']:.1%}, {'passed' if one['passed'] else 'failed'}"
        )
    return rows
