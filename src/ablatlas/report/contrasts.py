"""What every contrast beside the plain ablation asks, and how each answer is put."""

from __future__ import annotations

from ablatlas.report.outcomes import outcome, tested
from ablatlas.report.view import Row, View

ANSWERS = {
    "strong": {
        "RELAXED": "The innovation beats this substitute too.",
        "TIGHTENED": "This substitute gets farther than the innovation.",
        "else": "The innovation is not shown to beat this substitute.",
    },
    "placebo": {
        "RELAXED": "The innovation beats an inert part of the same size: size alone does not explain it.",
        "TIGHTENED": "An inert part of the same size gets farther than the innovation.",
        "else": "The innovation is not told apart from an inert part of the same size.",
    },
    "rescue": {
        "RELAXED": "It undoes damage of {other}, as the claimed mechanism predicts.",
        "TIGHTENED": "It does further damage to {other}, against the claimed mechanism.",
        "else": "It is not shown to undo the damage of {other}, as the claimed mechanism would have it.",
    },
    "matched": {
        "RELAXED": "The difference to {other} remains when sizes are matched.",
        "TIGHTENED": "The difference to {other} is reversed when sizes are matched.",
        "else": "The difference to {other} is not shown when sizes are matched.",
    },
    "factorial, innovation alone": {
        "RELAXED": "The innovation matters with these further settings on both sides, too.",
        "TIGHTENED": "With these further settings on both sides the innovation does harm.",
        "else": "With these further settings on both sides the innovation is not shown to matter.",
    },
    "factorial, settings alone": {
        "RELAXED": "These settings alone, the innovation kept, cost {other} reach.",
        "TIGHTENED": "These settings alone, the innovation kept, give {other} more reach.",
        "else": "These settings alone, the innovation kept, are not shown to matter.",
    },
    "factorial, both": {
        "RELAXED": "Innovation and further settings are taken from {other} together: not its effect alone.",
        "TIGHTENED": "Innovation and further settings are taken from {other} together, and it gets farther so.",
        "else": "Innovation and further settings are taken from {other} together, and no loss is shown.",
    },
}


def sentences(view: View) -> list[str]:
    """A sentence for every contrast on a ladder that is not the plain ablation; other net terms stand in the table."""
    asked = [v for v in view.verdicts if v["basis"] == "ladder" or v["primary"]]
    return [_contrast(view, v) for v in asked if v["role"] != "without"]


def _contrast(view: View, verdict: Row) -> str:
    name = verdict["contrast"]
    answers = ANSWERS[_question(view, verdict)]
    told = answers.get(verdict["verdict"], answers["else"]).format(other=_other(verdict))
    numbers = f"{verdict['verdict']}: {outcome(verdict)}; {tested(verdict)}."
    return f"`{name}`, {verdict['role']} ({view.difference(name)}). {told} {numbers}"


def _other(verdict: Row) -> str:
    both = {verdict["numerator"], verdict["denominator"]} - {verdict["contrast"]}
    return f"`{both.pop()}`"


def _question(view: View, verdict: Row) -> str:
    """What a contrast asks: its role, and for a factorial which corners of it are compared."""
    if verdict["role"] != "factorial":
        return str(verdict["role"])
    if view.study.variants[verdict["contrast"]].arm == "with":
        return "factorial, settings alone"
    return "factorial, both" if verdict["numerator"] == "with" else "factorial, innovation alone"
