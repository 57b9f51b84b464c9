"""A question that a study asks of its runs, whatever it is measured by, and its row of the results once decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ablatlas.stats import verdict
from ablatlas.stats.contrasts import Contrast
from ablatlas.stats.multiplicity import Adjusted, holm
from ablatlas.stats.needs import Undecided
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.threshold import ALPHA, EXPLORATORY, FEWEST

if TYPE_CHECKING:
    from ablatlas.study import Study

VERSION = 1

Row = dict[str, Any]

NOTHING: Row = {"value": None, "low": None, "high": None, "censored": None}
NO_CLOSURE: Row = {
    "value": None, "low": None, "high": None, "label": None, "shared": None, "fall": None, "question": None,
}  # fmt: skip


class Compared(Protocol):
    """Two arms of one contrast, whatever their ratio is a ratio of; `n` runs, or blocks, in the smaller one."""

    @property
    def n(self) -> int: ...
    @property
    def p_relaxed(self) -> float: ...
    @property
    def p_tightened(self) -> float: ...
    @property
    def p(self) -> float: ...
    @property
    def p_unchanged(self) -> float: ...
    def ratio(self, alpha: float) -> Ratio: ...


@dataclass(frozen=True)
class Question:
    """One contrast in one measure.

    compared: None where there is nothing to compare; `blocked` then says why, as it does where a comparison exists but
    must not be tested. exact: a ratio without noise, decided by its value. dropped: levels that say nothing, since
    a rate there rests on an optimum at its grid's edge. family: of Holm's procedure, None outside of any.
    undecided: what a comparison that decides nothing in a family of so many would need.
    details: the columns that only this measure has, given the family's size and the confidence level at which Holm
    decided.
    """

    contrast: Contrast
    constraint: str
    measure: str
    compared: Compared | None
    undecided: Callable[[int, float], Undecided] | None
    details: Callable[[int, float], Row]
    ladder: str | None = None
    basis: str = "ladder"
    reference: float | None = None
    primary: bool = False
    family: str | None = None
    blocked: Undecided | None = None
    exact: Ratio | None = None
    dropped: tuple[float, ...] = ()
    runs: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return self.compared.n if self.compared else 0

    @property
    def testable(self) -> bool:
        return self.compared is not None and self.n >= FEWEST

    @property
    def tested(self) -> bool:
        return self.testable and self.blocked is None

    @property
    def p(self) -> float | None:
        return self.compared.p if self.compared and self.tested else None

    @property
    def p_unchanged(self) -> float | None:
        return self.compared.p_unchanged if self.compared and self.tested else None

    @property
    def side(self) -> verdict.Word:
        """RELAXED or TIGHTENED, whichever the data favour."""
        if self.compared is None:
            return "INCONCLUSIVE"
        return "RELAXED" if self.compared.p_relaxed <= self.compared.p_tightened else "TIGHTENED"


def adjust(families: Sequence[str | None], p: Sequence[float | None], sizes: dict[str, int]) -> list[Adjusted]:
    """Holm within each family, whose size is fixed by the study's file; a p outside of any stays as it is.

    Hypotheses of a family that were not asked here still count.
    """
    adjusted = [holm([value], ALPHA)[0] for value in p]
    for name in {family for family in families if family}:
        members = [i for i, family in enumerate(families) if family == name]
        others = [None] * (sizes.get(name, 0) - len(members))
        for i, result in zip(members, holm([*(p[i] for i in members), *others], ALPHA), strict=False):
            adjusted[i] = result
    return adjusted


def row(study: Study, q: Question, size: int, change: Adjusted, same: Adjusted) -> Row:
    """A question's row of the results, its tests adjusted within their family of `size`."""
    delta = float(study.register["delta"])
    word = verdict.exact(q.exact, delta) if q.exact else verdict.decide(q.side, change.p, same.p, ALPHA)
    in_family = q.tested and q.family is not None
    found = {
        **_identity(study, q, size),
        "rho": _ratio(q, 1 - change.level),
        "level": change.level,
        "plain": _ratio(q, ALPHA),
        "beta": NOTHING,
        "closure": NO_CLOSURE,
        "chain": {},
        "sensitivity": [],
        **(q.details(size, change.level) if q.compared or q.exact else {}),
        "p": q.p,
        "p_adjusted": change.p if in_family else None,
        "p_unchanged": q.p_unchanged,
        "p_unchanged_adjusted": same.p if in_family else None,
        "verdict": word,
        **_why(q, word, size),
        "runs": list(q.runs),
    }
    return found | {"supported": _supported(q, word, found["closure"], found["claimed"])}


def _identity(study: Study, q: Question, size: int) -> Row:
    claim = study.claim
    return {
        "constraint": q.constraint,
        "measure": q.measure,
        "basis": q.basis,
        "contrast": q.contrast.name,
        "role": q.contrast.role,
        "numerator": q.contrast.numerator,
        "denominator": q.contrast.denominator,
        "ladder": q.ladder,
        "primary": q.primary,
        "claimed": verdict.claimed(q.constraint, claim.get("constraints", ()), claim.get("implied", ())),
        "reference": q.reference,
        "n": q.n,
        "exploratory": q.exact is None and q.n < EXPLORATORY,
        "family": q.family,
        "family_size": size,
    }


def _supported(q: Question, word: verdict.Word, closure: Row, claimed: verdict.Claimed) -> bool | None:
    """Whether the claim holds; None where nothing is claimed, or the contrast is not the ablation itself."""
    if q.contrast.role != "without" or claimed is not True:
        return None
    return verdict.supported(word, q.measure, closure["label"], closure["shared"], q.primary)


def _ratio(q: Question, alpha: float) -> Row:
    if q.exact:
        return ratio_row(q.exact)
    if q.compared is None or not q.testable:
        why = q.blocked.reason if q.blocked else "too few seeds"
        return {**NOTHING, "text": f"no interval: {why}"}
    return ratio_row(q.compared.ratio(alpha))


def ratio_row(ratio: Ratio) -> Row:
    """A ratio as JSON holds it."""
    return {"value": ratio.value, **bounds(ratio.low, ratio.high), "text": ratio.text}


def bounds(low: float, high: float) -> Row:
    """An interval as JSON holds it: a side without a bound is null, and `censored` names it: below, above or both."""
    below, above = low <= 0, math.isinf(high)
    return {
        "low": None if below else low,
        "high": None if above else high,
        "censored": "both" if below and above else "below" if below else "above" if above else None,
    }


def _why(q: Question, word: verdict.Word, size: int) -> Row:
    reason = (
        None if word != "INCONCLUSIVE" else q.blocked or _edge(q) or (q.undecided(size, ALPHA) if q.undecided else None)
    )
    why = asdict(reason) if reason else {"reason": None, "n_needed": None, "needs": None}
    return {**why, "edge": list(q.dropped)}


def _edge(q: Question) -> Undecided | None:
    if not q.dropped:
        return None
    rungs = ", ".join(f"{level:g}" for level in q.dropped)
    return Undecided("edge", None, f"a wider rate grid at {q.ladder} {rungs}")
