"""What a step costs, asked by net terms: its operations, their rate on the clock, and the power they draw.

A ladder of costs follows every term along its levels: the verdict is that of its reference, and beta the factor by
which the ratio grows with each doubling of the level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from ablatlas.stats import ask_time, costs
from ablatlas.stats.chain import exact, product
from ablatlas.stats.clocked import Floats, NetTerm, per_doubling, units
from ablatlas.stats.contrasts import Contrast, contrasts
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.needs import Undecided
from ablatlas.stats.question import NOTHING, Question, Row, ratio_row
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.threshold import ALPHA
from ablatlas.study import Ladder

VERSION = 1

Measure = Literal["flops_per_step", "flop_rate", "power"]
CONSTRAINT = {"flops_per_step": "compute", "flop_rate": "efficiency", "power": "energy"}
# The gross ratio that stands after each net term.
GROSS = {"flops_per_step": "rho_C", "flop_rate": "rho_W", "power": "rho_J"}


@dataclass(frozen=True, eq=False)
class Net:
    """The net terms of one contrast; `power` is None where there is no counter, and `why` says so."""

    flops_per_step: Ratio
    flop_rate: NetTerm
    power: NetTerm | None
    why: str | None


def net(evidence: Evidence, contrast: Contrast, cell: str = "base") -> Net | None:
    """The net terms of a contrast in a cell; None where nothing was timed."""
    if evidence.clock is None:
        return None
    clock = evidence.clock.at(cell)
    delta = float(evidence.study.register["delta"])
    sides = (contrast.numerator, contrast.denominator)
    flops = [float(clock.meters[side]["flops_per_step"]) for side in sides]
    blocks = [clock.blocks[clock.blocks["variant"] == side].sort_values("block", kind="stable") for side in sides]
    rates = [each * _column(part, "steps") / _column(part, "seconds") for each, part in zip(flops, blocks, strict=True)]
    watts = [_column(part, "joules") / _column(part, "seconds") for part in blocks]
    counted = all(np.isfinite(each).all() for each in watts)
    why = None if counted else str(clock.provenance.get("no_counter") or "a block without a count")
    return Net(
        flops_per_step=exact(flops[1] / flops[0]),
        flop_rate=NetTerm(units(rates[0], rates[1]), delta),
        power=NetTerm(units(watts[1], watts[0]), delta) if counted else None,
        why=why,
    )


def _column(part: pd.DataFrame, name: str) -> Floats:
    return pd.to_numeric(part[name]).to_numpy(float)


def ask(evidence: Evidence) -> list[Question]:
    """Three questions for every contrast, where there is a clock."""
    return [
        question
        for contrast in contrasts(evidence.study)
        if (terms := net(evidence, contrast)) is not None
        for question in _questions(evidence, contrast, terms)
    ]


def _questions(evidence: Evidence, contrast: Contrast, terms: Net) -> list[Question]:
    sides = {contrast.numerator, contrast.denominator}
    ladder = next((one for one in costs.ladders(evidence) if sides <= set(one.variants)), None)
    no_counter = Undecided("no counter", None, f"a machine whose energy counter can be read ({terms.why})")

    def question(measure: Measure, compared: NetTerm | None, ratio: Ratio | None, why: Undecided | None) -> Question:
        asked = Question(
            contrast=contrast,
            constraint=CONSTRAINT[measure],
            measure=measure,
            compared=compared,
            undecided=compared.undecided if compared else None,
            details=lambda size, level: {"chain": {measure: ratio_row(ratio or compared.ratio(ALPHA))}},  # type: ignore[union-attr]
            basis="net",
            family=None if ratio else "primary" if contrast.role == "without" else None,
            blocked=why,
            exact=ratio,
        )
        return _followed(evidence, asked, ladder) if ladder else asked

    return [
        question("flops_per_step", None, terms.flops_per_step, None),
        question("flop_rate", terms.flop_rate, None, None),
        question("power", terms.power, None, None if terms.power else no_counter),
    ]


def _followed(evidence: Evidence, asked: Question, ladder: Ladder) -> Question:
    """A question of the base cell, followed along a ladder of costs."""
    first = asked.details
    registered = evidence.study.register["primary"].get(asked.constraint) == ladder.name
    rival = registered and asked.contrast.role == "strong" and not asked.exact

    def details(size: int, level: float) -> Row:
        return first(size, level) | {"beta": _beta(evidence, asked, ladder)}

    return replace(
        asked,
        details=details,
        ladder=ladder.name,
        reference=ladder.reference,
        primary=registered,
        family="strong" if rival else asked.family,
        runs=evidence.keys((cell for _, cell in ladder.rungs), asked.contrast),
    )


def _beta(evidence: Evidence, asked: Question, ladder: Ladder) -> Row:
    """The factor by which the ratio grows with each doubling of the level; nothing where there is no counter."""
    found = [getattr(net(evidence, asked.contrast, cell), asked.measure) for _, cell in ladder.rungs]
    if None in found:
        return NOTHING
    if asked.exact:
        (gain,) = per_doubling(ladder.levels, np.log([[ratio.value] for ratio in found]))
        return ratio_row(exact(math.exp(gain)))
    gains = NetTerm(per_doubling(ladder.levels, np.array([term.logs for term in found])))
    return ratio_row(gains.ratio(ALPHA))


def terms(evidence: Evidence) -> Row | None:
    """The chain of `without` against `with`, link by link; None where there is neither a clock nor a time to target."""
    contrast = next(one for one in contrasts(evidence.study) if one.role == "without")
    return {"terms": links(evidence, contrast)} if evidence.clock or ask_time.ladders(evidence) else None


def links(evidence: Evidence, contrast: Contrast) -> list[Row]:
    """rho_T, then by turns a net term and the gross ratio up to it; what is unknown says why."""
    gross, why = _steps(evidence, contrast)
    found = net(evidence, contrast)
    rows = [_row("rho_T", "gross", gross, why)]
    for measure, total in GROSS.items():
        term, lack = _term(found, measure)
        rows.append(_row(measure, "net", term, lack))
        gross = product([gross, term]) if gross and term else None
        why = why or lack
        rows.append(_row(total, "gross", gross, why))
    return rows


def _steps(evidence: Evidence, contrast: Contrast) -> tuple[Ratio | None, str | None]:
    """rho_T, or why there is none: where runs are timed they were first found to do the same, step for step."""
    if evidence.study.alone:
        return exact(1.0), None
    for ladder in ask_time.ladders(evidence):
        if contrast in evidence.contrasts(ladder):
            target = ask_time.targets(evidence, ladder)[ask_time.PRIMARY]
            cell, limit = ask_time.limit_cell(ladder), ladder.levels[-1]
            return ask_time.compare(evidence, cell, limit, contrast, target).ratio(ALPHA), None
    return None, "no time to target was measured"


def _term(found: Net | None, measure: str) -> tuple[Ratio | None, str | None]:
    if found is None:
        return None, "nothing was timed"
    if measure == "flops_per_step":
        return found.flops_per_step, None
    term = found.flop_rate if measure == "flop_rate" else found.power
    return (term.ratio(ALPHA), None) if term else (None, f"no counter ({found.why})")


def _row(term: str, basis: str, ratio: Ratio | None, why: str | None) -> Row:
    told = ratio_row(ratio) if ratio else {**NOTHING, "text": why}
    return {"term": term, "basis": basis, **told, "why": None if ratio else why}
