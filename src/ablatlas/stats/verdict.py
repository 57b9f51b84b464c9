"""The words in which a measurement ends."""

from collections.abc import Sequence
from typing import Literal

from ablatlas.stats.ratio import Ratio

VERSION = 2

Word = Literal["RELAXED", "TIGHTENED", "UNCHANGED", "INCONCLUSIVE"]
Claimed = bool | Literal["implied"]

# Measures whose RELAXED speaks for one constraint alone. A ratio along a resource is only an exchange rate: it needs a
# gap that this resource closes. A time to target speaks where it is what the study registered.
SPECIFIC = frozenset({"threshold", "edges", "frontier", "flops_per_step", "flop_rate", "power"})
REGISTERED = frozenset({"time_to_target"})


def decide(side: Word, p: float | None, p_unchanged: float | None, alpha: float = 0.05) -> Word:
    """The verdict of one contrast.

    side: RELAXED or TIGHTENED, whichever the data favour. p, p_unchanged: the p values of a change and of
    equivalence, already adjusted where their family asks for it; None where nothing could be tested.
    """
    if p is not None and p <= alpha:
        return side
    if p_unchanged is not None and p_unchanged <= alpha:
        return "UNCHANGED"
    return "INCONCLUSIVE"


def exact(ratio: Ratio, delta: float) -> Word:
    """The verdict of a ratio without noise, by its value. Raises ValueError where it has none."""
    if ratio.value is None:
        raise ValueError("an exact ratio must have a value")
    if ratio.value > delta:
        return "RELAXED"
    return "TIGHTENED" if ratio.value < 1 / delta else "UNCHANGED"


def claimed(constraint: str, named: Sequence[str], implied: Sequence[str]) -> Claimed:
    """Whether the essays tie the technique to `constraint` (True, False), or only suggest it ("implied")."""
    if constraint in named:
        return True
    return "implied" if constraint in implied else False


def supported(word: Word, measure: str, label: str | None, shared: bool | None, registered: bool) -> bool:
    """Whether a verdict on a claimed constraint supports the claim.

    label, shared: of the closure along a resource ladder. registered: the measure is the constraint's primary one.
    """
    if word != "RELAXED":
        return False
    specific = measure in SPECIFIC or (measure in REGISTERED and registered)
    return specific or (label == "closing" and not shared)
