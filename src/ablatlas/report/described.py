"""The tables of what describes a study without a verdict: equal rates, gap, exponents, costs, the clock."""

from __future__ import annotations

from collections.abc import Sequence

from ablatlas.report import numbers, words
from ablatlas.report.growth import exponent
from ablatlas.report.html import Html, join, table
from ablatlas.report.tables import Cells, columns
from ablatlas.report.view import Row, View


def descriptive(view: View) -> Html:
    """Steps at equal rates, generalization gap, exponents, costs: printed with intervals, without a verdict."""
    described = (
        ("equal_rates", _equal_rates), ("gap", _gap), ("scaling", _scaling), ("costs", _costs), ("growth", _growth),
    )  # fmt: skip
    return join(*(made(rows) for name, made in described if (rows := view.table(name))))


def _equal_rates(rows: Sequence[Row]) -> Html:
    names = ("learning rate", "contrast", "steps to the target (runs that arrived)", "ρ (95 %)")
    body: list[Cells] = [
        [
            numbers.number(r["rate"]),
            f"{r['numerator']} / {r['denominator']}",
            ", ".join(f"{name} {_arrived(arm, r['n'])}" for name, arm in r["arms"].items()),
            numbers.ratio(r),
        ]
        for r in rows
    ]
    target = numbers.number(rows[0]["target"])
    caption = (
        f"At one and the same learning rate: median steps until the validation loss falls to {target}, the registered "
        "target, and how many times more of them the second variant takes. No verdict."
    )
    return table(caption, columns(names, names[:1]), body)


def _arrived(arm: Row, n: int) -> str:
    steps = "over the budget" if arm["steps"] is None else numbers.number(arm["steps"])
    return f"{steps} ({arm['reached']}/{n})"


def _gap(rows: Sequence[Row]) -> Html:
    names = ("variant", "training loss", "gap (95 %)", "n")
    body: list[Cells] = [
        [r["variant"], numbers.number(r["train_loss"]), _estimate(r, "gap", "low", "high"), str(r["n"])] for r in rows
    ]
    caption = "Generalization gap: held-out less training loss, at a training loss that all variants reach. No verdict."
    return table(caption, columns(names, names[1:]), body)


def _scaling(rows: Sequence[Row]) -> Html:
    names = ("ladder", "variant", "exponent α (95 %)", "floor E (95 %)", "remark")
    body: list[Cells] = [
        [
            words.words(r["ladder"]),
            r["variant"],
            _estimate(r, "exponent", "exponent_low", "exponent_high"),
            _estimate(r, "floor", "floor_low", "floor_high"),
            r["why"] or "",
        ]
        for r in rows
    ]
    caption = "Exponent and floor of L = E + A·r^(−α), fitted to each arm's held-out loss. No verdict."
    return table(caption, columns(names, names[2:4]), body)


def _costs(rows: Sequence[Row]) -> Html:
    names = ("ladder", "variant", "FLOPs a step", "ms a step (95 %)", "peak memory, MB", "J a step", "n")
    body: list[Cells] = [
        [
            f"{words.words(r['ladder'])} {r['level']:g}",
            r["variant"],
            numbers.number(r["flops_per_step"]),
            _estimate(_milli(r, "mean"), "mean", "low", "high"),
            numbers.number(r["peak_memory"] / 1e6),
            numbers.number(r["joules"]),
            str(r["n"]),
        ]
        for r in rows
    ]
    caption = "What a step costs, seconds as geometric means over seeds. Verdicts rest on the terms at the reference."
    return table(caption, columns(names, names[2:]), body)


def _milli(row: Row, key: str) -> Row:
    """Seconds and their interval's ends as milliseconds."""
    return {name: None if row[name] is None else 1e3 * row[name] for name in (key, "low", "high")}


GROWN = {"flops_per_step": "FLOPs", "seconds": "seconds", "peak_memory": "bytes", "joules": "joules"}


def _growth(rows: Sequence[Row]) -> Html:
    by_variant = dict.fromkeys((row["ladder"], row["variant"]) for row in rows)
    body: list[Cells] = [
        [
            words.words(ladder),
            variant,
            *(exponent(row) for row in rows if (row["ladder"], row["variant"]) == (ladder, variant)),
        ]
        for ladder, variant in by_variant
    ]
    quantities = [GROWN[name] for name in dict.fromkeys(row["quantity"] for row in rows)]
    caption = "The exponents with which a step's costs grow along a ladder (95 %; counts are exact). No verdict."
    return table(caption, columns(("ladder", "variant", *quantities), quantities), body)


def _estimate(row: Row, key: str, low: str, high: str) -> str:
    """`value (low to high)`, with a sign where an end is open."""
    ends = numbers.interval(row[low], row[high]) or next(
        (f"{sign} {numbers.number(row[end])}" for end, sign in ((low, ">"), (high, "<")) if row[end] is not None), ""
    )
    return numbers.number(row[key]) + (f" ({ends})" if ends else "")


def clock(view: View) -> Html | None:
    """Seconds, FLOP/s and joules of a step of every variant; None where nothing was timed."""
    found = view.results.get("clock")
    if not found:
        return None
    names = ("variant", "ms a step (95 %)", "FLOPs a step", "FLOP/s", "J a step", "watts", "peak memory, MB", "blocks")
    rows = [_timed(row) for row in found["rows"]]
    lack = f" ({found['no_counter']})" if found.get("no_counter") else ""
    counter = f"joules from {found['counter']}" if found["counter"] else f"no counter of joules{lack}"
    alone = "the machine to itself" if found["exclusive"] else "the machine shared, so not for comparison"
    caption = f"The clock: a step of every variant at the reference cell, interleaved blocks; {alone}; {counter}."
    return table(caption, columns(names, names[1:]), rows)


def _timed(row: Row) -> Cells:
    milli = _milli(row, "seconds_per_step")
    memory = row["peak_memory"]
    return [
        row["variant"],
        _estimate(milli, "seconds_per_step", "low", "high"),
        numbers.number(row["flops_per_step"]),
        f"{row['flop_rate']:.3g}".replace("e+0", "e").replace("e+", "e") if row["flop_rate"] else numbers.MISSING,
        numbers.number(row["joules_per_step"]),
        numbers.number(row["watts"]),
        numbers.MISSING if memory is None else numbers.number(memory / 1e6),
        numbers.number(row["blocks"]),
    ]
