"""When a curve first falls to a target: the time that a training needs, read between two evaluations."""

import math
from collections.abc import Sequence


def crossing(steps: Sequence[float], losses: Sequence[float], target: float, start: float) -> float | None:
    """The step at which losses first fall to `target`, linear in (step, log loss); None where they never do.

    steps, losses: the evaluations, ascending in step. start: the loss ahead of the first step, where the curve
    begins: what a predictor that ignores its input scores. Raises ValueError for losses that have no logarithm.
    """
    if not all(loss > 0 for loss in (*losses, target, start)):
        raise ValueError(f"losses must be positive numbers, found {[*losses, target, start]}")
    before, height = 0.0, start
    for step, loss in zip(steps, losses, strict=True):
        if loss <= target:
            share = 1.0 if height <= target else math.log(height / target) / math.log(height / loss)
            return before + share * (step - before)
        before, height = step, loss
    return None


def height(steps: Sequence[float], losses: Sequence[float], at: float, start: float) -> float:
    """The loss at step `at` of a curve that begins at `start`, read the same way; the last one beyond its end."""
    before, above = 0.0, start
    for step, loss in zip(steps, losses, strict=True):
        if at <= step:
            return above * (loss / above) ** ((at - before) / (step - before))
        before, above = step, loss
    return above
