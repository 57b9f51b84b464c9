"""The one table that answers the question of a study: which constraint binds, and which is along for the ride."""

from __future__ import annotations

from ablatlas.report import numbers, words
from ablatlas.report.html import Column, Html, inline, table
from ablatlas.report.outcomes import closure
from ablatlas.report.view import CONSTRAINTS, HARD, Row, View, headline, term, why_not
from ablatlas.stats.atlas import claimed
from ablatlas.stats.verdict import supported

BINDING = "binding"
RIDING = "along for the ride"
OTHERWISE = {"TIGHTENED": "tightened", "UNCHANGED": "unchanged", "INCONCLUSIVE": "not shown"}
# The gross ratio of a constraint whose verdict rests on a net term.
GROSS = {"compute": "rho_C", "efficiency": "rho_W", "energy": "rho_J"}


def binding(verdict: Row, gross: Row | None = None) -> str:
    """What one constraint is to the innovation, from its verdict and the gross ratio beside it.

    A relaxed constraint binds where its verdict would support a claim on it: by a measure that speaks for it alone, or
    along a resource whose ample supply closes the gap by more than the loss falls along every axis.
    """
    if verdict["verdict"] == "RELAXED":
        label, shared = verdict["closure"]["label"], verdict["closure"]["shared"]
        alone = supported("RELAXED", verdict["measure"], label, shared, verdict["primary"])
        return BINDING if alone else RIDING
    carried = gross is not None and gross["low"] is not None and gross["low"] > 1
    return RIDING if carried and verdict["verdict"] != "TIGHTENED" else OTHERWISE[verdict["verdict"]]


def role(view: View, constraint: str) -> str:
    """`binding` for a constraint of a study, measured or not."""
    verdict = headline(view.results, constraint)
    if verdict is None:
        return f"not measured: {why_not(view.results, constraint)}"
    return binding(verdict, term(view.results, GROSS.get(constraint, "")))


def answers(view: View) -> Html:
    """A row for each of the seven constraints."""
    names = ("constraint", "measured by", "verdict", "ρ", "closure", "the essays", "so it is")
    rows = [_row(view, name, label) for name, label in CONSTRAINTS.items()]
    caption = (
        "Which constraint does the innovation relax? Binding: relaxed, by a measure that speaks for this constraint "
        "alone, or by a resource whose ample supply closes the gap. Along for the ride: a ratio above 1 that another "
        "constraint explains as well. ρ with its interval at the level at which the verdict was decided."
    )
    return table(caption, [Column(name, name == "ρ") for name in names], rows, "stacked")


def _row(view: View, name: str, label: str) -> list[str | Html]:
    verdict = headline(view.results, name)
    kind = f"{label} ({'hard' if name in HARD else 'leverage'})"
    so, said = answer(role(view, name), verdict), words.CLAIMED[claimed(view.results, name)]
    if verdict is None:
        return [kind, numbers.MISSING, numbers.MISSING, numbers.MISSING, numbers.MISSING, said, so]
    word = Html(f'<strong class="{verdict["verdict"].lower()}">{verdict["verdict"]}</strong>' + _aside(verdict))
    ratio = numbers.ratio(verdict["rho"])
    return [kind, words.measure(verdict), word, ratio, closure(verdict["closure"]) or numbers.MISSING, said, so]


def _aside(verdict: Row) -> str:
    """Under a verdict: its reason, and whether it is exploratory."""
    asides = [verdict["reason"], "exploratory" if verdict["exploratory"] else ""]
    return "".join(f"<br>{inline(text)}" for text in asides if text)


def answer(role: str, verdict: Row | None) -> Html:
    """A role as it is printed, with what qualifies it."""
    kind = role.split(":")[0].replace(" ", "-")
    why = f"<br>{inline(_because(role, verdict))}" if verdict and _because(role, verdict) else ""
    return Html(f'<span class="role {kind}">{inline(role)}</span>{why}')


def _because(role: str, verdict: Row) -> str:
    """Why a relaxed constraint is not binding, or whence the ride comes."""
    if role != RIDING:
        return ""
    if verdict["verdict"] != "RELAXED":
        return "its gross ratio only"
    shape = verdict["closure"]
    return "shared by every axis" if shape["shared"] else f"the gap is {shape['label']}" if shape["label"] else ""


def summary(view: View) -> str:
    """The table in one sentence."""
    roles = {label: role(view, name) for name, label in CONSTRAINTS.items()}
    binds = [label for label, found in roles.items() if found == BINDING]
    rides = [label for label, found in roles.items() if found == RIDING]
    told = f"Binding: {words.listed(binds)}." if binds else "No constraint is shown to bind."
    return told + (f" Along for the ride: {words.listed(rides)}." if rides else "")
