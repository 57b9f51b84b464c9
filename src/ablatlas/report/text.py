"""What was found, in sentences. Every outcome has its words, and none is kinder than the numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ablatlas.report.numbers import number, p_value, percent, ratio_words
from ablatlas.report.view import CONSTRAINTS, Row, Rows, View, headlines, unmeasured

REASONS = {
    "ladder too coarse": "the two brackets lie between the same levels, or touch: the ladder is too coarse",
    "ladder too easy": "most runs of both solve even the hardest level: the ladder is too easy",
    "ladder too hard": "most runs of both fail even the easiest level: the ladder is too hard",
    "too few seeds": "there are too few seeds for the pattern that was seen",
    "non-monotone": "a harder level was plainly solved where an easier one plainly was not",
    "edge": "the best learning rate lies at the edge of its grid",
}
WORDS = {
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "test_loss": "test loss",
    "loss": "held-out loss",
}
SMOKE = "Smoke scale: this run proves the plumbing. Nothing on this page is ever a claim."
CONTROLS = "Controls (A/A, null, dose): not run for this version."


def headline(view: View) -> str:
    """The essay's claim and what was measured, in one or two sentences."""
    found = [v for v in headlines(view.results) if v["claimed"] is True] or list(headlines(view.results))
    said = f"{_essays(view.study.claim)} “{sentence(view.study.claim.get('text', ''))}”"
    if not found:
        return f"{said} Not measured at scale {view.study.scale}: {_why_not(view)}."
    rest = [name for name in view.study.claim.get("constraints", []) if name in unmeasured(view.results)]
    missing = [f"Not measured: {CONSTRAINTS[name]} ({unmeasured(view.results)[name]})." for name in rest]
    return f"{said} We measured: {' '.join([*(_finding(view, v) for v in found), *missing])}"


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
    text = f"{constraint} {verdict['verdict']}{_exploratory(verdict)} — {outcome(verdict)} (n = {verdict['n']} seeds)."
    return text + (_strong(view, verdict) if verdict["verdict"] == "RELAXED" else "")


def _exploratory(verdict: Row) -> str:
    return " (exploratory)" if verdict["exploratory"] else ""


def outcome(verdict: Row) -> str:
    """The verdict on a threshold ladder as a clause."""
    top, bottom, ladder = verdict["numerator"], verdict["denominator"], verdict["ladder"]
    if verdict["verdict"] == "INCONCLUSIVE":
        return f"whether `{top}` gets farther along {ladder} than `{bottom}` is undecided: {reason(verdict)}"
    if verdict["verdict"] == "UNCHANGED":
        return f"`{top}` and `{bottom}` get equally far along {ladder}, within the registered margin"
    return f"half of the runs of `{top}` get {ratio_words(verdict['rho'])} as far along {ladder} as those of `{bottom}`"


def reason(verdict: Row) -> str:
    """Why a verdict is inconclusive, and what would decide it."""
    why = REASONS.get(verdict["reason"], str(verdict["reason"]))
    return why + (f"; it would need {verdict['needs']}" if verdict["needs"] else "")


def _strong(view: View, verdict: Row) -> str:
    """Whether `with` also beats the best substitute that history had."""
    rivals = [v for v in view.verdicts if v["role"] == "strong" and v["ladder"] == verdict["ladder"]]
    unbeaten = [f"`{v['contrast']}`" for v in rivals if v["verdict"] != "RELAXED"]
    beaten = [f"`{v['contrast']}`" for v in rivals if v["verdict"] == "RELAXED"]
    if unbeaten:
        return f" It beats only the plain ablation, not the strong substitute {listed(unbeaten)}."
    return f" It beats the strong substitute {listed(beaten)} as well." if beaten else ""


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence."""
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last


def sentence(text: str) -> str:
    """Text that begins like a sentence and ends like one."""
    text = " ".join(text.split())
    return capitalized(text) + ("" if text.endswith((".", "!", "?", "…")) else ".")


def capitalized(text: str) -> str:
    """Text that begins like a sentence."""
    return text[:1].upper() + text[1:]


def verdict_words(view: View) -> str:
    """The verdict on the claim as a paragraph: how it was judged, the numbers, and whether it supports the claim."""
    main = headlines(view.results)
    return " ".join(_judged(view, v) for v in main) if main else f"Nothing was decided: {_why_not(view)}."


def _judged(view: View, verdict: Row) -> str:
    criterion = view.results["criteria"][verdict["ladder"]]
    rungs = len(view.study.ladders[verdict["ladder"]].levels)
    parts = [
        f"On the ladder {verdict['ladder']} ({rungs} levels, n = {verdict['n']} fresh seeds at each), a run is solved "
        f"when {words(criterion['metric'])} {sign(criterion['op'])} {number(criterion['value'])}.",
        f"Half of the runs of {_bracket(view, verdict, 'numerator')}, half of those of "
        f"{_bracket(view, verdict, 'denominator')}",
        f"({percent(verdict['level'])} brackets by exact binomial tests), so their ratio ρ is "
        f"{bound(verdict)}; {tested(verdict)}.",
        f"Verdict on {CONSTRAINTS[verdict['constraint']]}: {verdict['verdict']}"
        + (f", because {reason(verdict)}." if verdict["verdict"] == "INCONCLUSIVE" else "."),
        _support(verdict),
    ]
    return " ".join(part for part in parts if part)


def _bracket(view: View, verdict: Row, side: str) -> str:
    """Where half of an arm's runs fail, as in `with` fail between 20 and 32."""
    name = verdict[side]
    levels = view.study.ladders[verdict["ladder"]].levels
    low, high = verdict["brackets"][name]["low"], verdict["brackets"][name]["high"]
    if low is None and high is None:
        return f"`{name}` fail at a level that cannot be located"
    if high is None:
        return f"`{name}` fail beyond {number(low)}{', where the ladder ends' if low == levels[-1] else ''}"
    if low is None:
        return f"`{name}` fail below {number(high)}{', where the ladder begins' if high == levels[0] else ''}"
    return f"`{name}` fail between {number(low)} and {number(high)}"


def bound(verdict: Row) -> str:
    """ρ as the end of "their ratio is …"."""
    rho = verdict["rho"]
    return "not bounded" if rho["low"] is None and rho["high"] is None else ratio_words(rho).removesuffix(" times")


def tested(verdict: Row) -> str:
    """The test's p, and the adjusted one where the verdict stands in a family."""
    if verdict["p"] is None:
        return "with this few seeds nothing is tested"
    p = f"p {equals(verdict['p'])}"
    if verdict["p_adjusted"] is None:
        return f"{p}, not adjusted (outside of any family)"
    return f"{p}, adjusted {equals(verdict['p_adjusted'])} (Holm, family of {verdict['family_size']})"


def equals(p: float | None) -> str:
    """A p value with its relation, as in `p = 0.004`."""
    printed = p_value(p)
    return printed if printed.startswith("<") else f"= {printed}"


def _support(verdict: Row) -> str:
    if verdict["supported"] is None:
        return ""
    return "This supports the essays' claim." if verdict["supported"] else "This does not support the essays' claim."


def sign(op: str) -> str:
    """A comparison as it is printed."""
    return {"<=": "≤", ">=": "≥"}.get(op, op)


def words(name: str) -> str:
    """An identifier as words."""
    return WORDS.get(name, name.replace("_", " "))


# --- equality ----------------------------------------------------------------------------------------------------

COUNTS = {"parameters": "parameters", "trainable": "trainable parameters", "flops_per_step": "FLOPs a step"}


def equality(view: View) -> list[str]:
    """For every variant, which counts it shares with `with` in every cell, and which differ where."""
    return [_equal(view, name) for name in view.roles if name != "with"]


def _equal(view: View, name: str) -> str:
    differing = {label: _differing(view, name, key) for key, label in COUNTS.items()}
    shared = [label for label, difference in differing.items() if not difference]
    same = [f"as many {listed(shared)} as `with` in every cell"] if shared else []
    said = {d: [label for label in differing if differing[label] == d] for d in differing.values() if d}
    return f"`{name}`: {'; '.join([*same, *(f'{listed(labels)} differ: {d}' for d, labels in said.items())])}."


def _differing(view: View, name: str, key: str) -> str:
    """The first cell in which a count differs from that of `with`; empty where none does."""
    own = {row["cell"]: row[key] for row in view.table("meters", variant=name)}
    base = {row["cell"]: row[key] for row in view.table("meters", variant="with")}
    cells = [cell for cell in base if own.get(cell) != base[cell]]
    if not cells:
        return ""
    first = cells[0]
    more = f", and in {len(cells) - 1} more cells" if len(cells) > 1 else ""
    return f"{number(own.get(first))} against {number(base[first])} in cell {first}{more}"


# --- limits ------------------------------------------------------------------------------------------------------


def limits(view: View) -> list[str]:
    """What this report does not show."""
    study = view.study
    config = study.config
    return [
        f"Scale {study.scale}, device {view.results.get('device') or 'not recorded'}: model "
        f"{config['model']['name']}, task {config['task']['name']}, recipe {config['recipe']['name']}. "
        "Nothing here says how the effect grows or shrinks at the size of the original paper.",
        *_ladder_limits(view.verdicts),
        "Levels between two rungs were not run: a bracket is as wide as the ladder is coarse.",
        CONTROLS,
        *(f"Not measured: {CONSTRAINTS[name]} ({why})." for name, why in unmeasured(view.results).items()),
    ]


def _ladder_limits(verdicts: Rows) -> list[str]:
    floors: dict[str, Any] = {v["floor"]["text"]: None for v in verdicts if v.get("floor")}
    return [f"{capitalized(text)}; smaller differences could not have been shown." for text in floors]


def registered(view: View) -> list[str]:
    """Designs that were tried on tuning seeds and discarded before the confirmatory runs."""
    after: Any = view.results["registration"].get("after_pilots") or []
    return [after] if isinstance(after, str) else [str(item) for item in after]
