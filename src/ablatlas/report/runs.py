"""The tables of what was run: levels and run states, tuning ledgers, sizes, settings, provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ablatlas.report import numbers
from ablatlas.report.html import Column, Html, join, table
from ablatlas.report.tables import Cells, columns
from ablatlas.report.view import Row, View, shown, signed
from ablatlas.report.words import words

CHOSEN = "◆"
SIZES = {
    "parameters": "parameters",
    "trainable": "of these trainable",
    "active": "active",
    "non_embedding": "non-embedding",
    "flops_per_step": "FLOPs a step",
    "steps": "steps",
}


def levels(view: View) -> Html:
    """What every variant did on every level, with the states in which its runs ended."""
    names = ("ladder", "variant", "solved", "share (Wilson 95 %)", "metric", "mean (95 %)", "rate", "run states")
    rows = [_level(row) for row in sorted(view.table("levels"), key=lambda r: (r["ladder"], r["level"]))]
    return table(
        "Levels and run states. A run that did not finish is unsolved and scores the cap.",
        columns(names, ("solved", "share (Wilson 95 %)", "mean (95 %)", "rate")),
        rows,
    )


def _level(row: Row) -> Cells:
    rate = numbers.number(row["rate"]) + (" (edge of its grid)" if row["edge"] else "")
    return [
        f"{words(row['ladder'])} {row['level']:g}",
        row["variant"],
        numbers.MISSING if row["solved"] is None else f"{row['solved']}/{row['n']}",
        _share(row),
        words(row["metric"]),
        numbers.estimate(row, ends=("mean_low", "mean_high")),
        rate,
        states(row["states"]),
    ]


def _share(row: Row) -> str:
    """The share of solved runs with its interval; nothing on a ladder whose runs are not judged one by one."""
    if row["share"] is None:
        return numbers.MISSING
    return f"{100 * row['share']:.0f} % ({100 * row['low']:.0f} to {100 * row['high']:.0f})"


def states(counts: Mapping[str, int]) -> str:
    """Run states with their counts, in words."""
    return ", ".join(f"{n} {state}" for state, n in counts.items()) or "none"


def ledgers(view: View) -> Html:
    """Every rate that was tried in every tuned cell, a table for each quantity that was tuned on."""
    metrics = dict.fromkeys(entry["metric"] for entry in view.results["ledgers"].values())
    return join(*(_ledger(view, metric) for metric in metrics))


def _ledger(view: View, metric: str) -> Html:
    """Mean score over the tuning seeds ± its standard error, of every rate in the cells tuned on one quantity."""
    rows = [r for r in view.table("ledger") if view.results["ledgers"][r["cell"]]["metric"] == metric]
    rates = sorted({row["rate"] for row in rows})
    heads = [Column("cell"), Column("variant"), *(Column(numbers.number(rate), True) for rate in rates)]
    tuned = dict.fromkeys((row["cell"], row["variant"]) for row in rows)
    body: list[Cells] = [
        [cell, variant, *(_trial(view, cell, variant, rate) for rate in rates)] for cell, variant in tuned
    ]
    caption = (
        f"Tuning ledger: {words(metric)}, capped, mean on tuning seeds ± standard error at each rate "
        f"({view.study.tune.path}). {CHOSEN} the rate taken; “div.” counts diverged runs."
    )
    return table(caption, heads, body)


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
    return table("How the rates were chosen.", columns(names, ("common rate",)), rows)


def _rule(entry: Row) -> list[str]:
    extended = entry["extensions"]
    return [
        f"{'highest' if entry['goal'] == 'max' else 'lowest'} {words(entry['metric'])}",
        numbers.number(entry["common"]),
        f"{extended['down']} down, {extended['up']} up",
        *(_which(entry[key]) for key in ("departed", "capped", "edge")),
    ]


def _which(flags: Mapping[str, bool]) -> str:
    return ", ".join(name for name, holds in flags.items() if holds) or "none"


def meters(view: View) -> Html:
    """Sizes and exact counts of every variant in every cell."""
    keys = [key for key in SIZES if any(row.get(key) is not None for row in view.table("meters"))]
    rows: list[Cells] = [
        [row["cell"], row["variant"], *(numbers.number(row.get(key)) for key in keys)] for row in view.table("meters")
    ]
    names = [SIZES[key] for key in keys]
    return table("Sizes, counted and not timed.", columns(["cell", "variant", *names], names), rows)


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
