"""Made-up results of every measure but thresholds: laws of the loss, times to a target, a clock, a chain."""

import math
from typing import Any

from ablatlas.study import Ladder, Study

Row = dict[str, Any]

CAP = 2.302
NOTHING: Row = {"value": None, "low": None, "high": None, "censored": None}
NO_CLOSURE: Row = dict.fromkeys(("value", "low", "high", "label", "shared", "fall", "question"))
# Per constraint: floor, scale at the reference, exponent of the loss `with`, then of `without`; the closure they have.
LAWS = {
    "data": ((0.12, 0.18, 0.75), (0.13, 0.36, 0.75)),
    "parameters": ((0.10, 0.20, 0.55), (0.28, 0.21, 0.60)),
}
CLOSURES: dict[str, Row] = {
    "data": {"value": 0.62, "low": 0.44, "high": 0.79, "label": "closing", "shared": False, "fall": 0.31},
    "parameters": {"value": 0.06, "low": -0.21, "high": 0.30, "label": "persistent", "shared": False, "fall": 0.44},
}


def ratio(value: float | None, low: float | None, high: float | None) -> Row:
    """A ratio as a results file holds it."""
    censored = {(True, True): None, (False, True): "below", (True, False): "above", (False, False): "both"}
    ends = low is not None, high is not None
    return {"value": value, "low": low, "high": high, "censored": censored[ends], "text": "ρ"}


def identity(study: Study, constraint: str, measure: str, ladder: str | None = None, **changes: Any) -> Row:
    """What every verdict on the plain ablation says; RELAXED unless changed."""
    claims = {**dict.fromkeys(study.claim["implied"], "implied"), **dict.fromkeys(study.claim["constraints"], True)}
    primary = ladder is not None and ladder in study.register["primary"].values()
    return {
        "constraint": constraint,
        "measure": measure,
        "basis": "ladder" if ladder else "net",
        "contrast": "without",
        "role": "without",
        "numerator": "with",
        "denominator": "without",
        "ladder": ladder,
        "primary": primary,
        "claimed": claims.get(constraint, False),
        "reference": None,
        "n": 10,
        "exploratory": False,
        "family": "primary" if primary else None,
        "family_size": 4 if primary else 1,
        "rho": ratio(2.0, 1.6, 2.6),
        "level": 0.9875 if primary else 0.95,
        "plain": ratio(2.0, 1.7, 2.5),
        "beta": NOTHING,
        "closure": NO_CLOSURE,
        "chain": {},
        "sensitivity": [],
        "p": 0.0004,
        "p_adjusted": 0.0016 if primary else None,
        "p_unchanged": 1.0,
        "p_unchanged_adjusted": 1.0 if primary else None,
        "verdict": "RELAXED",
        "reason": None,
        "n_needed": None,
        "needs": None,
        "edge": [],
        "supported": None,
        "runs": ["0f3a-s0", "0f3a-s1"] if ladder else [],  # a net term is the clock's
    } | changes


# --- resource ladders ---


def loss(constraint: str, variant: str, share: float) -> float:
    """The law's loss at so many times the reference, capped."""
    floor, scale, exponent = LAWS[constraint][variant != "with"]
    return min(CAP, floor + scale * share**-exponent)


def level_of(constraint: str, variant: str, height: float) -> float:
    """The share of the reference at which a law has fallen to `height`, infinite where its floor is higher."""
    floor, scale, exponent = LAWS[constraint][variant != "with"]
    return math.inf if height <= floor else (scale / (height - floor)) ** (1 / exponent)


def resource_level(study: Study, ladder: Ladder, variant: str, level: float) -> Row:
    """One rung of a resource ladder: no run is solved or not."""
    assert ladder.reference
    mean = loss(ladder.constraint, variant, level / ladder.reference)
    return {
        "ladder": ladder.name, "variant": variant, "level": level, "cell": ladder.cell(level), "n": 10,
        "solved": None, "share": None, "low": None, "high": None, "states": {"finished": 10}, "rate": 0.1,
        "edge": False, "metric": "loss", "mean": mean, "mean_low": mean * 0.94, "mean_high": mean * 1.06,
    }  # fmt: skip


def resource(study: Study, ladder: Ladder) -> Row:
    """The verdict on a resource ladder, as its law has it: open where the ladder ends first."""
    assert ladder.reference
    goals = [(level, loss(ladder.constraint, "with", level / ladder.reference)) for level in ladder.levels]
    curve = [_target(ladder, level, goal) for level, goal in goals]
    main = next(row for row in curve if row["level"] == ladder.reference)
    here = loss(ladder.constraint, "without", 1.0)
    beta = 1 / level_of(ladder.constraint, "with", here)
    lower = next(row for row in curve if row["level"] == ladder.levels[1])
    return identity(study, ladder.constraint, "resource", ladder.name) | {
        "reference": ladder.reference,
        "rho": ratio(main["value"], main["low"], main["high"]),
        "beta": ratio(beta, beta * 0.8, beta * 1.3),
        "closure": CLOSURES[ladder.constraint] | {"question": ladder.constraint == "parameters"},
        "second": {"reference": lower["level"], **ratio(lower["value"], lower["low"], lower["high"])},
        "targets": curve,
        "fits": [{"fit": "quadratic", "value": 2.2}, {"fit": "power law", "value": None, "censored": "above"}],
        "disagree": True,
        "correlation": 0.31,
        "flat_p": 0.0002,
        "residuals": 0.8,
    }


def _target(ladder: Ladder, level: float, goal: float) -> Row:
    assert ladder.reference
    top = ladder.levels[-1] / level
    found = level_of(ladder.constraint, "without", goal) * ladder.reference / level
    inside = found <= top
    low, high = (found * 0.82, found * 1.25) if inside else (top * 0.9, None)
    return {"target": goal, "level": level, "value": found if inside else None, "low": low,
            "high": high if high is None or high < top else None}  # fmt: skip


# --- edges, time, frontier ---


def edges(study: Study, ladder: Ladder) -> Row:
    """Five times as wide a range of rates with as without."""
    levels = ladder.levels
    ends = {"with": (1, len(levels) - 3), "without": (3, len(levels) - 4)}
    return identity(study, ladder.constraint, "edges", ladder.name) | {
        "rho": ratio(None, 3.3, None),
        "brackets": {name: {"low": 30.0, "high": 300.0, "censored": None} for name in ends},
        "rates": {name: _block(levels, *where) for name, where in ends.items()},
        "floor": {"n": 10, "family": 1, "solved": 10, "n_needed": 9, "text": "at n = 10 a range is decided by 10/10"},
        "log_rank": None,
    }


def _block(levels: tuple[float, ...], first: int, last: int) -> Row:
    """Where a block of solved rates surely and at most reaches, open where the ladder ends before."""
    begins, first_in, last_in, ends = (
        levels[place] if 0 <= place < len(levels) else None for place in (first - 1, first, last, last + 1)
    )
    return {"inside": levels[len(levels) // 2], "inner": [first_in, last_in], "outer": [begins, ends]}


def edge_level(study: Study, ladder: Ladder, variant: str, place: int) -> Row:
    """One rate: solved inside of the block of the variant."""
    last = len(ladder.levels)
    inside = range(1, last - 2) if variant == "with" else range(3, last - 3)
    solved = 10 if place in inside else 0
    mean = 0.05 + 0.02 * abs(place - 4) if solved else CAP
    return {
        "ladder": ladder.name, "variant": variant, "level": ladder.levels[place],
        "cell": ladder.cell(ladder.levels[place]), "n": 10, "solved": solved, "share": solved / 10,
        "low": 0.722 if solved else 0.0, "high": 1.0 if solved else 0.278,
        "states": {"finished": 10} if solved else {"diverged": 4, "finished": 6}, "rate": ladder.levels[place],
        "edge": False, "metric": "loss", "mean": mean, "mean_low": mean * 0.9, "mean_high": min(CAP, mean * 1.1),
    }  # fmt: skip


ARRIVALS = {  # fraction of the budget: shares of it at which runs arrive
    0.25: {"with": (0.15, 0.32), "without": (0.3, 0.9)},
    0.5: {"with": (0.35, 0.62), "without": (0.9, 2.4)},
    0.75: {"with": (0.6, 0.95), "without": (1.9, 4.6)},
}


def _steps(ladder: Ladder, q: float, variant: str) -> list[float]:
    """When ten runs arrive, ascending; beyond the limit they do not."""
    first, last = ARRIVALS[q][variant]
    return [ladder.levels[0] * (first + (last - first) * k / 9) for k in range(10)]


def arrivals(ladder: Ladder) -> list[Row]:
    """Shares of runs that have not arrived, read at forty places."""
    limit, rows = ladder.levels[1], []
    for q, variants in ARRIVALS.items():
        for variant in variants:
            for k in range(1, 41):
                level = limit * k / 40
                left = sum(step > level for step in _steps(ladder, q, variant))
                row = {"ladder": ladder.name, "variant": variant, "q": q, "level": level, "at_risk": left}
                row |= {"surviving": left / 10, "low": max(0, left / 10 - 0.25), "high": min(1, left / 10 + 0.25)}
                rows.append(row)
    return rows


def time(study: Study, ladder: Ladder) -> Row:
    """Three times as many steps without."""
    limit = ladder.levels[1]
    ratios = {0.25: ratio(2.5, 1.9, 3.3), 0.5: ratio(3.4, 2.5, 4.9), 0.75: ratio(None, 3.1, None)}
    fractions = [
        {
            "q": q,
            "target": {0.25: 0.92, 0.5: 0.44, 0.75: 0.27}[q],
            **ratios[q],
            "reached": {v: sum(step <= limit for step in _steps(ladder, q, v)) for v in ARRIVALS[q]},
            "p": 0.0004,
            "log_rank": {"chi2": 18.2, "p": 2e-05},
        }
        for q in ARRIVALS
    ]
    return identity(study, ladder.constraint, "time_to_target", ladder.name) | {
        "reference": ladder.levels[0], "rho": ratios[0.5], "fractions": fractions,
    }  # fmt: skip


def frontier(study: Study, ladder: Ladder) -> Row:
    """Twice the FLOPs without."""
    return identity(study, ladder.constraint, "frontier", ladder.name) | {
        "rho": ratio(2.1, 1.4, 3.4), "reference": 2e7 * 2**6, "flat_p": 0.001,
    }  # fmt: skip


def frontier_rows(study: Study, ladder: Ladder) -> list[Row]:
    """Envelopes that fall along FLOPs."""
    rows = []
    for variant, late in (("with", 1.0), ("without", 2.1)):
        for k in range(12):
            mean = 0.1 + 1.8 * (2**k / late) ** -0.42
            row = {"ladder": ladder.name, "variant": variant, "flops": 2e7 * 2**k, "loss": mean}
            rows.append(row | {"low": mean * 0.93, "high": mean * 1.07, "n": 10, "level": 8 * 2 ** (k // 3)})
    return rows


# --- net terms, the chain, the clock ---


def nets(study: Study) -> list[Row]:
    """The innovation costs FLOPs, runs as fast as what it replaces, and has no counter of joules."""
    exact = ratio(0.965, 0.965, 0.965)
    same = ratio(0.99, 0.96, 1.03)
    nothing = {"rho": NOTHING | {"text": "no interval: no counter"}, "plain": NOTHING, "p": None, "p_unchanged": None}
    undecided = {"verdict": "INCONCLUSIVE", "reason": "no counter", "needs": "a machine with a counter of joules"}
    return [
        identity(study, "compute", "flops_per_step") | {
            "n": 0, "rho": exact, "plain": exact, "p": None, "p_unchanged": None, "verdict": "UNCHANGED",
        },
        identity(study, "efficiency", "flop_rate") | {
            "n": 20, "rho": same, "plain": same, "p": 1.0, "p_unchanged": 0.0002, "verdict": "UNCHANGED",
            "family": "primary", "family_size": 5, "p_adjusted": 1.0, "p_unchanged_adjusted": 0.001,
        },
        identity(study, "energy", "power") | {"n": 0, **nothing, **undecided},
    ]  # fmt: skip


def chain() -> Row:
    """Gross ratios that steps alone carry, up to where the counter is missing."""

    def term(name: str, value: Row, why: str | None = None) -> Row:
        return {"term": name, "basis": "gross" if name.startswith("rho") else "net", **value, "why": why}

    missing = NOTHING | {"text": "no counter (no powercap on this machine)"}
    return {
        "terms": [
            term("rho_T", ratio(3.4, 2.5, 4.9)),
            term("flops_per_step", ratio(0.965, 0.965, 0.965)),
            term("rho_C", ratio(3.28, 2.41, 4.73)),
            term("flop_rate", ratio(0.99, 0.96, 1.03)),
            term("rho_W", ratio(3.25, 2.36, 4.75)),
            term("power", missing, missing["text"]),
            term("rho_J", missing, missing["text"]),
        ]
    }


def clock(study: Study) -> Row:
    """What a step of every variant takes."""
    row = {"seconds_per_step": 0.00213, "low": 0.00209, "high": 0.00217, "flops_per_step": 921600,
           "flop_rate": 4.3e8, "joules_per_step": None, "watts": None, "peak_memory": 3.1e8, "blocks": 20}  # fmt: skip
    rows = [row | {"variant": name} for name in study.variants]
    return {
        "device": "cpu",
        "node": "n1",
        "counter": None,
        "no_counter": "no powercap",
        "exclusive": True,
        "rows": rows,
    }


def gate() -> Row:
    """The ablation is worse at the reference."""
    return {"with": 0.3, "without": 0.49, "n": 10, "difference": 0.19, "low": 0.15, "high": 0.23,
            "p": 1e-07, "p_adjusted": 5e-07, "open": True}  # fmt: skip


def descriptive(study: Study) -> dict[str, list[Row]]:
    """Steps at equal rates, generalization gap, exponent and floor."""
    arms, resources = ("with", "without"), [one for one in study.ladders.values() if one.measure == "resource"]
    gap = [{"variant": v, "train_loss": 0.2, "gap": 0.1 + 0.05 * k, "low": 0.08 + 0.05 * k, "high": 0.12 + 0.05 * k,
            "n": 10} for k, v in enumerate(arms)]  # fmt: skip
    scaling = [
        {"ladder": ladder.name, "variant": v, "exponent": 0.55, "exponent_low": 0.41, "exponent_high": 0.7,
         "floor": 0.1, "floor_low": 0.05, "floor_high": None if v == "with" else 0.14,
         "why": None if v == "with" else "fewer than four rungs fall"}
        for ladder in resources for v in arms
    ]  # fmt: skip
    arrived, late = {"reached": 10, "steps": 120.0}, {"reached": 4, "steps": None}
    equal = [
        {"ladder": ladder.name, "numerator": "with", "denominator": "without", "rate": rate, "target": 0.61, "n": 10,
         "arms": {"with": arrived, "without": late}, "value": None, "low": 1.7, "high": None}
        for ladder in study.ladders.values() if ladder.measure == "edges" for rate in ladder.levels
    ]  # fmt: skip
    return {"equal_rates": equal, "gap": gap, "scaling": scaling}
