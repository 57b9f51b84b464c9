"""Verdicts on threshold ladders: each contrast's question, decided in its family, as a row of the results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ablatlas.stats import needs, threshold, verdict
from ablatlas.stats.climb import Climb
from ablatlas.stats.contrasts import Contrast, contrasts, family, primary
from ablatlas.stats.multiplicity import Adjusted, holm
from ablatlas.stats.survival import log_rank

if TYPE_CHECKING:
    from ablatlas.study import Study

VERSION = 1

ALPHA = threshold.ALPHA
SHARES = (0.25, 0.75)  # sensitivity: T as the level that these shares of the runs solve

Row = dict[str, Any]

NO_BETA = {"value": None, "low": None, "high": None, "censored": None}
NO_CLOSURE = {"value": None, "low": None, "high": None, "label": None, "shared": None}


@dataclass(frozen=True)
class Question:
    """One contrast on one ladder, in a Holm family (None: outside of any) of `size` hypotheses.

    dropped: levels that say nothing, since the rate of either variant rests on an optimum at its grid's edge.
    """

    climb: Climb
    contrast: Contrast
    comparison: threshold.Comparison
    dropped: tuple[float, ...]
    family: str | None
    size: int = 1

    @property
    def testable(self) -> bool:
        return self.comparison.n >= threshold.FEWEST

    @property
    def p(self) -> float | None:
        return self.comparison.p if self.testable else None

    @property
    def p_unchanged(self) -> float | None:
        return self.comparison.p_unchanged if self.testable else None

    @property
    def side(self) -> verdict.Word:
        relaxed = self.comparison.p_relaxed <= self.comparison.p_tightened
        return "RELAXED" if relaxed else "TIGHTENED"


def answers(study: Study, climbs: Sequence[Climb], runs: pd.DataFrame) -> list[Row]:
    """One row of the results for every contrast on every ladder."""
    asked = [question(study, climb, contrast) for climb in climbs for contrast in contrasts(study)]
    sizes = {name: sum(q.family == name for q in asked) for name in {q.family for q in asked}}
    asked = [replace(q, size=sizes[q.family] if q.family else 1) for q in asked]
    change = adjust(asked, [q.p for q in asked])
    same = adjust(asked, [q.p_unchanged for q in asked])
    return [_answer(study, *row, runs) for row in zip(asked, change, same, strict=True)]


def question(study: Study, climb: Climb, contrast: Contrast) -> Question:
    """What a contrast asks of a ladder, less the levels that say nothing about it."""
    sides = (contrast.numerator, contrast.denominator)
    dropped = tuple(level for level in climb.levels if any(level in climb.edges[side] for side in sides))
    numerator, denominator = (climb.staircase(side).without(dropped) for side in sides)
    delta = float(study.register.get("delta", threshold.DELTA))
    comparison = threshold.Comparison(numerator, denominator, delta)
    return Question(climb, contrast, comparison, dropped, family(study, contrast, climb.ladder.name))


def adjust(asked: Sequence[Question], p: Sequence[float | None]) -> list[Adjusted]:
    """Holm within each family; a p outside of any stays as it is."""
    adjusted = [holm([value], ALPHA)[0] for value in p]
    for name in {q.family for q in asked if q.family}:
        members = [i for i, q in enumerate(asked) if q.family == name]
        for i, result in zip(members, holm([p[i] for i in members], ALPHA), strict=True):
            adjusted[i] = result
    return adjusted


def _answer(study: Study, q: Question, change: Adjusted, same: Adjusted, runs: pd.DataFrame) -> Row:
    word = verdict.decide(q.side, change.p, same.p, ALPHA)
    in_family = q.testable and q.family is not None
    return {
        **_identity(study, q),
        **_estimate(q, change.level),
        "p": q.p,
        "p_adjusted": change.p if in_family else None,
        "p_unchanged": q.p_unchanged,
        "p_unchanged_adjusted": same.p if in_family else None,
        "verdict": word,
        **_why(q, word),
        "supported": _supported(study, q, word),
        "runs": _keys(q, runs),
    }


def _identity(study: Study, q: Question) -> Row:
    ladder = q.climb.ladder
    return {
        "constraint": ladder.constraint,
        "measure": ladder.measure,
        "basis": "ladder",
        "contrast": q.contrast.name,
        "role": q.contrast.role,
        "numerator": q.contrast.numerator,
        "denominator": q.contrast.denominator,
        "ladder": ladder.name,
        "primary": primary(study, ladder.name),
        "claimed": _claimed(study, q),
        "reference": ladder.reference,
        "n": q.comparison.n,
        "exploratory": q.comparison.n < threshold.EXPLORATORY,
        "family": q.family,
        "family_size": q.size,
    }


def _claimed(study: Study, q: Question) -> verdict.Claimed:
    claim = study.claim
    return verdict.claimed(q.climb.ladder.constraint, claim.get("constraints", ()), claim.get("implied", ()))


def _supported(study: Study, q: Question, word: verdict.Word) -> bool | None:
    """Whether the claim holds; None where nothing is claimed, or the contrast is not the ablation itself."""
    if q.contrast.role != "without" or _claimed(study, q) is not True:
        return None
    return verdict.supported(word, q.climb.ladder.measure)


def _estimate(q: Question, level: float) -> Row:
    """`rho` and `brackets` stand at the confidence `level` where Holm decided, `plain` at 95 %."""
    floor = needs.floor(q.comparison.n, q.size, ALPHA)
    return {
        "rho": _ratio(q, q.comparison, 1 - level),
        "level": level,
        "plain": _ratio(q, q.comparison, ALPHA),
        "beta": NO_BETA,
        "closure": NO_CLOSURE,
        "chain": {},
        "brackets": _brackets(q, q.comparison.brackets(1 - level)),
        "sensitivity": [_sensitivity(q, share) for share in SHARES],
        "floor": {**asdict(floor), "text": floor.text},
        "log_rank": _log_rank(q),
    }


def _ratio(q: Question, comparison: threshold.Comparison, alpha: float) -> Row:
    if not q.testable:
        return {"value": None, **bounds(None), "text": "no interval: too few seeds"}
    ratio = comparison.ratio(alpha)
    return {"value": ratio.value, **bounds(ratio), "text": ratio.text}


def _brackets(q: Question, pair: tuple[threshold.Bracket, threshold.Bracket]) -> Row:
    names = (q.contrast.numerator, q.contrast.denominator)
    return {name: bounds(b if q.testable else None) for name, b in zip(names, pair, strict=True)}


def bounds(interval: threshold.Bracket | threshold.Ratio | None) -> Row:
    """An interval as JSON holds it: a side without a bound is null, and `censored` names it.

    censored: "below", "above", "both" or None; None as well where there is no interval at all.
    """
    if interval is None:
        return {"low": None, "high": None, "censored": None}
    below, above = interval.low <= 0, math.isinf(interval.high)
    return {
        "low": None if below else interval.low,
        "high": None if above else interval.high,
        "censored": "both" if below and above else "below" if below else "above" if above else None,
    }


def _sensitivity(q: Question, share: float) -> Row:
    """The same contrast for another definition of T: printed, never a verdict.

    Below `n_needed` seeds no test of such a share can reject on both sides, so `observed` stands beside: the
    ratio between the levels where the shares themselves cross, without a test.
    """
    other = replace(q.comparison, share=share)
    observed = other.observed
    return {
        "share": share,
        **_ratio(q, other, ALPHA),
        "p": other.p if q.testable else None,
        "n_needed": needs.fewest(share, ALPHA),
        "observed": {"value": observed.value, **bounds(observed), "text": observed.text},
    }


def _log_rank(q: Question) -> Row | None:
    if not (q.climb.ladder.evaluated and q.testable):
        return None
    result = log_rank(q.climb.failures(q.contrast.numerator), q.climb.failures(q.contrast.denominator))
    return asdict(result) if result else None


def _why(q: Question, word: verdict.Word) -> Row:
    reason = None if word != "INCONCLUSIVE" else _edge(q) or needs.undecided(q.comparison, q.size, ALPHA)
    why = asdict(reason) if reason else {"reason": None, "n_needed": None, "needs": None}
    return {**why, "edge": list(q.dropped)}


def _edge(q: Question) -> needs.Undecided | None:
    if not q.dropped:
        return None
    rungs = ", ".join(f"{level:g}" for level in q.dropped)
    return needs.Undecided("edge", None, f"a wider rate grid at {q.climb.ladder.name} {rungs}")


def _keys(q: Question, runs: pd.DataFrame) -> list[str]:
    """Keys of the runs that the verdict rests on."""
    ladder = q.climb.ladder
    cells = {ladder.cell(level) for level in ladder.levels if level not in q.dropped}
    chosen = runs["cell"].isin(cells) & runs["arm"].isin([q.contrast.numerator, q.contrast.denominator])
    return [str(key) for key in runs.loc[chosen, "key"]]
