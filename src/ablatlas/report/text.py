"""What was found, in sentences. Every outcome has its words, and none is kinder than the numbers."""

from __future__ import annotations

from ablatlas.report import judged
from ablatlas.report.numbers import number
from ablatlas.report.outcomes import closure_words, outcome, reason, size, tested
from ablatlas.report.trace import linked
from ablatlas.report.view import CONSTRAINTS, Row, Rows, View, headlines, unmeasured
from ablatlas.report.view import headline as constraint_headline
from ablatlas.report.words import equals, listed, sentence
from ablatlas.stats.atlas import UNCOUNTED


def headline(view: View) -> str:
    """The essay's claim and what was measured, in one or two sentences."""
    found = _answering(view)
    said = f"{_essays(view.study.claim)} “{sentence(view.study.claim.get('text', ''))}”"
    if not found:
        return f"{said} Not measured at scale {view.study.scale}: {_why_not(view)}."
    rest = [name for name in view.study.claim.get("constraints", []) if name in unmeasured(view.results)]
    missing = [f"Not measured: {CONSTRAINTS[name]} ({unmeasured(view.results)[name]})." for name in rest]
    return f"{said} We measured: {' '.join([*(_finding(view, v) for v in found), *missing])}"


def _answering(view: View) -> Rows:
    """The verdicts that answer the claim, by a ladder or the clock; where it names no constraint, all primaries too."""
    claim, primaries = view.study.claim, list(headlines(view.results))
    named = claim.get("constraints") or claim.get("implied", [])
    registered = {verdict["constraint"]: verdict for verdict in primaries}
    standing = (registered.get(name) or constraint_headline(view.results, name) for name in named)
    asked = [verdict for verdict in standing if verdict is not None]
    return asked if asked and claim.get("constraints") else [*asked, *(v for v in primaries if v not in asked)]


def measured(view: View) -> str:
    """What was measured on the primaries, without what was claimed."""
    found = headlines(view.results)
    return " ".join(sentence(_finding(view, v)) for v in found) or f"Nothing: {_why_not(view)}."


def _essays(claim: Row) -> str:
    keys = sources(claim)
    essays = "The essay says" if len(keys) == 1 else "The essays say"
    tied = "" if claim.get("constraints") else ", without tying it to a constraint"
    return f"{essays} ({', '.join(keys)}){tied}:"


def sources(claim: Row) -> list[str]:
    """Keys of the essays that a claim comes from."""
    source = claim["source"]
    return [source] if isinstance(source, str) else list(source)


def _why_not(view: View) -> str:
    named = [*view.study.claim.get("constraints", []), *view.results["registration"].get("primary", {})]
    why = unmeasured(view.results)
    return next((why[name] for name in named if name in why), "no primary ladder was registered")


def _finding(view: View, verdict: Row) -> str:
    """One sentence on one primary, with the strong arm's say where there is something to say."""
    constraint = CONSTRAINTS[verdict["constraint"]]
    rests = linked(verdict, size(verdict))
    text = f"{constraint} {verdict['verdict']}{_exploratory(verdict)} — {outcome(verdict)} ({rests})."
    return text + (_strong(view, verdict) if verdict["verdict"] == "RELAXED" else "")


def _exploratory(verdict: Row) -> str:
    return " (exploratory)" if verdict["exploratory"] else ""


def _strong(view: View, verdict: Row) -> str:
    """Whether `with` also beats the best substitute that history had, or that it was not asked."""
    if view.study.subset == "claimed":
        return " Substitutes were not asked for: the published report says whether it beats them."
    rivals = [v for v in view.verdicts if v["role"] == "strong" and _same(v, verdict)]
    unbeaten = [f"`{v['contrast']}`" for v in rivals if v["verdict"] != "RELAXED"]
    beaten = [f"`{v['contrast']}`" for v in rivals if v["verdict"] == "RELAXED"]
    if unbeaten:
        return f" It beats only the plain ablation, not the strong substitute {listed(unbeaten)}."
    return f" It beats the strong substitute {listed(beaten)} as well." if beaten else ""


def _same(one: Row, other: Row) -> bool:
    return all(one[key] == other[key] for key in ("constraint", "measure", "ladder"))


def verdict_words(view: View) -> list[str]:
    """Each primary's verdict as a paragraph: how it was judged, the numbers, and whether it supports the claim."""
    main = headlines(view.results)
    return [_judged(view, v) for v in main] or [f"Nothing was decided: {_why_not(view)}."]


def _judged(view: View, verdict: Row) -> str:
    parts = [
        *judged.parts(view, verdict),
        closure_words(verdict["closure"]),
        f"Verdict on {CONSTRAINTS[verdict['constraint']]}: {verdict['verdict']}"
        + (f", because {reason(verdict)}." if verdict["verdict"] == "INCONCLUSIVE" else "."),
        _support(verdict),
    ]
    return " ".join(part for part in parts if part)


def _support(verdict: Row) -> str:
    if verdict["supported"] is None:
        return ""
    return "This supports the essays' claim." if verdict["supported"] else "This does not support the essays' claim."


def gate(results: Row) -> str:
    """Whether the ablation is worse at all at the reference; it blocks no verdict."""
    row = results.get("gate")
    if not row:
        return ""
    span = "" if row["low"] is None else f" ({number(row['low'])} to {number(row['high'])})"
    p = "" if row["p"] is None else f", p {equals(row['p'])}"
    adjusted = "" if row["p_adjusted"] is None else f", adjusted {equals(row['p_adjusted'])}"
    answer = (
        "The gate is open: the ablation is worse there" if row["open"] else "The gate is not open: no loss is shown"
    )
    return (
        f"At the reference cell the held-out loss is {number(row['with'])} with and {number(row['without'])} without "
        f"(n = {row['n']}): a difference of {number(row['difference'])}{span}{p}{adjusted}. {answer}."
    )


def secondary(view: View) -> Rows:
    """Verdicts on the plain ablation that no primary gave: further measures, never merged with the primaries."""
    plain = [v for v in view.verdicts if v["role"] == "without" and v["reason"] != UNCOUNTED]
    return [v for v in plain if not v["primary"]]


def others(view: View) -> list[str]:
    """A sentence on each of them."""
    return [
        f"{CONSTRAINTS[v['constraint']]} {v['verdict']}{_exploratory(v)} — {outcome(v)}; {tested(v)} "
        f"({linked(v, size(v))})."
        for v in secondary(view)
    ]
