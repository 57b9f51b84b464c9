"""A/A: how often is an arm found to differ from itself?"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

VERSION = 1

LEVEL = 0.05  # what the intervals promise, and the verdicts keep to
MOST = 0.09  # largest share of intervals that may exclude 1
Row = dict[str, Any]


def excludes_one(draw: Row) -> bool:
    """Whether a draw's 95 % interval leaves out the truth."""
    low, high = draw["low"], draw["high"]
    return (low is not None and low > 1) or (high is not None and high < 1)


def check(draws: Sequence[Row]) -> Row:
    """Both shares with their Clopper-Pearson intervals, and whether they are what chance allows.

    `rejects` is the true rate above which so many draws fail in at least nine of ten times.
    """
    n = len(draws)
    excluding = share(sum(map(excludes_one, draws)), n)
    verdicts = share(sum(draw["verdict"] in ("RELAXED", "TIGHTENED") for draw in draws), n)
    within = excluding["low"] <= LEVEL and verdicts["low"] <= LEVEL and excluding["share"] <= MOST
    return {
        "draws": n,
        "excluding_one": excluding["share"],
        "excluding_one_low": excluding["low"],
        "excluding_one_high": excluding["high"],
        "false_verdicts": verdicts["share"],
        "false_verdicts_low": verdicts["low"],
        "false_verdicts_high": verdicts["high"],
        "two_sided": sum(draw["low"] is not None and draw["high"] is not None for draw in draws),
        "intervals": [{key: draw[key] for key in ("value", "low", "high", "verdict")} for draw in draws],
        "verdicts": dict(Counter(draw["verdict"] for draw in draws)),
        "reasons": dict(Counter(draw["reason"] for draw in draws if draw["reason"])),
        "rejects": rejected(n),
        "passed": within,
    }


def share(count: int, n: int) -> Row:
    """A share with its Clopper-Pearson interval at 95 %."""
    low, high = proportion_confint(count, n, method="beta")
    return {"share": count / n, "low": float(low), "high": float(high)}


def rejected(n: int, power: float = 0.9) -> float | None:
    """The smallest true rate, in per cent steps, at which `n` draws fail the check of the intervals with this power."""
    fails = [k for k in range(n + 1) if k / n > MOST or share(k, n)["low"] > LEVEL]
    rates = (rate / 100 for rate in range(1, 100))
    return next((rate for rate in rates if fails and binom.sf(fails[0] - 1, n, rate) >= power), None)
