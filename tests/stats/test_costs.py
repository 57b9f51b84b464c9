"""Costs along a ladder that grow as powers of the level: exponents, ratios and their growth are those put in."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic import study

from ablatlas.declaration.arms import Variant
from ablatlas.declaration.ladders import Ladder
from ablatlas.stats import ask_chain, costs
from ablatlas.stats.checks import Clock
from ablatlas.stats.clocked import per_doubling
from ablatlas.stats.contrasts import contrasts
from ablatlas.stats.evidence import Evidence

LEVELS, REFERENCE = (8.0, 16.0, 32.0, 64.0), 16.0
FLOPS = {"with": 1.0, "without": 2.0}  # exponents
SECONDS = {"with": 1.5, "without": 2.0}
TIMES = {"with": 1e-3, "without": 3e-3}  # seconds at level 1
NAMES = ("with", "without")
LENGTH = Ladder("length", "efficiency", "cost", path="task.length", levels=LEVELS, reference=REFERENCE, variants=NAMES)


def flops(variant: str, level: float) -> float:
    return 100.0 * level ** FLOPS[variant]


def clock(level: float, draw: np.random.Generator, noise: float, seeds: int = 10) -> Clock:
    rows = [
        {
            "variant": variant, "block": block, "steps": 4, "joules": None,
            "seconds": 4 * TIMES[variant] * level ** SECONDS[variant] * math.exp(noise * draw.normal()),
        }
        for variant in NAMES
        for block in range(2 * seeds)
    ]  # fmt: skip
    meters = {variant: {"flops_per_step": flops(variant, level)} for variant in NAMES}
    return Clock(pd.DataFrame(rows), meters, {"no_counter": "none here"}, "base.json.gz")


def evidence(noise: float = 0.0) -> Evidence:
    draw = np.random.default_rng(0)
    variants = [Variant(name, name, name, {"model.part": name}) for name in NAMES]
    made: Any = study("costly", variants, [LENGTH], alone=True, timed=True)
    made.register["primary"] = {"efficiency": "length", "compute": "length"}
    cells = {LENGTH.cell(level): clock(level, draw, noise) for level in LEVELS}
    base = cells.pop("base")
    timed = Clock(base.blocks, base.meters, base.provenance, base.file, cells=cells)
    runs = pd.DataFrame(
        [
            {
                "arm": v, "cell": LENGTH.cell(x), "seed": s, "key": f"{v}{x}{s}",
                "flops_per_step": flops(v, x), "peak_memory": 10 * x,
            }
            for v in NAMES
            for x in LEVELS
            for s in made.seeds["confirmation"]
        ]
    )  # fmt: skip
    return Evidence(made, SimpleNamespace(runs=runs), {}, timed)  # type: ignore[arg-type]


def asked(found: Evidence) -> dict[str, Any]:
    return {question.measure: question for question in ask_chain.ask(found)}


def test_the_gain_of_a_doubling_is_a_slope() -> None:
    logs = np.log(np.array([[3.0, 5.0]]) * np.array(LEVELS)[:, None] ** 1.5)
    assert per_doubling(LEVELS, logs) == pytest.approx([1.5 * math.log(2)] * 2)


def test_exponents_are_those_put_in() -> None:
    rows = {(row["variant"], row["quantity"]): row for row in costs.growth(evidence(noise=0.01))}
    for variant in NAMES:
        assert rows[variant, "flops_per_step"]["mean"] == pytest.approx(FLOPS[variant])
        assert rows[variant, "flops_per_step"]["exact"]
        assert rows[variant, "peak_memory"]["mean"] == pytest.approx(1)
        timed = rows[variant, "seconds"]
        assert timed["low"] < SECONDS[variant] < timed["high"]
        assert timed["high"] - timed["low"] < 0.02
        assert rows[variant, "joules"]["mean"] is None


def test_costs_of_a_step_rung_by_rung() -> None:
    for row in costs.costs(evidence()):
        expected = TIMES[row["variant"]] * row["level"] ** SECONDS[row["variant"]]
        assert [row[key] for key in ("mean", "low", "high")] == pytest.approx([expected] * 3)
        assert row["flops_per_step"] == flops(row["variant"], row["level"])
        assert (row["n"], row["joules"]) == (10, None)


def test_counted_ratios_are_exact_and_grow_by_their_exponents() -> None:
    question = asked(evidence())["flops_per_step"]
    assert question.exact.value == pytest.approx(REFERENCE)  # level ** 2 / level ** 1
    assert (question.ladder, question.reference, question.primary, question.family) == ("length", 16.0, True, None)
    assert question.details(1, 0.95)["beta"]["value"] == pytest.approx(2)


def test_rates_grow_by_what_operations_gain_over_seconds() -> None:
    question = asked(evidence(noise=0.01))["flop_rate"]
    rate = {v: flops(v, REFERENCE) / (TIMES[v] * REFERENCE ** SECONDS[v]) for v in NAMES}
    ratio, beta = question.compared.ratio(0.05), question.details(1, 0.95)["beta"]
    assert ratio.low < rate["with"] / rate["without"] < ratio.high
    assert beta["low"] < 2 ** ((1 - 1.5) - (2 - 2.0)) < beta["high"]
    assert (question.family, question.primary) == ("primary", True)


def test_without_a_counter_power_has_no_growth() -> None:
    question = asked(evidence())["power"]
    assert question.blocked.reason == "no counter"
    assert not question.primary


def test_where_runs_are_timed_a_step_is_a_step_and_the_chain_is_whole() -> None:
    found = evidence(noise=0.01)
    terms = {row["term"]: row for row in ask_chain.links(found, contrasts(found.study)[0])}
    assert terms["rho_T"]["value"] == terms["rho_T"]["low"] == 1
    assert terms["rho_C"]["value"] == pytest.approx(REFERENCE)
    expected = 3 * REFERENCE**0.5  # seconds without over with
    assert terms["rho_W"]["low"] < expected < terms["rho_W"]["high"]


def test_families_count_a_term_once() -> None:
    assert evidence().study.families["primary"] == 0  # the clock adds its two where the study is loaded
