"""A made-up file of controls: every kind of entry, all passed unless changed."""

import math
from typing import Any

Row = dict[str, Any]
NONE: Row = {"value": None, "low": None, "high": None}


def controls(**changes: Any) -> Row:
    """What the controls found; `changes` replace parts of it."""
    return {
        "passed": True,
        "digest": "c0ffee012345",
        "scale": "laptop",
        "device": "cpu",
        "aa": {
            "draws": 200, "excluding_one": 0.045, "excluding_one_low": 0.021, "excluding_one_high": 0.084,
            "false_verdicts": 0.03, "false_verdicts_low": 0.011, "false_verdicts_high": 0.064, "two_sided": 195,
            "verdicts": {"INCONCLUSIVE": 150, "UNCHANGED": 44, "RELAXED": 3, "TIGHTENED": 3},
            "reasons": {"too few seeds": 150}, "rejects": 0.12, "judged": True, "passed": True,
            "intervals": [_draw(k) for k in range(200)],
        },
        "null": [
            {"null": "an extra draw", "judged": True, "runs": 40, "equal": 40, **NONE, "passed": True},
            {"null": "other names", "judged": True, "value": 0.98, "low": 0.9, "high": 1.08, "passed": True},
        ],
        "dose": [
            dose("D", "rho_D", 2.0, 2.1, 1.7, 2.6),
            dose("T", "rho_T", 2.0, 1.93, 1.6, 2.4),
            dose("C", "rho_T", 1.0, 1.0, 1.0, 1.0),
            dose("C", "rho_C", 2.0, 2.0, 2.0, 2.0),
            dose("C", "rho_W", [1.8, 2.2], 2.02, 1.98, 2.06),
            dose("W", "rho_W", [1.9, 2.1], 1.99, 1.95, 2.04),
        ],
        "synthetic": [
            simulated(measure, kind, n)
            for measure, kind in (("resource", "steep"), ("resource", "flat"), ("resource", "censored"),
                                  ("threshold", "all or nothing"), ("time_to_target", "censored"),
                                  ("closure", "lower floor"))
            for n in (5, 10)
        ],
        "uniform": [
            {"study": study, "constraint": constraint, "ladder": ladder, "expected": expected, "value": value,
             "low": value - 0.1, "high": value + 0.1, "fall": 0.42, "label": label, "shared": expected == "shared",
             "judged": True, "passed": True}
            for study, expected, label, value in (("penalty_plus", "persistent", "persistent", 0.02),
                                                  ("penalty_times", "shared", "closing", 0.41))
            for constraint, ladder in (("data", "examples"), ("parameters", "width"))
        ],
        "twice": [{"study": "residual", "variant": variant, "seed": 1000, "same": True, "judged": False, "passed": True}
                  for variant in ("with", "without")],
        "anchors": [
            {"study": "residual", "ladder": "depth", "expected": "RELAXED", "published": "Plain networks get worse.",
             "verdict": "RELAXED", "state": "run", "judged": True, "passed": True},
            {"study": "layernorm", "ladder": "depth", "expected": "RELAXED", "published": "Deep stacks train.",
             "verdict": None, "state": "not run for this version", "judged": False, "passed": True},
        ],
    } | changes  # fmt: skip


def failed() -> Row:
    """Controls of which a dose failed."""
    found = controls(passed=False)
    found["dose"][0] |= {"low": 1.2, "high": 1.6, "value": 1.4, "passed": False, "covered": False}
    return found


def _draw(k: int) -> Row:
    """Draw `k` of a low-discrepancy sequence; some leave 1 out, some are open."""
    middle = math.exp(0.36 * math.tan(2.75 * ((k * 0.618034) % 1 - 0.5)) / 4)
    width = 1.35 + 0.3 * ((k * 0.7548) % 1)
    high = None if k % 40 == 7 else middle * width
    out = middle / width > 1 or (high is not None and high < 1)
    return {"rho": middle, "low": middle / width, "high": high, "verdict": "RELAXED" if out else "INCONCLUSIVE"}


def dose(name: str, measure: str, answer: Any, value: float, low: float, high: float) -> Row:
    """One known answer that was found."""
    return {"dose": name, "study": "dose", "measure": measure, "answer": answer, "exact": low == high, "level": None,
            "value": value, "low": low, "high": high, "covered": True, "fired": ["rho_W"], "allowed": ["rho_W"],
            "astray": [], "judged": True, "passed": True}  # fmt: skip


def simulated(measure: str, kind: str, n: int) -> Row:
    """One row of simulated truth that is what it should be."""
    found = kind != "flat" and (measure != "threshold" or n == 10)
    return {"measure": measure, "kind": kind, "seeds": n, "simulations": 5000,
            "rho": 2.0 if found and measure != "closure" else None,
            "coverage": 0.999 if measure == "threshold" else 0.952,
            "false_relaxed": 0.012, "false_tightened": 0.009, "false_verdicts": 0.021, "power": 0.87 if found else None,
            "label": "persistent" if measure == "closure" else None, "conservative": measure == "threshold",
            "judged": True, "passed": True}  # fmt: skip
