"""Families of hypotheses for Holm's procedure, fixed by the study's file before any run."""

from ablatlas.declaration.arms import Variant
from ablatlas.declaration.ladders import COST, Ladder
from ablatlas.tree import Tree

NET = 2  # net terms of a clock that have noise: the rate of operations and the power


def families(primary: Tree, ladders: dict[str, Ladder], variants: dict[str, Variant], timed: bool) -> dict[str, int]:
    """Family -> number of its hypotheses.

    `primary` holds the gate where a resource is climbed, each registered ladder, and each net term that is not exact,
    which a ladder of costs only follows; `strong` the strong arms on the registered ladders that train them. What a
    scale cannot test still counts.
    """
    climbed = [ladders[name] for name in primary.values() if name in ladders]
    gate = any(ladder.measure == "resource" for ladder in ladders.values())
    terms = [ladder for ladder in climbed if ladder.measure == COST]
    strong = {name for name, variant in variants.items() if variant.role == "strong"}
    return {
        "primary": int(gate) + len(primary) - len(terms) + (NET if timed else 0),
        "strong": sum(len(strong.intersection(ladder.variants)) for ladder in climbed),
    }
