"""What the compute frontier is asked: how many times more operations the denominator needs, at its own best width."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ablatlas.stats.contrasts import Contrast, family, primary
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.frontier import Envelope, Trained, budgets, envelope
from ablatlas.stats.needs import Undecided
from ablatlas.stats.question import Question, Row
from ablatlas.stats.resource import Resource
from ablatlas.stats.summary import t_interval
from ablatlas.stats.threshold import ALPHA
from ablatlas.study import Ladder

VERSION = 1

MEASURE = "frontier"
LOSS = "val_loss"


def ask(evidence: Evidence) -> list[Question]:
    """A question for every contrast on every frontier."""
    return [
        _question(evidence, ladder, over, contrast)
        for ladder, over in _ladders(evidence)
        for contrast in evidence.contrasts(over)
    ]


def envelopes(evidence: Evidence) -> list[Row]:
    """Each arm's frontier: the loss that it buys at every budget, and the width that does."""
    rows = []
    for ladder, over in _ladders(evidence):
        arms = {variant: trained(evidence, over, variant) for variant in over.variants}
        levels = budgets(arms)
        for variant, widths in arms.items():
            if len(levels) > 1:
                rows += _rows(ladder, variant, envelope(widths, levels))
    return rows


def _rows(ladder: Ladder, variant: str, found: Envelope) -> list[Row]:
    return [
        {
            "ladder": ladder.name,
            "variant": variant,
            "flops": flops,
            "level": width,
            **{{"mean": "loss"}.get(key, key): value for key, value in t_interval(losses).items()},
        }
        for flops, width, losses in zip(found.curve.levels, found.widths, found.curve.losses, strict=True)
    ]


def _ladders(evidence: Evidence) -> list[tuple[Ladder, Ladder]]:
    """The frontiers, each with the ladder that it reads."""
    ladders = evidence.study.ladders
    return [(one, ladders[one.over]) for one in ladders.values() if one.measure == MEASURE and one.over]


def trained(evidence: Evidence, over: Ladder, variant: str) -> list[Trained]:
    """A variant's curves at every rung that was tuned: elsewhere there is nothing to choose a width by."""
    tuned = [(level, cell) for level, cell in over.rungs if cell in evidence.ledgers]
    seeds = evidence.study.seeds
    found = []
    for level, cell in tuned:
        rate = evidence.ledgers[cell]["chosen"][variant]
        tuning = evidence.confirmation.tuning
        tried = _curves(tuning[tuning["rate"] == rate], variant, cell, seeds["tuning"])
        confirmed = _curves(evidence.confirmation.curves, variant, cell, seeds["confirmation"])
        flops = tried.index.union(confirmed.index)  # where all runs of one of the two have stopped, the others go on
        losses = [evidence.cap.fill(one.reindex(flops)).to_numpy(float).T for one in (tried, confirmed)]
        found.append(Trained(float(level), np.asarray(flops, float), *losses))
    return found


def _curves(curves: pd.DataFrame, variant: str, cell: str, seeds: tuple[int, ...]) -> pd.DataFrame:
    """Losses by operations and seed; none where a run had stopped."""
    part = curves[(curves["arm"] == variant) & (curves["cell"] == cell)]
    values = part.assign(**{LOSS: pd.to_numeric(part[LOSS]).astype(float)})
    wide = values.pivot(index="flops", columns="seed", values=LOSS).sort_index()  # noqa: PD010 # refuses doubles
    return wide.reindex(columns=list(seeds))


def _question(evidence: Evidence, ladder: Ladder, over: Ladder, contrast: Contrast) -> Question:
    study = evidence.study
    arms = {side: trained(evidence, over, side) for side in (contrast.numerator, contrast.denominator)}
    levels, compared, blocked = budgets(arms), None, None
    if len(levels) > 1:
        curves = [envelope(arms[side], levels).curve for side in (contrast.numerator, contrast.denominator)]
        # The middle budget, so that there is as much room above as below.
        compared = Resource(curves[0], curves[1], levels[len(levels) // 2], float(study.register["delta"]))
        blocked = compared.undecided(1, ALPHA) if compared.reason else None
    else:
        blocked = Undecided("ladder too coarse", None, f"budgets that both arms can spend, along {over.name}")
    return Question(
        contrast=contrast,
        constraint=ladder.constraint,
        measure=MEASURE,
        compared=compared,
        undecided=compared.undecided if compared else None,
        details=lambda size, level: {"flat_p": compared.flat_p if compared else None},
        ladder=ladder.name,
        reference=compared.reference if compared else None,
        primary=primary(study, ladder.name),
        family=family(study, contrast, ladder.name),
        blocked=blocked,
        runs=evidence.keys((cell for _, cell in over.rungs), contrast),
    )
