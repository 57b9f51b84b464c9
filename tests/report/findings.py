"""Made-up results of the real studies, in the layout of a results file: what a report has to cope with."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import measures

from ablatlas.report.view import View
from ablatlas.stats.contrasts import contrasts
from ablatlas.study import Ladder, Study, load

ROOT = Path(__file__).parents[2]
CAP = 2.302
Row = dict[str, Any]

# Where half of the runs of a role fail: the last place of the ladder that is solved, the first that is not; None: open.
TOP = 99
REACHES: dict[str, tuple[int | None, int | None]] = {
    "with": (TOP, None),
    "without": (1, 2),
    "strong": (TOP - 1, TOP),
    "rescue": (TOP, None),
    "matched": (1, 2),
    "placebo": (1, 3),
    "factorial": (None, 0),
}


@cache
def study(name: str, scale: str = "laptop") -> Study:
    """A study of the repository."""
    return load(name, scale, root=ROOT)


def view(name: str, **changes: Any) -> View:
    """Made-up results of a study beside it; `changes` replace parts of the results."""
    return View(study(name), results(study(name)) | changes)


def results(study: Study) -> Row:
    """Results in which the innovation relaxes its constraint."""
    ladders = list(study.ladders.values())
    solvable = [ladder for ladder in ladders if ladder.measure == "threshold"]
    verdicts = [row for ladder in ladders for row in _verdicts(study, ladder)]
    verdicts += measures.nets(study) if study.clock else []
    measured = {row["constraint"] for row in verdicts}
    return {
        "study": study.name,
        "title": study.title,
        "paper": study.paper,
        "claim": study.claim,
        "scale": study.scale,
        "seeds": {phase: list(seeds) for phase, seeds in study.seeds.items()},
        "digest": study.digest,
        "device": "cpu",
        "versions": {"python": "3.11.9", "torch": "2.13.0+cpu"},
        "registration": study.register,
        "subset": study.subset,
        "expect": study.expect,
        "states": {"diverged": 9, "finished": 171},
        "tuning": {name: _tuning(study) for name in study.variants},
        "ledgers": {cell: _rules(study, cell) for cell in study.tune.cells},
        "criteria": {ladder.name: _criterion(ladder) for ladder in solvable},
        "verdicts": verdicts,
        "unmeasured": [
            {"constraint": name, "why": "the study declares no ladder for it"}
            for name in ("data", "compute", "energy", "parameters", "optimization", "architecture", "efficiency")
            if name not in measured
        ],
        "tables": {
            "levels": [
                _rung(study, ladder, v, i)
                for ladder in ladders
                for v in ladder.variants
                for i, _ in _places(ladder)
                if ladder.measure in ("threshold", "edges", "resource")
            ],
            "curves": [row for v, cell in _trained(study) for row in _curve(study, v, cell)],
            "mechanism": [row for v, cell in _trained(study) for row in _mechanism(study, v, cell)],
            "meters": [_meters(v, cell) for v, cell in _trained(study)],
            "ledger": [
                row for v, cell in _trained(study) if cell in study.tune.cells for row in _ledger(study, v, cell)
            ],
            "survival": [row for ladder in solvable if ladder.evaluated for row in _survival(study, ladder)]
            + [row for ladder in ladders if ladder.measure == "time_to_target" for row in measures.arrivals(ladder)],
            "frontier": [
                row
                for ladder in ladders
                if ladder.measure == "frontier"
                for row in measures.frontier_rows(study, ladder)
            ],
            **measures.descriptive(study),
        },
        "cost": {"runs": 330, "core_seconds": 864.0},
        "records": [
            *(_record("confirmation", cell) for cell in study.cells),
            *(_record("tuning", cell) for cell in study.tune.cells),
            *([_record("clock", "base")] if study.clock else []),
        ],
        "gate": measures.gate(),
        "chain": measures.chain() if study.clock else None,
        "clock": measures.clock(study) if study.clock else None,
        "registration_changes": [],
    }


def _record(phase: str, cell: str) -> Row:
    """A record of ten runs; those of the base cell are the runs of every verdict."""
    digest = "0f3a" if (phase, cell) == ("confirmation", "base") else f"{phase}{cell}".encode().hex()[-12:]
    keys = [f"{digest}-s{seed}-sequential-2.13.0+cpu-cpu-t1" for seed in range(10)]
    return {"phase": phase, "cell": cell, "file": f"data/runs/made_up/{phase}-{cell}.json.gz", "runs": keys}


def _trained(study: Study) -> list[tuple[str, str]]:
    return [(variant, cell) for cell in study.cells for variant in study.variants_of(cell)]


def _verdicts(study: Study, ladder: Ladder) -> list[Row]:
    """The verdicts on a ladder, of every contrast where it is a threshold."""
    if ladder.measure == "threshold":
        return [verdict(study, ladder, name) for name in ladder.variants if name != "with"]
    asked = {"resource": measures.resource, "edges": measures.edges, "time_to_target": measures.time}
    return [asked.get(ladder.measure, measures.frontier)(study, ladder)]


def _rung(study: Study, ladder: Ladder, variant: str, place: int) -> Row:
    if ladder.measure == "threshold":
        return _level(study, ladder, variant, place)
    if ladder.measure == "edges":
        return measures.edge_level(study, ladder, variant, place)
    return measures.resource_level(study, ladder, variant, ladder.levels[place])


def verdict(study: Study, ladder: Ladder, name: str, **changes: Any) -> Row:
    """The verdict on one contrast, RELAXED as far as the made-up brackets go."""
    contrast = next(one for one in contrasts(study) if one.name == name)
    role, top, bottom = contrast.role, contrast.numerator, contrast.denominator
    brackets = {v: _bracket(study, ladder, v) for v in (top, bottom)}
    rho = ratio(brackets[top], brackets[bottom])
    relaxed = rho["low"] is not None and rho["low"] > 1.1
    family = {"without": "primary", "strong": "strong"}.get(role)
    return {
        "constraint": ladder.constraint,
        "measure": ladder.measure,
        "basis": "ladder",
        "contrast": name,
        "role": role,
        "numerator": top,
        "denominator": bottom,
        "ladder": ladder.name,
        "primary": ladder.name in study.register["primary"].values(),
        "claimed": ladder.constraint in study.claim["constraints"],
        "reference": ladder.reference,
        "n": 10,
        "exploratory": False,
        "family": family,
        "family_size": 1,
        "rho": rho,
        "level": 0.95,
        "plain": rho,
        "beta": {"value": None, "low": None, "high": None, "censored": None},
        "closure": measures.NO_CLOSURE,
        "chain": {},
        "brackets": brackets,
        "sensitivity": [{"share": share, "p": 0.225, **ratio({}, {})} for share in (0.25, 0.75)],
        "floor": {"n": 10, "family": 1, "solved": 9, "n_needed": 7, "text": "at n = 10 a contrast is decided by 9/10"},
        "log_rank": {"chi2": 19.0, "p": 1.3e-05} if ladder.evaluated else None,
        "p": 0.00390625 if relaxed else 1.0,
        "p_adjusted": (0.00390625 if relaxed else 1.0) if family else None,
        "p_unchanged": 1.0,
        "p_unchanged_adjusted": 1.0 if family else None,
        "verdict": "RELAXED" if relaxed else "INCONCLUSIVE",
        "reason": None if relaxed else "ladder too coarse",
        "n_needed": None,
        "needs": None if relaxed else "levels between 56 and 80, or above it",
        "edge": [],
        "supported": relaxed if role == "without" and ladder.constraint in study.claim["constraints"] else None,
        "runs": [f"0f3a-s{seed}-sequential-2.13.0+cpu-cpu-t1" for seed in range(10)],
    } | changes


def ratio(top: Mapping[str, Any], bottom: Mapping[str, Any]) -> Row:
    """ρ of two brackets; an open end is None."""
    low = top["low"] / bottom["high"] if top.get("low") and bottom.get("high") else None
    high = top["high"] / bottom["low"] if top.get("high") and bottom.get("low") else None
    value = math.sqrt(low * high) if low and high else None
    ends = {(False, False): "both", (True, False): "above", (False, True): "below", (True, True): None}
    return {"value": value, "low": low, "high": high, "censored": ends[bool(low), bool(high)], "text": "ρ"}


def _bracket(study: Study, ladder: Ladder, variant: str) -> Row:
    low, high = _reach(study, ladder, variant)
    levels = ladder.levels
    return {
        "low": None if low is None else float(levels[low]),
        "high": None if high is None else float(levels[high]),
        "censored": None,
    }


def _reach(study: Study, ladder: Ladder, variant: str) -> tuple[int | None, int | None]:
    """Places of the bracket's ends on this ladder."""
    top = len(ladder.levels) - 1
    chosen = study.variants[variant]
    low, high = REACHES["with" if chosen.arm == "with" else chosen.role]
    if TOP - 1 in (low, high) or TOP in (low, high):
        low, high = (None if end is None else top - (TOP - end) for end in (low, high))
    return None if low is None else min(low, top), None if high is None or high > top else high


def _places(ladder: Ladder) -> list[tuple[int, float]]:
    return list(enumerate(ladder.levels))


def _solved(study: Study, ladder: Ladder, variant: str, place: int) -> int:
    low, high = _reach(study, ladder, variant)
    if low is not None and place <= low:
        return 10
    return 0 if high is not None and place >= high else 6


def _criterion(ladder: Ladder) -> Row:
    assert ladder.solved is not None
    value = 1.16 if ladder.solved.op.startswith("<") else 0.98
    return {"metric": ladder.solved.metric, "op": ladder.solved.op, "value": value}


def _level(study: Study, ladder: Ladder, variant: str, place: int) -> Row:
    solved = _solved(study, ladder, variant, place)
    lower = ladder.solved is not None and ladder.solved.op.startswith("<")
    best, worst = (0.02 * (1 + place), CAP) if lower else (0.998, 0.6)
    mean = best + (worst - best) * (1 - solved / 10)
    return {
        "ladder": ladder.name,
        "variant": variant,
        "level": ladder.levels[place],
        "cell": ladder.cell(ladder.levels[place]),
        "n": 10,
        "solved": solved,
        "share": solved / 10,
        "low": {0: 0.0, 6: 0.313, 10: 0.722}[solved],
        "high": {0: 0.278, 6: 0.832, 10: 1.0}[solved],
        "states": {"finished": 10} if solved else {"diverged": 3, "finished": 7},
        "rate": 0.1,
        "edge": False,
        "metric": _criterion(ladder)["metric"],
        "mean": mean,
        "mean_low": mean * 0.93,
        "mean_high": mean * 1.07,
    }


def _depth(study: Study, cell: str) -> int:
    """Place of a cell on the main ladder; 0 for the base and for cells of other ladders."""
    rungs = [name for _, name in _main(study).rungs]
    return rungs.index(cell) if cell in rungs else 0


def _main(study: Study) -> Ladder:
    return next(ladder for ladder in study.ladders.values() if ladder.measure == "threshold")


def _end(study: Study, variant: str, cell: str) -> float:
    """The made-up loss at which a variant's training ends in a cell."""
    place = _depth(study, cell)
    return 0.02 + (1 - _solved(study, _main(study), variant, place) / 10) * (CAP - 0.02)


def _curve(study: Study, variant: str, cell: str) -> list[Row]:
    steps = [20 * k for k in range(11)]
    end = _end(study, variant, cell)
    rows = []
    for metric, add in (("train_loss", 0.0), ("val_loss", 0.15)):
        for step in steps:
            mean = end + add + (CAP - end - add) * math.exp(-step / 60)
            row = {"variant": variant, "cell": cell, "metric": metric, "step": step, "n": 10, "mean": mean}
            rows.append(row | {"low": mean * 0.95, "high": mean * 1.05})
    return rows


def _mechanism(study: Study, variant: str, cell: str) -> list[Row]:
    same = {"average": "geometric", "variant": variant, "cell": cell, "n": 10}
    if study.name == "forget_gate":
        mean = 1940.0 if study.variants[variant].settings[study.ablate] == "open" else 13.3
        return [same | {"name": "largest_cell_state", "x": None, "mean": mean, "low": mean * 0.9, "high": mean * 1.1}]
    slope = 3 * _end(study, variant, cell) * (1 + _depth(study, cell) / 4)
    rows = []
    for k in range(9):
        mean = math.exp(-slope * (1 - k / 8)) * 0.2
        rows.append(same | {"name": "gradient_norm", "x": k / 8, "mean": mean, "low": mean * 0.8, "high": mean * 1.25})
    return rows


def _meters(variant: str, cell: str) -> Row:
    trainable = 447 if variant == "without" else 575
    return {
        "variant": variant,
        "cell": cell,
        "parameters": 575,
        "trainable": trainable,
        "flops_per_step": 921600,
        "steps": 200,
    }


def _ledger(study: Study, variant: str, cell: str) -> list[Row]:
    grid, rules = study.tune.grids[variant], _rules(study, cell)
    best = len(grid) // 2
    rows = []
    for k, rate in enumerate(grid):
        diverged = 3 if k == len(grid) - 1 else 0
        score = rules["cap"] if diverged else 0.1 + 0.2 * abs(k - best) + min(rules["cap"], 0) * 2
        score = 90.0 + 30 * abs(k - best) if study.targets_from(cell) else score
        row = {"cell": cell, "variant": variant, "rate": rate, "n": 3, "diverged": diverged, "chosen": k == best}
        rows.append(row | {"seed_mean": score, "se": 0.0 if diverged else 0.0058})
    return rows


def _tuning(study: Study) -> Row:
    return {"trials": 45, "seeds": list(study.seeds["tuning"]), "chosen": dict.fromkeys(study.tune.cells, 0.03)}


def _rules(study: Study, cell: str) -> Row:
    criterion, timed = study.score.criterion, bool(study.targets_from(cell))
    higher = criterion.op.startswith(">")
    names = study.variants_of(cell)
    never = dict.fromkeys(names, False)
    return {
        "metric": "steps to target" if timed else criterion.metric,
        "goal": "max" if higher and not timed else "min",
        "cap": 800.0 if timed else -0.5 if higher else CAP,
        "common": 0.03,
        "chosen": dict.fromkeys(names, 0.03),
        "departed": never | {"without": True},
        "capped": never,
        "edge": never,
        "extensions": {"down": 1, "up": 0},
    }


def _survival(study: Study, ladder: Ladder) -> list[Row]:
    rows = []
    for variant in study.variants:
        at_risk = 10
        for place, level in _places(ladder):
            solved = _solved(study, ladder, variant, place)
            low, high = {0: (0.0, 0.278), 6: (0.313, 0.832), 10: (0.722, 1.0)}[solved]
            row = {"ladder": ladder.name, "variant": variant, "level": level, "at_risk": at_risk}
            rows.append(row | {"surviving": solved / 10, "low": low, "high": high})
            at_risk = solved
    return rows


def variant(name: str, role: str) -> str:
    """The first variant of a study that has a role."""
    return next(v.name for v in study(name).variants.values() if v.role == role)
