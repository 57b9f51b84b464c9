"""The words in which a measurement ends."""

from collections.abc import Sequence
from typing import Literal

VERSION = 1

Word = Literal["RELAXED", "TIGHTENED", "UNCHANGED", "INCONCLUSIVE"]
Claimed = bool | Literal["implied"]

# Measures whose RELAXED speaks for one constraint alone; a ratio along a resource is only an exchange rate.
SPECIFIC = frozenset({"threshold"})


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


def claimed(constraint: str, named: Sequence[str], implied: Sequence[str]) -> Claimed:
    """Whether the essays tie the technique to `constraint` (True, False), or only suggest it ("implied")."""
    if constraint in named:
        return True
    return "implied" if constraint in implied else False


def supported(word: Word, measure: str) -> bool:
    """Whether a verdict on a claimed constraint supports the claim."""
    return word == "RELAXED" and measure in SPECIFIC
