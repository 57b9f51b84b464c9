"""The tables of a study's report: rows of the results as they are, formatted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ablatlas.report import numbers, text
from ablatlas.report.html import Column, Html, inline, table
from ablatlas.report.view import CONSTRAINTS, Row, View, shown, signed

CHOSEN = "◆"


def verdicts(view: View) -> Html:
    """Every contrast: what was compared, the ratio with its interval, p, and the verdict."""
    tested = ("ρ", "interval at", "plain 95 %", "p", "adjusted p")
    names = ("contrast", "constraint", "measure", *tested, "verdict", "n", "n needed")
    columns = _columns(names, (*tested, "n", "n needed"))
    rows = [_verdict(v) for v in view.verdicts]
    return table("Verdicts. ρ is the ratio of the levels at which half of the runs are solved.", columns, rows)


def _verdict(verdict: Row) -> list[str | Html]:
    return [
        f"{verdict['numerator']} / {verdict['denominator']}" + _role(verdict),
        CONSTRAINTS[verdict["constraint"]] + _claimed(verdict),
        f"{verdict['measure']}: {verdict['ladder']}",
        numbers.ratio(verdict["rho"]),
        numbers.percent(verdict["level"]),
        numbers.ratio(verdict["plain"]),
        numbers.p_value(verdict["p"]),
        numbers.p_value(verdict["p_adjusted"]),
        word(verdict),
        str(verdict["n"]),
        numbers.number(verdict["n_needed"]),
    ]


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
    """The same contrasts with T at other shares of solved runs; never a verdict."""
    columns = _columns(("contrast", "ladder", "share solved", "ρ", "p"), ("share solved", "ρ", "p"))
    rows = [
        [
            f"{v['numerator']} / {v['denominator']}",
            v["ladder"],
            numbers.percent(row["share"]),
            numbers.ratio(row),
            numbers.p_value(row["p"]),
        ]
        for v in view.verdicts
        for row in v["sensitivity"]
    ]
    return table("Sensitivity: the level at which another share of the runs is solved. No verdicts.", columns, rows)


def levels(view: View) -> Html:
    """What every variant did on every level, with the states in which its runs ended."""
    names = ("ladder", "variant", "solved", "share (Wilson 95 %)", "metric", "mean (95 %)", "rate", "run states")
    rows = [_level(row) for row in sorted(view.table("levels"), key=lambda r: (r["ladder"], r["level"]))]
    return table(
        "Levels and run states. A run that did not finish is unsolved and scores the cap.",
        _columns(names, ("solved", "share (Wilson 95 %)", "mean (95 %)", "rate")),
        rows,
    )


def _level(row: Row) -> list[str | Html]:
    rate = numbers.number(row["rate"]) + (" (edge of its grid)" if row["edge"] else "")
    share = f"{100 * row['share']:.0f} % ({100 * row['low']:.0f} to {100 * row['high']:.0f})"
    return [
        f"{text.words(row['ladder'])} {row['level']:g}",
        row["variant"],
        f"{row['solved']}/{row['n']}",
        share,
        text.words(row["metric"]),
        numbers.mean(row),
        rate,
        states(row["states"]),
    ]


def states(counts: Mapping[str, int]) -> str:
    """Run states with their counts, in words."""
    return ", ".join(f"{n} {state}" for state, n in counts.items()) or "none"


def ledger(view: View) -> Html:
    """Every rate that was tried in every tuned cell: mean score over the tuning seeds ± its standard error."""
    rows = view.table("ledger")
    rates = sorted({row["rate"] for row in rows})
    columns = [Column("cell"), Column("variant"), *(Column(numbers.number(rate), True) for rate in rates)]
    tuned = dict.fromkeys((row["cell"], row["variant"]) for row in rows)
    body = [[cell, variant, *(_trial(view, cell, variant, rate) for rate in rates)] for cell, variant in tuned]
    metric = text.words(view.results["ledgers"]["base"]["metric"])
    caption = (
        f"Tuning ledger: {metric}, capped, mean on tuning seeds ± standard error at each rate "
        f"({view.study.tune.path}). {CHOSEN} the rate taken; “div.” counts diverged runs."
    )
    return table(caption, columns, body)


def _trial(view: View, cell: str, variant: str, rate: float) -> str:
    rows = view.table("ledger", cell=cell, variant=variant, rate=rate)
    if not rows:
        return numbers.MISSING
    row = rows[0]
    score = None if row["seed_mean"] is None else signed(view.results["ledgers"][cell], row["seed_mean"])
    error = f" ± {numbers.number(row['se'], 2)}" if row["se"] is not None else ""
    diverged = f" ({row['diverged']} div.)" if row["diverged"] else ""
    return f"{CHOSEN + ' ' if row['chosen'] else ''}{numbers.number(score)}{error}{diverged}"


def chosen(view: View) -> Html:
    """The rate that each variant took in each tuned cell."""
    tuning: Mapping[str, Any] = view.results["tuning"]
    cells = list(dict.fromkeys(cell for row in tuning.values() for cell in row["chosen"]))
    columns = [Column("variant"), Column("trials", True), Column("seeds"), *(Column(cell, True) for cell in cells)]
    rows = [
        [
            name,
            str(row["trials"]),
            ", ".join(map(str, row["seeds"])),
            *(numbers.number(row["chosen"].get(cell)) for cell in cells),
        ]
        for name, row in tuning.items()
    ]
    return table("Trials and chosen rates. Cells between tuned ones interpolate their rates.", columns, rows)


def rules(view: View) -> Html:
    """How each tuned cell came to its rates: common rate, extensions, and which variants are exceptions."""
    names = ("cell", "score", "common rate", "grid extended", "departs from it", "capped at every rate", "at an edge")
    rows = [[cell, *_rule(entry)] for cell, entry in view.results["ledgers"].items()]
    return table("How the rates were chosen.", _columns(names, ("common rate",)), rows)


def _rule(entry: Row) -> list[str]:
    extended = entry["extensions"]
    return [
        f"{'highest' if entry['goal'] == 'max' else 'lowest'} {text.words(entry['metric'])}",
        numbers.number(entry["common"]),
        f"{extended['down']} down, {extended['up']} up",
        *(_which(entry[key]) for key in ("departed", "capped", "edge")),
    ]


def _which(flags: Mapping[str, bool]) -> str:
    return ", ".join(name for name, holds in flags.items() if holds) or "none"


def meters(view: View) -> Html:
    """Sizes and exact counts of every variant in every cell."""
    names = ("cell", "variant", "parameters", "of these trainable", "FLOPs a step", "steps")
    keys = ("parameters", "trainable", "flops_per_step", "steps")
    rows = [[row["cell"], row["variant"], *(numbers.number(row[key]) for key in keys)] for row in view.table("meters")]
    return table("Sizes, counted and not timed.", _columns(names, names[2:]), rows)


def beside(view: View) -> Html:
    """What was expected and published beside what was measured."""
    expect = view.results.get("expect") or {}
    rows: list[list[str | Html]] = [
        ["Expected (registered)", expect.get("direction", "nothing was registered")],
        ["Published", expect.get("published", "no figure")],
        ["Measured", Html(inline(text.measured(view)))],
    ]
    if "afterwards" in expect:
        rows.append(["Tried afterwards, on tuning seeds", expect["afterwards"]])
    return table("Expected and published beside measured.", [Column("source"), Column("finding")], rows)


def settings(view: View) -> Html:
    """The base configuration that every variant shares outside the paths it sets."""
    leaves = _leaves(view.study.config)
    rows = [[path, shown(value)] for path, value in leaves if not f"{path}.".startswith(f"{view.study.ablate}.")]
    return table("The configuration that all arms share.", [Column("path"), Column("value")], rows)


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        path = f"{prefix}{key}"
        found += _leaves(value, f"{path}.") if isinstance(value, Mapping) and value else [(path, value)]
    return found


def provenance(view: View) -> Html:
    """Where the numbers come from."""
    results = view.results
    versions = [[name, version] for name, version in sorted((results.get("versions") or {}).items())]
    rows = [
        ["study digest", results["digest"]],
        ["scale", results["scale"]],
        ["device", results.get("device") or "not recorded"],
        ["runs", states(results["states"])],
        ["tuning seeds", _seeds(results["seeds"]["tuning"])],
        ["confirmation seeds", _seeds(results["seeds"]["confirmation"])],
        *versions,
    ]
    return table("Provenance.", [Column("what"), Column("value")], rows)


def _seeds(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _columns(names: Sequence[str], numeric: Sequence[str] = ()) -> list[Column]:
    return [Column(name, name in numeric) for name in names]
