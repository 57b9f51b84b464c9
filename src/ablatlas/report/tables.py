"""The tables of verdicts and of what describes a study without one: rows of the results as they are, formatted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ablatlas.report import numbers, text, words
from ablatlas.report.html import Column, Html, details, inline, join, table
from ablatlas.report.outcomes import closure, exact, fit_words
from ablatlas.report.trace import linked
from ablatlas.report.view import Row, View

Cells = list[str | Html]


def columns(names: Sequence[str], numeric: Sequence[str] = ()) -> list[Column]:
    """A table's columns, of which some hold numbers."""
    return [Column(name, name in numeric) for name in names]


def verdicts(view: View) -> Html:
    """Every contrast on every measure: what was compared, the ratio with its interval, p, and the verdict."""
    main = [v for v in view.verdicts if v["basis"] == "ladder" or v["role"] == "without"]
    rest = [v for v in view.verdicts if v not in main]
    caption = (
        "Verdicts. ρ is a ratio of levels, steps, FLOPs or rates, as the measure says: at the level at which its "
        "family was decided, then at 95 %, then β, which has no verdict. p of a change, adjusted in parentheses; then "
        "that of no change. n leads to the runs. Under the verdict, closure."
    )
    further = [details("Net terms of the other contrasts", _verdicts("Net terms, likewise.", rest))] if rest else []
    return join(_verdicts(caption, main), *further)


def _verdicts(caption: str, rows: Sequence[Row]) -> Html:
    numeric = ("ρ, β", "p (adjusted)", "n (needed)")
    names = ("contrast", "constraint, measure", *numeric, "verdict, closure")
    return table(caption, columns(names, numeric), [_verdict(v) for v in rows], "stacked")


def _verdict(verdict: Row) -> Cells:
    primary = ", primary" if verdict["primary"] else ""
    shape = closure(verdict["closure"])
    return [
        f"{verdict['numerator']} / {verdict['denominator']}" + _role(verdict),
        _lines(verdict["constraint"] + _claimed(verdict), words.measure(verdict) + primary),
        _ratios(verdict),
        _lines(_p(verdict, "p"), f"unchanged {_p(verdict, 'p_unchanged')}"),
        Html(inline(linked(verdict, _size(verdict)))),
        join(word(verdict), Html(f"<br>{inline(shape)}")) if shape else word(verdict),
    ]


def _lines(*texts: str) -> Html:
    return Html("<br>".join(map(inline, texts)))


def _ratios(verdict: Row) -> str | Html:
    """ρ at the level of its family, at 95 % where that is another, and β; a count once."""
    if exact(verdict):
        return numbers.ratio(verdict["rho"])
    levels = [(verdict["rho"], verdict["level"]), (verdict["plain"], 0.95)]
    read = [f"{numbers.ratio(ratio)} at {numbers.percent(level)}" for ratio, level in levels]
    return _lines(*dict.fromkeys(read), *([f"β {numbers.ratio(verdict['beta'])}"] if _known(verdict["beta"]) else []))


def _p(verdict: Row, key: str) -> str:
    return _aside(numbers.p_value(verdict[key]), verdict[f"{key}_adjusted"], numbers.p_value)


def _size(verdict: Row) -> str:
    return "counted" if exact(verdict) else _aside(str(verdict["n"]), verdict["n_needed"], numbers.number)


def _aside(text: str, value: float | None, printed: Callable[[float | None], str]) -> str:
    """A text, and a further value in parentheses where there is one."""
    return text if value is None else f"{text} ({printed(value)})"


def _known(ratio: Row) -> bool:
    return any(ratio[key] is not None for key in ("value", "low", "high"))


def _role(verdict: Row) -> str:
    return "" if verdict["role"] == "without" else f" ({verdict['role']})"


def _claimed(verdict: Row) -> str:
    return {True: " (claimed)", "implied": " (implied)"}.get(verdict["claimed"], "")


def word(verdict: Row) -> Html:
    """A verdict with its reason."""
    name = verdict["verdict"]
    reason = f"<br>{inline(verdict['reason'])}" if verdict["reason"] else ""
    exploratory = "<br>exploratory" if verdict["exploratory"] else ""
    return Html(f'<strong class="{name.lower()}">{name}</strong>{reason}{exploratory}')


def sensitivity(view: View) -> Html:
    """The same contrasts read in other ways: at other shares, references, fits, fractions. Never a verdict."""
    names = ("contrast", "measure", "read as", "ρ", "p")
    rows = [[_pair(v), words.measure(v), *cells] for v in view.verdicts for cells in _readings(v)]
    return table("Sensitivity: ρ where it is read in another way. No verdicts.", columns(names, ("ρ", "p")), rows)


def _pair(verdict: Row) -> str:
    return f"{verdict['numerator']} / {verdict['denominator']}"


def _readings(verdict: Row) -> list[Cells]:
    """Each other reading of a verdict's ratio: how, the ratio, p."""
    found: list[Cells] = []
    for row in verdict.get("sensitivity") or []:
        how = (
            f"{numbers.percent(row['share'])} of runs solved" if "share" in row else str(row.get("what", "as printed"))
        )
        found.append([how, numbers.ratio(row), numbers.p_value(row.get("p"))])
    if (second := verdict.get("second")) and _known(second):
        found.append([f"from {numbers.number(second['reference'])} instead", numbers.ratio(second), numbers.MISSING])
    found += [[f"{row['fit']} fit", fit_words(row), numbers.MISSING] for row in verdict.get("fits") or []]
    for row in verdict.get("fractions") or []:
        if row["q"] != 0.5:
            where = f"target at {row['q']:g} of the budget"
            found.append([where, numbers.ratio(row), numbers.p_value(row.get("p"))])
    return found


def beside(view: View) -> Html:
    """What was expected and published beside what was measured."""
    expect: Any = view.results.get("expect") or {}
    rows: list[Cells] = [
        ["Expected (registered)", expect.get("direction", "nothing was registered")],
        ["Published", expect.get("published", "no figure")],
        ["Measured", Html(inline(text.measured(view)))],
    ]
    if "afterwards" in expect:
        rows.append(["Found afterwards", expect["afterwards"]])
    return table("Expected and published beside measured.", columns(("source", "finding")), rows)
