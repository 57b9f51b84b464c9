"""What a verdict says of its measure: the question, the answer and why there is none, as clauses."""

from __future__ import annotations

from dataclasses import dataclass

from ablatlas.report.numbers import interval, number, p_value, ratio_words
from ablatlas.report.view import Row
from ablatlas.report.words import equals, words
from ablatlas.stats.atlas import UNCOUNTED


@dataclass(frozen=True)
class Clauses:
    """How a measure's outcomes are told; {top}, {bottom}, {ladder} and {times} are filled in."""

    asked: str
    equal: str
    found: str


FEWEST = 5  # seeds below which a test of all-or-nothing outcomes, and of most others, is idle
CLAUSES = {
    "threshold": Clauses(
        "whether `{top}` gets farther along {ladder} than `{bottom}`",
        "`{top}` and `{bottom}` get equally far along {ladder}",
        "half of the runs of `{top}` get {times} as far along {ladder} as those of `{bottom}`",
    ),
    "edges": Clauses(
        "whether `{top}` learns over a wider range of learning rates than `{bottom}`",
        "`{top}` and `{bottom}` learn over equally wide ranges of learning rates",
        "`{top}` learns over {times} as wide a range of learning rates as `{bottom}`",
    ),
    "resource": Clauses(
        "how many times the {ladder} of `{top}` `{bottom}` needs for the same held-out loss",
        "`{bottom}` needs as much of {ladder} as `{top}` for the same held-out loss",
        "`{bottom}` needs {times} the {ladder} of `{top}` for the same held-out loss",
    ),
    "time_to_target": Clauses(
        "whether `{bottom}` needs more steps than `{top}` to reach the target loss",
        "`{bottom}` and `{top}` need equally many steps to reach the target loss",
        "`{bottom}` needs {times} the steps of `{top}` to reach the target loss",
    ),
    "frontier": Clauses(
        "how many times the FLOPs of `{top}` `{bottom}` needs for the same held-out loss, each at its best size",
        "`{bottom}` needs as many FLOPs as `{top}` for the same held-out loss, each at its best size",
        "`{bottom}` needs {times} the FLOPs of `{top}` for the same held-out loss, each at its best size",
    ),
    "flops_per_step": Clauses(
        "whether a step of `{bottom}` takes more FLOPs than one of `{top}`",
        "a step of `{bottom}` takes as many FLOPs as one of `{top}`",
        "a step of `{bottom}` takes {times} the FLOPs of one of `{top}`",
    ),
    "flop_rate": Clauses(
        "whether the machine gets more FLOPs done in a second of `{top}` than of `{bottom}`",
        "the machine gets as many FLOPs done in a second of `{top}` as of `{bottom}`",
        "the machine gets {times} the FLOPs done in a second of `{top}` as of `{bottom}`",
    ),
    "power": Clauses(
        "whether `{bottom}` draws more power than `{top}`",
        "`{bottom}` draws as much power as `{top}`",
        "`{bottom}` draws {times} the power of `{top}`",
    ),
}
REASONS = {
    "ladder too coarse": "the two brackets lie between the same levels, or touch: the ladder is too coarse",
    "ladder too easy": "most runs of both solve even the hardest level: the ladder is too easy",
    "ladder too hard": "most runs of both fail even the easiest level: the ladder is too hard",
    "too few seeds": "there are too few seeds for what was seen",
    "non-monotone": "a harder level was plainly solved where an easier one plainly was not",
    "edge": "the best learning rate lies at the edge of its grid",
    "flat": "the held-out loss does not fall along the ladder near its reference, so no ratio can be read off",
    "censored": "the ladder, or the time allowed, ends before the ratio can be told from 1",
    UNCOUNTED: "the machine has no counter of joules",
}
TIMED = ("flop_rate", "power")  # by the clock, in blocks
# Where a measure gives a reason another meaning.
OWN_REASONS = {
    ("resource", "non-monotone"): "the held-out loss rises along the ladder by more than its error",
    ("frontier", "non-monotone"): "the held-out loss rises along the ladder by more than its error",
}


def outcome(verdict: Row) -> str:
    """The verdict as a clause."""
    clauses = CLAUSES[verdict["measure"]]
    given = {
        "top": verdict["numerator"],
        "bottom": verdict["denominator"],
        "ladder": words(verdict["ladder"] or ""),
        "times": ratio_words(verdict["rho"]),
    }
    if verdict["verdict"] == "INCONCLUSIVE":
        return f"{clauses.asked.format(**given)} is undecided: {reason(verdict)}"
    if verdict["verdict"] == "UNCHANGED":
        return f"{clauses.equal.format(**given)}, within the registered margin"
    return clauses.found.format(**given)


def reason(verdict: Row) -> str:
    """Why a verdict is inconclusive, and what would decide it."""
    name = verdict["reason"]
    why = OWN_REASONS.get((verdict["measure"], name)) or REASONS.get(name, str(name))
    return why + (f"; it would need {verdict['needs']}" if verdict["needs"] else "")


def tested(verdict: Row) -> str:
    """The test's p, and the adjusted one where the verdict stands in a family."""
    if exact(verdict):
        return "a count, so nothing is tested"
    if verdict["p"] is None:
        return "with this few seeds nothing is tested" if verdict["n"] < FEWEST else "nothing is tested"
    p = f"p {equals(verdict['p'])}"
    if verdict["p_adjusted"] is None:
        return f"{p}, not adjusted (outside of any family)"
    return f"{p}, adjusted {equals(verdict['p_adjusted'])} (Holm, family of {verdict['family_size']})"


def p_words(verdict: Row) -> str:
    """The p that decided, for a table."""
    adjusted = verdict["p_adjusted"]
    return p_value(verdict["p"] if adjusted is None else adjusted)


def size(verdict: Row) -> str:
    """What a verdict rests on: seeds, timed blocks, or a count."""
    if exact(verdict):
        return "counted"
    return f"n = {verdict['n']} {'blocks' if verdict['measure'] in TIMED else 'seeds'}"


def exact(verdict: Row) -> bool:
    """Whether a verdict's ratio is a count rather than an estimate."""
    return bool(verdict["measure"] == "flops_per_step" and verdict["rho"]["value"] is not None)


def fit_words(row: Row) -> str:
    """ρ by a smooth fit, which may lie outside of the ladder."""
    if row["value"] is not None:
        return f"{number(row['value'])}×"
    return {"above": "beyond the ladder", "below": "below the ladder"}.get(row.get("censored") or "", "none")


# --- closure -----------------------------------------------------------------------------------------------------

CLOSURES = {
    "closing": "an ample supply of it closes the gap",
    "persistent": "the gap stays however much of it there is",
    "widening": "the gap widens with more of it",
    "undefined": "there is no gap at the reference that could close",
}
SHARED = "but no more than the loss itself falls, as along every axis"


def closure(row: Row) -> str:
    """Closure's label and value for a table: a question mark where the additive law fits ill."""
    label = row["label"]
    if label is None:
        return ""
    name = f"{label}?" if row.get("question") else str(label)
    named = f"{name}, shared" if row.get("shared") else name
    if row["value"] is None:
        return named
    span = interval(row["low"], row["high"], 2)
    return f"{named}: {number(row['value'], 2)}" + (f" ({span})" if span else "")


def closure_words(row: Row) -> str:
    """Closure as a sentence."""
    if row["label"] is None:
        return ""
    shared = f", {SHARED} ({number(row['fall'], 2)})" if row.get("shared") and row.get("fall") is not None else ""
    doubt = "; an additive law fits the two curves ill, hence the question mark" if row.get("question") else ""
    value = "" if row["value"] is None else f" (c = {number(row['value'], 2)}{_span(row)})"
    return f"Closure: {closure_name(row)}{value}: {CLOSURES[row['label']]}{shared}{doubt}."


def closure_name(row: Row) -> str:
    """Closure's label alone."""
    return f"{row['label']}{'?' if row.get('question') else ''}{', shared' if row.get('shared') else ''}"


def _span(row: Row) -> str:
    span = interval(row["low"], row["high"], 2)
    return f", {span}" if span else ""
