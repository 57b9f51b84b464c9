"""What ladders of time are asked: how many times more steps the denominator takes to the numerator's loss."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from ablatlas.crossing import crossing
from ablatlas.stats.checks import MeasureError
from ablatlas.stats.contrasts import Contrast, family, primary
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.needs import Undecided
from ablatlas.stats.question import Question, Row, ratio_row
from ablatlas.stats.survival import kaplan_meier, log_rank
from ablatlas.stats.target import Arrivals, Comparison
from ablatlas.stats.threshold import ALPHA
from ablatlas.study import Ladder

VERSION = 1

MEASURE = "time_to_target"
PRIMARY = "0.5"  # the fraction of the budget whose loss is the target that decides
LOSS = "val_loss"
PLACES = 40  # steps at which a survival curve is read


def ladders(evidence: Evidence) -> list[Ladder]:
    """The study's ladders of time."""
    return [ladder for ladder in evidence.study.ladders.values() if ladder.measure == MEASURE]


def ask(evidence: Evidence) -> list[Question]:
    """A question for every contrast on every ladder of time."""
    return [
        _question(evidence, ladder, contrast) for ladder in ladders(evidence) for contrast in evidence.contrasts(ladder)
    ]


def targets(evidence: Evidence, ladder: Ladder) -> dict[str, float]:
    """Fraction of the budget -> loss to be reached. Raises MeasureError where tuning has set none."""
    ledger = evidence.ledgers[limit_cell(ladder)]
    if not ledger.get("targets"):
        raise MeasureError(f"{ledger['file']}: the ledger holds no targets for {ladder.name}")
    return {fraction: float(loss) for fraction, loss in ledger["targets"].items()}


def limit_cell(ladder: Ladder) -> str:
    """The cell whose runs are followed up to the limit."""
    return ladder.cell(ladder.levels[-1])


def arrivals(evidence: Evidence, cell: str, limit: float, variant: str, target: float) -> Arrivals:
    """When each run of a variant in a cell reaches a target; losses are capped, and begin at the cap."""
    cap = evidence.cap.worst
    curves = evidence.confirmation.curves
    own = curves[(curves["arm"] == variant) & (curves["cell"] == cell)].sort_values("step", kind="stable")
    times = [_time(own[own["seed"] == seed], target, cap) for seed in evidence.study.seeds["confirmation"]]
    reached = np.array([time is not None for time in times])
    return Arrivals(np.array([limit if time is None else time for time in times], float), reached, limit)


def _time(curve: pd.DataFrame, target: float, cap: float) -> float | None:
    """The step at which a run reaches a target; None where it never does, or diverges, be it afterwards."""
    if (curve["state"] != "finished").any():
        return None
    losses = pd.to_numeric(curve[LOSS]).astype(float).clip(upper=cap)
    if losses.isna().any():
        arm, cell, seed = curve.iloc[0][["arm", "cell", "seed"]]
        raise MeasureError(f"{cell}: {LOSS} is not a number in a run that finished: {arm}, seed {seed}")
    return crossing(curve["step"].tolist(), losses.tolist(), target, cap)


def compare(evidence: Evidence, cell: str, limit: float, contrast: Contrast, target: float) -> Comparison:
    """A contrast on its way to one target, in a cell whose runs are followed up to a limit."""
    numerator, denominator = (
        arrivals(evidence, cell, limit, side, target) for side in (contrast.numerator, contrast.denominator)
    )
    return Comparison(numerator, denominator, float(evidence.study.register["delta"]))


def _question(evidence: Evidence, ladder: Ladder, contrast: Contrast) -> Question:
    study, cell = evidence.study, limit_cell(ladder)
    compared = compare(evidence, cell, ladder.levels[-1], contrast, targets(evidence, ladder)[PRIMARY])
    edge = any(evidence.ledgers[cell]["edge"].get(side) for side in (contrast.numerator, contrast.denominator))
    return Question(
        contrast=contrast,
        constraint=ladder.constraint,
        measure=MEASURE,
        compared=compared,
        undecided=compared.undecided,
        details=lambda size, level: {"fractions": _fractions(evidence, ladder, contrast)},
        ladder=ladder.name,
        reference=ladder.reference,
        primary=primary(study, ladder.name),
        family=family(study, contrast, ladder.name),
        blocked=Undecided("edge", None, f"a wider rate grid at {cell}") if edge else None,
        runs=evidence.keys([cell], contrast),
    )


def _fractions(evidence: Evidence, ladder: Ladder, contrast: Contrast) -> list[Row]:
    """The same contrast at every target: printed, the verdict rests on one."""
    rows = []
    for fraction, target in targets(evidence, ladder).items():
        compared = compare(evidence, limit_cell(ladder), ladder.levels[-1], contrast, target)
        arms = {contrast.numerator: compared.numerator, contrast.denominator: compared.denominator}
        test = log_rank(compared.numerator.failures, compared.denominator.failures)
        rows.append(
            {
                "q": float(fraction),
                "target": target,
                **ratio_row(compared.ratio(ALPHA)),
                "p": compared.p,
                "reached": {name: int(arm.reached.sum()) for name, arm in arms.items()},
                "log_rank": asdict(test) if test else None,
            }
        )
    return rows


def survival(evidence: Evidence) -> list[Row]:
    """Kaplan-Meier curves: the share of runs that have not reached each target yet, over steps."""
    rows = []
    for ladder in ladders(evidence):
        steps = np.linspace(0, ladder.levels[-1], PLACES + 1)[1:].tolist()
        for variant in ladder.variants:
            for fraction, target in targets(evidence, ladder).items():
                waiting = arrivals(evidence, limit_cell(ladder), ladder.levels[-1], variant, target).failures
                for row in kaplan_meier(waiting, steps):
                    rows.append({"ladder": ladder.name, "variant": variant, "q": float(fraction), **asdict(row)})
    return rows
