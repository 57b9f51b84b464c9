"""How a verdict was judged: the ladder, the criterion or the target, and what was read off, for each measure."""

from __future__ import annotations

from ablatlas.report.numbers import number, percent, ratio, ratio_words
from ablatlas.report.outcomes import fit_words, outcome, tested
from ablatlas.report.staircase import edges, solved_words
from ablatlas.report.view import Row, View
from ablatlas.report.words import capitalized, equals, words


def parts(view: View, verdict: Row) -> list[str]:
    """Sentences on one verdict, from how a run is scored to ρ and its test."""
    match verdict["measure"]:
        case "threshold" | "edges":
            return _solved(view, verdict)
        case "resource":
            return _resource(view, verdict)
        case "time_to_target":
            return _time(view, verdict)
    return [f"{capitalized(outcome(verdict))} ({tested(verdict)})."]


def bound(verdict: Row) -> str:
    """ρ as the end of "their ratio is …"."""
    rho = verdict["rho"]
    known = any(rho[key] is not None for key in ("value", "low", "high"))
    return ratio_words(rho).replace(" times", "", 1) if known else "not bounded"


# --- ladders whose runs are solved or not ---


def _solved(view: View, verdict: Row) -> list[str]:
    ladder = view.study.ladders[verdict["ladder"]]
    rungs = len(ladder.levels)
    return [
        f"On the ladder {verdict['ladder']} ({rungs} levels, n = {verdict['n']} fresh seeds at each), a run is solved "
        f"when {solved_words(view.criterion(ladder))}.",
        *_located(view, verdict),
    ]


def _located(view: View, verdict: Row) -> list[str]:
    """Where the thresholds lie; nothing where nothing could be compared."""
    if not verdict.get("brackets" if verdict["measure"] == "threshold" else "rates"):
        return [f"{capitalized(tested(verdict))}."]
    return [
        _brackets(view, verdict) if verdict["measure"] == "threshold" else _ranges(verdict),
        f"({percent(verdict['level'])} brackets by exact binomial tests), so their ratio ρ is "
        f"{bound(verdict)}; {tested(verdict)}.",
    ]


def _brackets(view: View, verdict: Row) -> str:
    top, bottom = (_bracket(view, verdict, verdict[side]) for side in ("numerator", "denominator"))
    return f"Half of the runs of {top}, half of those of {bottom}"


def _bracket(view: View, verdict: Row, name: str) -> str:
    """Where half of an arm's runs fail, as in `with` fail between 20 and 32."""
    levels = view.study.ladders[verdict["ladder"]].levels
    low, high = verdict["brackets"][name]["low"], verdict["brackets"][name]["high"]
    if low is None and high is None:
        return f"`{name}` fail at a level that cannot be located"
    if high is None:
        return f"`{name}` fail beyond {number(low)}{', where the ladder ends' if low == levels[-1] else ''}"
    if low is None:
        return f"`{name}` fail below {number(high)}{', where the ladder begins' if high == levels[0] else ''}"
    return f"`{name}` fail between {number(low)} and {number(high)}"


def _ranges(verdict: Row) -> str:
    top, bottom = (f"`{verdict[side]}` {_edges(verdict['rates'][verdict[side]])}" for side in SIDES)
    return f"The rates at which half of the runs are solved: for {top}; for {bottom}"


SIDES = ("numerator", "denominator")


def _edges(rates: Row) -> str:
    """The two ends of the rates at which an arm learns, as far as they are known."""
    lower, upper = edges(rates)
    return f"begin {_end(lower)} and end {_end(upper)}"


def _end(bracket: Row) -> str:
    """Between which rates an edge lies, as they stand on the axis of the figure."""
    low, high = (None if bracket[key] is None else f"{bracket[key]:g}" for key in ("low", "high"))
    if low and high:
        return f"between {low} and {high}"
    return f"beyond {low}" if low else f"below {high}" if high else "at a rate that cannot be located"


# --- resource ladders ---


def _resource(view: View, verdict: Row) -> list[str]:
    top, bottom, ladder = verdict["numerator"], verdict["denominator"], verdict["ladder"]
    reference = number(verdict["reference"])
    levels = ", ".join(number(level) for level in view.study.ladders[ladder].levels)
    reached = target(view, verdict)
    goal = f" (L* = {number(reached)})" if reached is not None else ""
    return [
        f"On the ladder {words(ladder)} (levels {levels}; n = {verdict['n']} fresh seeds at each), `{bottom}` has to "
        f"reach the held-out loss that `{top}` has at {reference}{goal}; ρ, the level that it needs over {reference}, "
        f"is {bound(verdict)} (inverted t tests, {percent(verdict['level'])}; {tested(verdict)}).",
        _beta(verdict),
        _second(verdict),
        _doubt(verdict),
    ]


def target(view: View, verdict: Row) -> float | None:
    """L*, the mean held-out loss of the numerator at the reference."""
    at = {"ladder": verdict["ladder"], "variant": verdict["numerator"], "level": verdict["reference"]}
    rows = view.table("levels", **at)
    return rows[0]["mean"] if rows else None


def _beta(verdict: Row) -> str:
    beta, top, bottom = verdict["beta"], verdict["numerator"], verdict["denominator"]
    if all(beta[key] is None for key in ("value", "low", "high")):
        return ""
    return f"Read the other way, `{top}` matches `{bottom}` at the reference with β = {ratio(beta)} less."


def _second(verdict: Row) -> str:
    second = verdict.get("second")
    if not second or all(second[key] is None for key in ("value", "low", "high")):
        return ""
    return f"From the lower reference {number(second['reference'])}, ρ is {ratio(second)} (no verdict)."


def _doubt(verdict: Row) -> str:
    fits = ", ".join(f"{row['fit']} {fit_words(row)}" for row in verdict.get("fits") or [])
    return f"Smooth fits disagree by more than the interval: {fits}." if verdict.get("disagree") and fits else ""


# --- time to target ---


def _time(view: View, verdict: Row) -> list[str]:
    main = next((row for row in verdict.get("fractions") or [] if row["q"] == 0.5), None)
    budget, limit = view.study.ladders[verdict["ladder"]].levels
    goal = f" ({number(main['target'])})" if main and main["target"] is not None else ""
    reached = (main or {}).get("reached") or {}
    arrived = ", ".join(f"{count}/{verdict['n']} runs of `{name}`" for name, count in reached.items())
    return [
        f"The target is the validation loss{goal} that `with` has on tuning seeds at half of its budget of "
        f"{number(budget)} steps; every run was followed to {number(limit)} steps.",
        f"{arrived} reached it." if arrived else "",
        f"ρ, the ratio of the steps, is {bound(verdict)} ({percent(verdict['level'])}; "
        f"{tested(verdict)}{_rank(main)}).",
    ]


def _rank(row: Row | None) -> str:
    test = row and row.get("log_rank")
    return f"; log-rank p {equals(test['p'])}" if test else ""
