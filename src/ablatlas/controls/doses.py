"""Doses: arms whose ratio is known, because it was built in.

D: level r trains on r / 2 different examples. T: every other update is thrown away. C: every step runs twice from the
same state, its first result thrown away. W: every step is followed by a wait as long. D and T are judged on
randomness that `with` does not share; C and W change no bit of a run, so that two of their three answers are exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablatlas.controls.strict import ALPHA
from ablatlas.stats.chain import exact, product
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.threshold import DELTA

VERSION = 1

Row = dict[str, Any]
Results = Mapping[str, Any]
Strict = Mapping[tuple[str, str], Ratio]

DISJOINT = "disjoint"  # the contrast of a dose on randomness of its own
EXACT = 1e-9  # a relative difference that is rounding


@dataclass(frozen=True)
class Dose:
    """answers: term -> what it is; a pair is a band. allowed: what may differ from 1; nothing else must.

    ladder: that of the dose's own contrast, whose interval has to hold the answer. Terms are those of the chain, and
    `ladder` is the ratio along it.
    """

    study: str
    answers: dict[str, float | tuple[float, float]]
    allowed: frozenset[str]
    ladder: str | None = None


GROSS = frozenset({"rho_T", "rho_C", "rho_W", "rho_J"})
DOSES = {
    "D": Dose("dose_data", {"ladder": 2.0}, GROSS | {"examples"}, ladder="examples"),
    "T": Dose("dose_steps", {"rho_T": 2.0, "rho_C": 2.0}, GROSS | {"time"}, ladder="time"),
    "C": Dose("dose_work", {"rho_T": 1.0, "rho_C": 2.0, "rho_W": (1.8, 2.2)}, GROSS - {"rho_T"} | {"flops_per_step"}),
    "W": Dose(
        "dose_wait",
        {"rho_T": 1.0, "rho_C": 1.0, "rho_W": (1.9, 2.1)},
        frozenset({"rho_W", "rho_J", "flop_rate", "power"}),
    ),
}


def check(name: str, results: Results, strict: Strict, judged: bool = True) -> list[Row]:
    """A row for each answer of a dose; what fired although it must not fails all of them.

    judged: whether chance has averaged out, and the machine's seconds with it; only exact answers can fail where not.
    """
    dose, found = DOSES[name], fired(results)
    astray = sorted(set(found) - dose.allowed) if judged else []
    rows = []
    for term, answer in dose.answers.items():
        sure = dose.ladder is None and not isinstance(answer, tuple)
        ratio = _statistical(dose, term, results, strict) if dose.ladder else term_of(results, term)
        covered = holds(ratio, answer, sure)
        rows.append(
            {
                "dose": name,
                "study": dose.study,
                "measure": "rho_D" if term == "ladder" else term,
                "answer": list(answer) if isinstance(answer, tuple) else answer,
                "exact": sure,
                "level": 1 - ALPHA if dose.ladder else None,
                "value": ratio.value if ratio else None,
                "low": ratio.low if ratio and ratio.low > 0 else None,
                "high": ratio.high if ratio and math.isfinite(ratio.high) else None,
                "covered": covered,
                "fired": found,
                "allowed": sorted(dose.allowed),
                "astray": astray,
                "judged": judged or sure,
                "passed": (covered or not (judged or sure)) and not astray,
            }
        )
    return rows


def holds(ratio: Ratio | None, answer: float | tuple[float, float], sure: bool) -> bool:
    """Whether a ratio has the answer: it itself, its value within a band, or its interval around it."""
    if ratio is None:
        return False
    if isinstance(answer, tuple):
        return ratio.value is not None and answer[0] <= ratio.value <= answer[1]
    if sure:
        return ratio.value is not None and math.isclose(ratio.value, answer, rel_tol=EXACT)
    bounded = ratio.low > 0 and math.isfinite(ratio.high)  # an interval without ends holds any answer
    return bounded and ratio.low <= answer <= ratio.high


def _statistical(dose: Dose, term: str, results: Results, strict: Strict) -> Ratio | None:
    """The dose's own ratio along its ladder; in operations, times what a step of it takes of them."""
    along = strict.get((DISJOINT, str(dose.ladder)))
    if along is None or term != "rho_C":
        return along
    steps = (row for row in results["verdicts"] if (row["measure"], row["contrast"]) == ("flops_per_step", DISJOINT))
    times = next((row["rho"]["value"] for row in steps), None)
    return product([along, exact(times)]) if times else None


def term_of(results: Results, term: str) -> Ratio | None:
    """A gross term of the chain; None where it has no value."""
    found = next((row for row in _terms(results) if row["term"] == term), None)
    if found is None or found["value"] is None:
        return None
    low, high = found["low"], found["high"]
    return Ratio(found["value"], low or 0.0, math.inf if high is None else high)


def fired(results: Results) -> list[str]:
    """What is found to differ from 1 in any contrast: verdicts, by their ladder or their term, and gross terms."""
    decided = {_name(row) for row in results["verdicts"] if row["verdict"] in ("RELAXED", "TIGHTENED")}
    return sorted(decided | {str(row["term"]) for row in _terms(results) if _differs(row)})


def _name(row: Row) -> str:
    return str(row["ladder"] or row["measure"])


def _differs(term: Row) -> bool:
    """Whether a gross term lies beyond what counts as no change."""
    known = any(term[key] is not None for key in ("value", "low", "high"))
    low = 0.0 if term["low"] is None else term["low"]
    high = math.inf if term["high"] is None else term["high"]
    return known and bool(low > DELTA or high < 1 / DELTA)


def _terms(results: Results) -> list[Row]:
    """The gross terms of the chain."""
    chain = results.get("chain") or {"terms": []}
    return [row for row in chain["terms"] if row["basis"] == "gross"]
